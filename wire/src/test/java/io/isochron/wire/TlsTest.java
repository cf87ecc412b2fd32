package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** TLS against a real server, whose certificate is for {@code localhost} and comes from an authority made for this test. */
final class TlsTest {
    private static final String STORE_PASSWORD = "changeit";

    private static TestCluster cluster;
    private static Path rootCertificate;
    private static Path strangerCertificate;
    private static Path clientCertificate;
    private static Path clientKey;
    private static int opened;

    @BeforeAll
    static void start() throws Exception {
        cluster = TestCluster.start(1, 17);
        Path keys = Files.createDirectory(cluster.directory().resolve("keys"));
        rootCertificate = authority(keys, "root");
        strangerCertificate = authority(keys, "stranger");
        leaf(keys, "server", "CN=server", "san=dns:localhost");
        leaf(keys, "client", "CN=isochron", "ku=digitalSignature");
        clientCertificate = keys.resolve("client.crt");
        clientKey = keys.resolve("client.key");
        TestShard shard = cluster.shard(0);
        for (String file : List.of("server.crt", "server.key", "root.crt")) {
            Files.copy(keys.resolve(file), shard.dataDirectory().resolve(file));
        }
        Files.setPosixFilePermissions(
                shard.dataDirectory().resolve("server.key"), PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(clientKey, PosixFilePermissions.fromString("rw-------"));
        cluster.runAs().own(shard.dataDirectory());
        shard.set("ssl_ca_file", "root.crt");
        shard.set("ssl_cert_file", "server.crt");
        shard.set("ssl_key_file", "server.key");
        shard.set("ssl", "on");
        shard.restart();
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    private static Path authority(Path keys, String name) throws Exception {
        keytool(
                keys,
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "bc:c",
                "-validity",
                "2");
        return pem(keys, name);
    }

    private static void leaf(Path keys, String name, String subject, String extension) throws Exception {
        keytool(
                keys,
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
                "-dname",
                subject,
                "-signer",
                "root",
                "-ext",
                extension,
                "-validity",
                "2");
        pem(keys, name);
    }

    private static void keytool(Path keys, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", keys.resolve("store.p12").toString(), "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", STORE_PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
    }

    /** Writes {@code name.crt} and {@code name.key}; gives the first. */
    private static Path pem(Path keys, String name) throws Exception {
        KeyStore store = KeyStore.getInstance(keys.resolve("store.p12").toFile(), STORE_PASSWORD.toCharArray());
        Certificate certificate = store.getCertificate(name);
        Key key = store.getKey(name, STORE_PASSWORD.toCharArray());
        Files.writeString(keys.resolve(name + ".key"), pem("PRIVATE KEY", key.getEncoded()));
        return Files.writeString(keys.resolve(name + ".crt"), pem("CERTIFICATE", certificate.getEncoded()));
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    private static ReplicationConnection open(String host, String options) throws IOException {
        TestShard shard = cluster.shard(0);
        String text = "host=" + host + " port=" + shard.port() + " user=isochron password=" + shard.password()
                + " application_name=tls" + ++opened + " " + options;
        Map<String, String> environment =
                Map.of("HOME", cluster.directory().resolve("nobody").toString());
        return ReplicationConnection.open(ConnectionSettings.parse(text, environment));
    }

    /** Of the connection opened last: the server's end of one that was closed may not be gone yet. */
    private static boolean encrypted() throws Exception {
        return cluster.shard(0)
                .query("select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'tls"
                        + opened + "'")
                .equals("t");
    }

    @Test
    void verifyFullAcceptsTheRightNameAndBindsTheLoginToTheChannel() throws Exception {
        try (var connection =
                open("localhost", "sslmode=verify-full sslrootcert=" + rootCertificate + " channel_binding=require")) {
            assertThat(connection.identifySystem().timeline()).isEqualTo(1);
            assertThat(connection.channelBound()).isTrue();
            assertThat(encrypted()).isTrue();
        }
    }

    @Test
    void verifyFullRefusesAnotherNameWhichVerifyCaAccepts() throws Exception {
        assertThatThrownBy(() -> open("127.0.0.1", "sslmode=verify-full sslrootcert=" + rootCertificate))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("127.0.0.1:" + cluster.shard(0).port())
                .hasMessageContaining("TLS failed");
        try (var connection = open("127.0.0.1", "sslmode=verify-ca sslrootcert=" + rootCertificate)) {
            assertThat(connection.identifySystem().timeline()).isEqualTo(1);
        }
    }

    @Test
    void aStrangeAuthorityIsRefusedWhichRequireAccepts() throws Exception {
        for (String mode : List.of("verify-ca", "verify-full")) {
            assertThatThrownBy(() -> open("localhost", "sslmode=" + mode + " sslrootcert=" + strangerCertificate))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("TLS failed");
        }
        assertThatThrownBy(() -> open("localhost", "sslmode=verify-full"))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("root.crt\" does not exist");
        try (var connection = open("localhost", "sslmode=require")) {
            assertThat(encrypted()).isTrue();
        }
    }

    @Test
    void preferEncryptsAndDisableDoesNot() throws Exception {
        try (var connection = open("localhost", "")) {
            assertThat(connection.channelBound()).isTrue();
            assertThat(encrypted()).isTrue();
        }
        try (var connection = open("localhost", "sslmode=disable")) {
            assertThat(connection.channelBound()).isFalse();
            assertThat(encrypted()).isFalse();
        }
        assertThatThrownBy(() -> open("localhost", "sslmode=disable channel_binding=require"))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("channel binding is required");
        try (var connection = open("localhost", "channel_binding=disable")) {
            assertThat(connection.channelBound()).isFalse();
        }
    }

    @Test
    void tlsMayBeginWithoutAsking() throws Exception {
        try (var connection =
                open("localhost", "sslmode=verify-full sslnegotiation=direct sslrootcert=" + rootCertificate)) {
            assertThat(connection.channelBound()).isTrue();
        }
    }

    @Test
    void aWrongPasswordIsToldOverTlsToo() {
        assertThatExceptionOfType(PostgresException.class)
                .isThrownBy(() -> open("localhost", "password=wrong"))
                .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.INVALID_PASSWORD));
    }

    @Test
    void aKeyThatOthersCanReadIsRefused() throws Exception {
        Path open = Files.copy(clientKey, cluster.directory().resolve("keys/open.key"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() ->
                        open("localhost", "sslcert=" + clientCertificate + " sslkey=" + open + " sslmode=require"))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("open.key\" has group or world access");
        try (var connection =
                open("localhost", "sslcert=" + clientCertificate + " sslkey=" + clientKey + " sslmode=require")) {
            assertThat(cluster.shard(0).query("select client_dn from pg_stat_ssl where client_dn is not null"))
                    .isEqualTo("/CN=isochron");
            assertThat(connection.channelBound()).isTrue();
        }
    }

    @Test
    void muchWalComesThroughTlsWhileStatusIsSentFromAnotherThread() throws Exception {
        TestShard shard = cluster.shard(0);
        var start = io.isochron.wal.Lsn.parse(shard.query("select pg_current_wal_flush_lsn()"));
        shard.execute("create table much as select repeat('x', 500) || i t from generate_series(1, 30000) i");
        var end = io.isochron.wal.Lsn.parse(shard.query("select pg_current_wal_flush_lsn()"));
        try (var connection = open("localhost", "sslmode=require");
                WalStream stream = connection.startPhysical(null, start, 1)) {
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 200; i++) {
                        stream.sendStatus(start, start, start, true);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            var at = start;
            int keepalives = 0;
            while (at.isBefore(end) || keepalives < 200) {
                switch (stream.receive(Duration.ofSeconds(120))) {
                    case WalMessage.WalData data -> {
                        assertThat(data.start()).isEqualTo(at);
                        at = data.end();
                    }
                    case WalMessage.Keepalive keepalive -> keepalives++;
                    case WalMessage.TimelineEnd over -> throw new AssertionError(over);
                    case null -> throw new AssertionError("nothing came");
                }
            }
            sender.join();
        }
    }
}
