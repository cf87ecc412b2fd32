package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {17, 18})
final class ReplicationConnectionTest {
    private static TestCluster cluster;
    private final int major;

    ReplicationConnectionTest(int major) {
        this.major = major;
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) throws IOException {
        cluster = TestCluster.start(1, major);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        cluster.close();
    }

    private static TestShard shard() {
        return cluster.shard(0);
    }

    private static ConnectionSettings settings() {
        return ConnectionSettings.parse(shard().connectionString(), Map.of());
    }

    @Test
    void logsInByScramAndIdentifiesTheSystem() throws Exception {
        try (ReplicationConnection connection = ReplicationConnection.open(settings())) {
            SystemIdentity identity = connection.identifySystem();
            assertThat(identity.systemIdentifier())
                    .isEqualTo(shard().query("select system_identifier from pg_control_system()"));
            assertThat(identity.timeline()).isEqualTo(1);
            assertThat(identity.database()).isNull();
            assertThat(connection.serverVersionNum() / 10_000).isEqualTo(major);
            assertThat(connection.show("wal_segment_size")).isEqualTo("16MB");
        }
    }

    @Test
    void logsInThroughTheUnixSocketUnderItsApplicationName() throws Exception {
        ConnectionSettings settings = ConnectionSettings.parse(shard().socketConnectionString(), Map.of())
                .withApplicationName("by socket");
        try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
            assertThat(connection.identifySystem().timeline()).isEqualTo(1);
            assertThat(shard().query("select usename from pg_stat_activity where application_name = 'by socket'"))
                    .isEqualTo("isochron");
        }
    }

    @Test
    void aWrongPasswordIsToldWithServerAndUser() {
        assertThatExceptionOfType(PostgresException.class)
                .isThrownBy(() -> ReplicationConnection.open(settings().withPassword("not the password")))
                .satisfies(e -> {
                    assertThat(e.sqlState()).isEqualTo(PostgresException.INVALID_PASSWORD);
                    assertThat(e)
                            .hasMessageContaining("127.0.0.1:" + shard().port())
                            .hasMessageContaining("\"isochron\"")
                            .hasMessageContaining("\nhint: ")
                            .hasMessageNotContaining("not the password");
                });
    }

    @Test
    void aMissingPasswordIsToldBeforeAnythingIsSent() {
        ConnectionSettings settings = ConnectionSettings.parse(
                "host=127.0.0.1 port=" + shard().port() + " user=isochron passfile=/nonexistent", Map.of());
        assertThatThrownBy(() -> ReplicationConnection.open(settings))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("asks for a password and none is known");
    }

    @Test
    void passwordsByMd5AndInClearTextWorkOnTheLoopbackInterface() throws Exception {
        shard().execute("set password_encryption = 'md5'; create role old_style login replication password 'o l:d'");
        String hba = shard().query("show hba_file");
        String before = java.nio.file.Files.readString(java.nio.file.Path.of(hba));
        java.nio.file.Files.writeString(
                java.nio.file.Path.of(hba),
                "host replication old_style 127.0.0.1/32 md5\nhost replication isochron 127.0.0.1/32 password\n"
                        + before);
        shard().query("select pg_reload_conf()");
        try {
            try (var connection =
                    ReplicationConnection.open(settings().withUser("old_style").withPassword("o l:d"))) {
                assertThat(connection.identifySystem().timeline()).isEqualTo(1);
            }
            try (var connection = ReplicationConnection.open(settings())) {
                assertThat(connection.identifySystem().timeline()).isEqualTo(1);
            }
            ConnectionSettings scramOnly =
                    ConnectionSettings.parse(shard().connectionString() + " require_auth=scram-sha-256", Map.of());
            assertThatThrownBy(() -> ReplicationConnection.open(scramOnly))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("require")
                    .hasMessageContaining("'password'");
        } finally {
            java.nio.file.Files.writeString(java.nio.file.Path.of(hba), before);
            shard().query("select pg_reload_conf()");
        }
    }

    @Test
    void slotsAreCreatedReadAndDropped() throws Exception {
        try (ReplicationConnection connection = ReplicationConnection.open(settings())) {
            assertThat(connection.readSlot("nothing")).isEmpty();
            SlotState reserved = connection.createPhysicalSlot("reserved", true);
            assertThat(reserved.restartLsn()).isNotNull();
            assertThat(reserved.restartTimeline()).isEqualTo(1);
            assertThat(connection.createPhysicalSlot("empty", false).restartLsn())
                    .isNull();
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.createPhysicalSlot("empty", false))
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.DUPLICATE_OBJECT));
            assertThat(connection.readSlot("reserved")).isEqualTo(Optional.of(reserved));
            connection.dropSlot("reserved");
            connection.dropSlot("empty");
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.dropSlot("empty"))
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.UNDEFINED_OBJECT));
            assertThat(connection.readSlot("reserved")).isEmpty();
        }
    }

    @Test
    void aUserWithoutTheReplicationRightIsRefused() throws Exception {
        shard().execute("create role plain login password 'plain'");
        assertThatExceptionOfType(PostgresException.class)
                .isThrownBy(() ->
                        ReplicationConnection.open(settings().withUser("plain").withPassword("plain")))
                .withMessageContaining("\"plain\"");
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws Exception {
        try (Socket held = heldPort()) {
            int port = held.getLocalPort();
            assertThatThrownBy(() -> ReplicationConnection.open(settings().withHost("127.0.0.1", port)))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("127.0.0.1:" + port);
        }
        assertThatThrownBy(() -> ReplicationConnection.open(settings().withHost("/nonexistent", 1)))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("/nonexistent/.s.PGSQL.1");
    }

    /** A port on which nobody listens and that nobody else can be given meanwhile: it is bound, and connecting is refused. */
    private static Socket heldPort() throws IOException {
        Socket held = new Socket();
        held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return held;
    }

    @Test
    void ofSeveralHostsTheFirstThatAnswersIsTaken() throws Exception {
        try (Socket held = heldPort()) {
            int port = held.getLocalPort();
            String text = "host=127.0.0.1,localhost port=" + port + "," + shard().port() + " user=isochron password="
                    + shard().password();
            try (var connection = ReplicationConnection.open(ConnectionSettings.parse(text, Map.of()))) {
                assertThat(connection.identifySystem().timeline()).isEqualTo(1);
            }
            assertThatThrownBy(() -> ReplicationConnection.open(
                            ConnectionSettings.parse(text + " target_session_attrs=standby", Map.of())))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("127.0.0.1:" + port)
                    .hasMessageContaining("target_session_attrs=standby");
        }
    }

    @Test
    void aServerThatIsSilentOrNoPostgresqlIsAnError() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            ConnectionSettings settings = ConnectionSettings.parse(
                    "host=127.0.0.1 port=" + silent.getLocalPort() + " user=u connect_timeout=2", Map.of());
            assertThatThrownBy(() -> ReplicationConnection.open(settings))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("127.0.0.1:" + silent.getLocalPort());
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 3; i++) {
                    try (var socket = silent.accept()) {
                        socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n".getBytes());
                    } catch (IOException e) {
                        return;
                    }
                }
            });
            assertThatThrownBy(() -> ReplicationConnection.open(settings))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + silent.getLocalPort());
        }
    }

    @Test
    void jdbcReachesTheSameServerWithTheSameSettings() throws Exception {
        for (String text : new String[] {shard().connectionString(), shard().socketConnectionString()}) {
            ConnectionSettings settings = ConnectionSettings.parse(text, Map.of());
            try (Connection connection =
                            DriverManager.getConnection(settings.toJdbcUrl(), settings.toJdbcProperties());
                    var result = connection.createStatement().executeQuery("select current_user, current_database()")) {
                assertThat(result.next()).isTrue();
                assertThat(result.getString(1)).isEqualTo("isochron");
                assertThat(result.getString(2)).isEqualTo("postgres");
            }
        }
    }
}
