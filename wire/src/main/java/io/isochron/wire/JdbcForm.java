package io.isochron.wire;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;

/** The settings as pgjdbc wants them (its documentation, "Initializing the Driver"). */
final class JdbcForm {
    private static final String UNIX_SOCKET_FACTORY = "io.isochron.instance.UnixSocketFactory";

    private JdbcForm() {}

    private static List<Endpoint> places(ConnectionSettings settings) {
        List<Endpoint> all = settings.endpoints();
        return all.stream().anyMatch(Endpoint::isUnix) ? all.subList(0, 1) : all;
    }

    static String url(ConnectionSettings settings) {
        boolean verified =
                settings.sslMode().equals("verify-full"); // pgjdbc compares the certificate with the URL's host
        List<String> places = places(settings).stream()
                .map(e -> e.isUnix()
                        ? "localhost:" + e.port()
                        : new Endpoint(e.address() == null || verified ? e.host() : e.address(), null, e.port())
                                .toString())
                .toList();
        return "jdbc:postgresql://" + String.join(",", places) + "/"
                + URLEncoder.encode(settings.database(), StandardCharsets.UTF_8).replace("+", "%20");
    }

    static Properties properties(ConnectionSettings settings) {
        Properties properties = new Properties();
        Endpoint first = settings.endpoints().getFirst();
        properties.setProperty("user", settings.user());
        settings.password(first, settings.database()).ifPresent(p -> properties.setProperty("password", p));
        properties.setProperty("ApplicationName", settings.applicationName());
        properties.setProperty("gssEncMode", "disable");
        copy(settings, "options", properties, "options");
        copy(settings, "require_auth", properties, "requireAuth");
        copy(settings, "channel_binding", properties, "channelBinding");
        if (settings.seconds("connect_timeout") > 0) {
            properties.setProperty("connectTimeout", String.valueOf(Math.max(2, settings.seconds("connect_timeout"))));
        }
        properties.setProperty(
                "tcpKeepAlive", String.valueOf(settings.get("keepalives", "1").equals("1")));
        properties.setProperty("targetServerType", serverType(settings.get("target_session_attrs", "any")));
        properties.setProperty(
                "loadBalanceHosts",
                String.valueOf(settings.get("load_balance_hosts", "disable").equals("random")));
        if (first.isUnix()) {
            properties.setProperty("sslmode", "disable");
            properties.setProperty("socketFactory", UNIX_SOCKET_FACTORY);
            properties.setProperty("socketFactoryArg", first.socketPath());
        } else {
            tls(settings, properties);
        }
        return properties;
    }

    private static void tls(ConnectionSettings settings, Properties properties) {
        if (settings.get("ssl_min_protocol_version", "TLSv1.2").equals("TLSv1.3")) {
            throw new IllegalArgumentException("ssl_min_protocol_version 'TLSv1.3' cannot be kept by pgjdbc"
                    + "\nhint: Set jdk.tls.client.protocols for the whole program instead.");
        }
        properties.setProperty("sslmode", settings.sslMode());
        copy(settings, "sslnegotiation", properties, "sslNegotiation");
        if ("system".equals(settings.get("sslrootcert"))) {
            properties.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
        } else {
            settings.rootCertificate().ifPresent(file -> properties.setProperty("sslrootcert", file.toString()));
        }
        copy(settings, "sslcert", properties, "sslcert");
        copy(settings, "sslkey", properties, "sslkey");
        copy(settings, "sslpassword", properties, "sslpassword");
    }

    private static String serverType(String attributes) {
        return switch (attributes) {
            case "read-write", "primary" -> "primary";
            case "read-only", "standby" -> "secondary";
            case "prefer-standby" -> "preferSecondary";
            default -> "any";
        };
    }

    private static void copy(ConnectionSettings settings, String keyword, Properties properties, String property) {
        String value = settings.get(keyword);
        if (value != null) {
            properties.setProperty(property, value);
        }
    }
}
