package io.isochron.wire;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.StringPreparation;
import com.ongres.scram.common.exception.ScramException;
import com.ongres.scram.common.util.TlsServerEndpoint;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The dialogue from the startup packet to AuthenticationOk (documentation, chapters 53.2.1 and 53.3). */
final class Authenticator {
    private static final int OK = 0;
    private static final int CLEARTEXT = 3;
    private static final int MD5 = 5;
    private static final int SASL = 10;
    private static final int SASL_CONTINUE = 11;
    private static final int SASL_FINAL = 12;

    private final Backend backend;
    private final ConnectionSettings settings;
    private final Supplier<Optional<String>> password;
    private final @Nullable X509Certificate serverCertificate;
    private final boolean passwordMayTravel;
    private String method = "none";
    private boolean channelBound;
    private @Nullable ScramClient scram;
    private boolean serverVerified;

    /**
     * @param password asked only if the server wants one
     * @param serverCertificate what the server identified itself with; null without TLS
     * @param passwordMayTravel nobody else can listen: TLS, a Unix socket or the loopback interface
     */
    Authenticator(
            Backend backend,
            ConnectionSettings settings,
            Supplier<Optional<String>> password,
            @Nullable X509Certificate serverCertificate,
            boolean passwordMayTravel) {
        this.backend = backend;
        this.settings = settings;
        this.password = password;
        this.serverCertificate = serverCertificate;
        this.passwordMayTravel = passwordMayTravel;
    }

    /**
     * Handles one authentication message, the current one of the backend.
     *
     * @return true if it was the last
     */
    boolean handle() throws IOException {
        MessageChannel channel = backend.channel();
        if (channel.body().remaining() < 4) {
            throw backend.unexpected("which is too short");
        }
        int code = channel.body().getInt();
        switch (code) {
            case OK -> {
                if (scram != null && !serverVerified) {
                    throw refused("the server did not prove that it knows the password", "Is this the right server?");
                }
                checkMethod();
                return true;
            }
            case CLEARTEXT -> {
                begin("password");
                if (!passwordMayTravel) {
                    throw refused(
                            "the server asks for the password in clear text over an open network",
                            "Use scram-sha-256 in pg_hba.conf, or sslmode=require or better.");
                }
                channel.send(MessageBuilder.of('p').text(password()));
            }
            case MD5 -> {
                begin("md5");
                if (channel.body().remaining() < 4) {
                    throw backend.unexpected("without salt");
                }
                byte[] salt = new byte[4];
                channel.body().get(salt);
                channel.send(MessageBuilder.of('p').text(md5(settings.user(), password(), salt)));
            }
            case SASL -> {
                begin("scram-sha-256");
                scramFirst();
            }
            case SASL_CONTINUE -> scramFinal(rest());
            case SASL_FINAL -> scramVerify(rest());
            default ->
                throw refused(
                        "the server asks for authentication method " + code
                                + " (GSSAPI, SSPI or older), which is not supported",
                        "Use scram-sha-256 or a client certificate in pg_hba.conf.");
        }
        return false;
    }

    private String rest() throws IOException {
        return backend.channel().text(backend.channel().body().remaining());
    }

    /** Which method the server chose; refused at once if it is not allowed, before anything secret is sent. */
    private void begin(String chosen) throws IOException {
        method = chosen;
        if (settings.get("channel_binding", "prefer").equals("require") && !chosen.equals("scram-sha-256")) {
            throw channelBindingMissing();
        }
        checkMethod();
    }

    private void checkMethod() throws IOException {
        if (settings.get("channel_binding", "prefer").equals("require") && method.equals("none")) {
            throw channelBindingMissing();
        }
        String required = settings.get("require_auth");
        if (required == null) {
            return;
        }
        boolean listed = false;
        boolean negated = false;
        for (String item : required.split(",")) {
            String name = item.strip();
            negated |= name.startsWith("!");
            listed |= name.equals(method) || name.equals("!" + method);
        }
        if (listed == negated) {
            throw refused(
                    "authentication method requirement '" + required + "' failed: the server asked for '" + method
                            + "'",
                    "Change require_auth or the server's pg_hba.conf.");
        }
    }

    private ConnectException channelBindingMissing() {
        return refused(
                "channel binding is required, but the server did not offer an authentication method that supports it",
                "Use TLS with scram-sha-256, or channel_binding=prefer.");
    }

    private String password() throws ConnectException {
        return password.get()
                .orElseThrow(() -> refused(
                        "the server asks for a password and none is known",
                        "Give it by the password keyword, PGPASSWORD or a password file (~/.pgpass)."));
    }

    private void scramFirst() throws IOException {
        List<String> mechanisms = new ArrayList<>();
        while (true) {
            String mechanism = backend.channel().text();
            if (mechanism.isEmpty()) {
                break;
            }
            mechanisms.add(mechanism);
        }
        String binding = settings.get("channel_binding", "prefer");
        byte[] bindingData = new byte[0];
        if (binding.equals("disable")) {
            mechanisms.removeIf(m -> m.endsWith("-PLUS"));
        } else if (serverCertificate != null) {
            try {
                bindingData = TlsServerEndpoint.getChannelBindingData(serverCertificate);
            } catch (CertificateEncodingException e) {
                throw new IOException(backend.where() + ": the server's certificate cannot be encoded", e);
            }
        }
        if (mechanisms.stream().noneMatch(m -> m.startsWith("SCRAM-"))) {
            throw refused("none of the server's SASL mechanisms is supported: " + mechanisms, "Use scram-sha-256.");
        }
        try {
            var builder = ScramClient.builder()
                    .advertisedMechanisms(mechanisms)
                    .username("*") // PostgreSQL takes the user of the startup packet
                    .password(password().toCharArray())
                    .stringPreparation(StringPreparation.POSTGRESQL_PREPARATION);
            if (bindingData.length > 0) {
                builder = builder.channelBinding(TlsServerEndpoint.TLS_SERVER_END_POINT, bindingData);
            }
            ScramClient client = builder.build();
            scram = client;
            channelBound = client.getScramMechanism().isPlus();
            if (binding.equals("require") && !channelBound) {
                throw channelBindingMissing();
            }
            byte[] first = client.clientFirstMessage().toString().getBytes(StandardCharsets.UTF_8);
            backend.channel()
                    .send(MessageBuilder.of('p')
                            .text(client.getScramMechanism().getName())
                            .int32(first.length)
                            .bytes(first));
        } catch (IllegalArgumentException e) {
            throw refused(
                    "SCRAM cannot be used: " + e.getMessage(),
                    "Check the server's SASL mechanisms: " + mechanisms + ".");
        }
    }

    private void scramFinal(String serverFirst) throws IOException {
        ScramClient client = scram;
        if (client == null) {
            throw backend.unexpected("SASL continued before it began");
        }
        try {
            client.serverFirstMessage(serverFirst);
            backend.channel()
                    .send(MessageBuilder.of('p')
                            .bytes(client.clientFinalMessage().toString().getBytes(StandardCharsets.UTF_8)));
        } catch (ScramException | IllegalArgumentException e) {
            throw refused("the server's SCRAM message is wrong", "Is this really a PostgreSQL server?");
        }
    }

    private void scramVerify(String serverFinal) throws IOException {
        ScramClient client = scram;
        if (client == null) {
            throw backend.unexpected("SASL ended before it began");
        }
        try {
            client.serverFinalMessage(serverFinal);
            serverVerified = true;
        } catch (ScramException | IllegalStateException e) {
            throw refused("the server did not prove that it knows the password", "Is this the right server?");
        }
    }

    /** Whether SCRAM was bound to the TLS channel. */
    boolean channelBound() {
        return channelBound;
    }

    private ConnectException refused(String message, String hint) {
        return new ConnectException(backend.where() + ": " + message + "\nhint: " + hint);
    }

    /** {@code md5(md5(password + user) + salt)} in hexadecimal, with the prefix {@code md5}. */
    static String md5(String user, String password, byte[] salt) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            String inner = HexFormat.of().formatHex(digest.digest((password + user).getBytes(StandardCharsets.UTF_8)));
            digest.update(inner.getBytes(StandardCharsets.US_ASCII));
            return "md5" + HexFormat.of().formatHex(digest.digest(salt));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no MD5", e);
        }
    }
}
