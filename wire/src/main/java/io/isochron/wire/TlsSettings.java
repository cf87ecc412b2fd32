package io.isochron.wire;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** TLS as {@code sslmode} and its companions ask for it (documentation, chapter 32.19). */
final class TlsSettings {
    private static final List<String> PROTOCOLS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");

    private TlsSettings() {}

    static SSLEngine engine(ConnectionSettings settings, Endpoint endpoint) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(settings), trustManagers(settings), null);
            SSLEngine engine = context.createSSLEngine(endpoint.host(), endpoint.port());
            engine.setUseClientMode(true);
            engine.setSSLParameters(parameters(settings, endpoint, engine.getSSLParameters()));
            return engine;
        } catch (GeneralSecurityException e) {
            throw new SSLException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static SSLParameters parameters(ConnectionSettings settings, Endpoint endpoint, SSLParameters parameters) {
        int lowest = PROTOCOLS.indexOf(settings.get("ssl_min_protocol_version", "TLSv1.2"));
        int highest = PROTOCOLS.indexOf(settings.get("ssl_max_protocol_version", "TLSv1.3"));
        if (lowest > highest) {
            throw new IllegalArgumentException("invalid range of TLS versions '" + PROTOCOLS.get(lowest) + "' to '"
                    + PROTOCOLS.get(highest)
                    + "'\nhint: ssl_min_protocol_version must not be above ssl_max_protocol_version.");
        }
        parameters.setProtocols(PROTOCOLS.subList(lowest, highest + 1).toArray(String[]::new));
        parameters.setApplicationProtocols(new String[] {"postgresql"});
        if (settings.sslMode().equals("verify-full")) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        parameters.setServerNames(List.of());
        if (settings.get("sslsni", "1").equals("1") && !isAddress(endpoint.host())) {
            try {
                parameters.setServerNames(List.of(new SNIHostName(endpoint.host())));
            } catch (IllegalArgumentException e) {
                // A name that cannot be sent this way (an underscore, for instance): the server then picks by address.
                parameters.setServerNames(List.of());
            }
        }
        return parameters;
    }

    private static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
    }

    private static TrustManager[] trustManagers(ConnectionSettings settings)
            throws IOException, GeneralSecurityException {
        if (!settings.sslMode().startsWith("verify-")) {
            return new TrustManager[] {new TrustAnyone()};
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if ("system".equals(settings.get("sslrootcert"))) {
            factory.init((KeyStore) null);
            return factory.getTrustManagers();
        }
        Path revoked = settings.postgresDirectory("root.crl");
        if (Files.exists(revoked)) {
            throw new SSLException(
                    "certificate revocation list \"" + revoked
                            + "\" exists, and revocation lists are not supported\nhint: Use another home directory for this program.");
        }
        Path file = settings.rootCertificate()
                .orElseThrow(() -> new SSLException("root certificate file \""
                        + settings.get(
                                "sslrootcert",
                                settings.postgresDirectory("root.crt").toString())
                        + "\" does not exist\nhint: Provide the file, use the system's trusted roots with sslrootcert=system,"
                        + " or change sslmode to disable server certificate verification."));
        KeyStore roots = emptyStore();
        for (Certificate certificate : PemFiles.certificates(file)) {
            roots.setCertificateEntry("root-" + roots.size(), certificate);
        }
        if (roots.size() == 0) {
            throw new SSLException("root certificate file \"" + file
                    + "\" holds no certificate\nhint: It must hold certificates in PEM form.");
        }
        factory.init(roots);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keyManagers(ConnectionSettings settings)
            throws IOException, GeneralSecurityException {
        String named = settings.get("sslcert");
        Path file = named == null ? settings.postgresDirectory("postgresql.crt") : Path.of(named);
        if (settings.get("sslcertmode", "allow").equals("disable") || !Files.exists(file)) {
            return null;
        }
        String namedKey = settings.get("sslkey");
        Path keyFile = namedKey == null ? settings.postgresDirectory("postgresql.key") : Path.of(namedKey);
        if (!Files.exists(keyFile)) {
            throw new SSLException("certificate \"" + file + "\" is present, but private key file \"" + keyFile
                    + "\" is not\nhint: Set sslkey.");
        }
        List<Certificate> chain = new ArrayList<>(PemFiles.certificates(file));
        KeyStore keys = emptyStore();
        keys.setKeyEntry(
                "client",
                PemFiles.privateKey(keyFile, settings.get("sslpassword")),
                new char[0],
                chain.toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, new char[0]);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** For the modes that encrypt without knowing to whom: {@code allow}, {@code prefer}, {@code require}. */
    private static final class TrustAnyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
