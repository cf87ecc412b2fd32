package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.isochron.instance.PostgresInstance;
import io.isochron.instance.PostgresInstance.StopMode;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {17, 18})
final class WalFeedServerTest {
    private static final Duration LONG = Duration.ofSeconds(120);
    private static final String PASSWORD = "feed me ' well";

    private static TestCluster cluster;
    private static SystemIdentity identity;
    private static int versionNum;
    private final int major;

    WalFeedServerTest(int major) {
        this.major = major;
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) throws Exception {
        // without autovacuum, which writes WAL between a statement and the question for the position behind it:
        // a position within a record of its own is never replayed exactly
        cluster = TestCluster.start(1, major, ClusterOptions.defaults().with("autovacuum", "off"));
        try (ReplicationConnection connection = openShard()) {
            connection.createPhysicalSlot("keeps_wal", true);
            identity = connection.identifySystem();
            versionNum = connection.serverVersionNum();
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        cluster.close();
    }

    private static TestShard shard() {
        return cluster.shard(0);
    }

    private static ReplicationConnection openShard() throws IOException {
        return ReplicationConnection.open(ConnectionSettings.parse(shard().connectionString(), Map.of()));
    }

    private static Path pgWal() {
        return shard().dataDirectory().resolve("pg_wal");
    }

    private static DirectoryWalSource source(Lsn limit) {
        return new DirectoryWalSource(pgWal(), identity, versionNum, limit);
    }

    private static WalFeedServer onLoopback(WalFeedSource source, int port) throws IOException {
        return new WalFeedServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), source, PASSWORD);
    }

    private static int port(WalFeedServer server) {
        return ((InetSocketAddress) server.address()).getPort();
    }

    private static String conninfo(int port) {
        return "host=127.0.0.1 port=" + port + " user=feed password='" + PASSWORD.replace("'", "\\'") + "'";
    }

    private static Lsn flushed() throws SQLException {
        return Lsn.parse(shard().query("select pg_current_wal_flush_lsn()"));
    }

    /** Runs a statement in a transaction of its own; the position at which exactly it and everything before is in the WAL. */
    private static Lsn after(String sql) throws SQLException {
        shard().execute(sql);
        return flushed();
    }

    private static String query(PostgresInstance instance, String sql) throws SQLException {
        try (Connection connection = instance.jdbc("postgres");
                var result = connection.createStatement().executeQuery(sql)) {
            result.next();
            return String.valueOf(result.getString(1));
        }
    }

    private static void awaitApplied(WalFeedServer server, Lsn position) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> !server.applied().isBefore(position));
        assertThat(server.applied()).isEqualTo(position);
    }

    @Test
    void aStandbyReplaysExactlyUpToTheLimitThenFurtherSurvivesInterruptionsAndPromotes() throws Exception {
        shard().execute("create table fed (i int)");
        RestoredBackup backup;
        try (ReplicationConnection connection = openShard()) {
            backup = RestoredBackup.take(connection, cluster.directory().resolve("fed"), BaseBackupRequest.of("fed"));
        }
        Lsn ten = after("insert into fed select generate_series(1, 10)");
        Lsn twenty = after("insert into fed select generate_series(11, 20)");
        Lsn thirty = after("insert into fed select generate_series(21, 30)");
        Lsn many = after("insert into fed select generate_series(31, 400000)");

        DirectoryWalSource source = source(ten);
        WalFeedServer server = onLoopback(source, 0);
        int port = port(server);
        try (PostgresInstance standby = backup.standby(major, cluster.runAs(), conninfo(port))) {
            standby.start(Map.of());
            awaitApplied(server, ten);
            assertThat(query(standby, "select count(*) from fed")).isEqualTo("10");
            source.moveLimit(twenty);
            awaitApplied(server, twenty);
            assertThat(query(standby, "select count(*) from fed")).isEqualTo("20");
            assertThat(server.receivers()).hasSize(1);

            server.close(); // as if Isochron had been killed
            server = onLoopback(source(thirty), port);
            WalFeedServer second = server;
            await().atMost(LONG)
                    .until(() -> query(standby, "select count(*) from fed").equals("30"));
            awaitApplied(second, thirty);
            server.close();

            DirectoryWalSource last = source(thirty);
            server = onLoopback(last, port);
            WalFeedServer third = server;
            await().atMost(LONG).until(() -> !third.receivers().isEmpty());
            last.moveLimit(many);
            awaitApplied(server, many);
            assertThat(query(standby, "select pg_last_wal_replay_lsn()")).isEqualTo(many.toString());
            assertThat(query(standby, "select count(*) from fed")).isEqualTo("400000");

            standby.promote(LONG);
            try (Connection connection = standby.jdbc("postgres")) {
                connection.createStatement().execute("insert into fed values (0)");
            }
            assertThat(query(standby, "select count(*) from fed")).isEqualTo("400001");
            timelinesCanBeFollowed(standby);
            standby.stop(StopMode.FAST);
        } finally {
            server.close();
        }
    }

    /** The promoted server is on timeline 2: our client must see timeline 1 end there, and so must clients of our server. */
    private void timelinesCanBeFollowed(PostgresInstance promoted) throws Exception {
        ConnectionSettings settings = ConnectionSettings.parse(
                "host=" + promoted.socketDirectory() + " port=" + promoted.port() + " user=postgres", Map.of());
        Lsn segmentStart;
        SystemIdentity now;
        WalMessage.TimelineEnd end;
        try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
            now = connection.identifySystem();
            assertThat(now.timeline()).isEqualTo(2);
            Lsn switchPoint = connection.timelineHistory(2).switchPoint(1).orElseThrow();
            segmentStart = new Lsn(switchPoint.value() & -(long) DirectoryWalSource.SEGMENT_BYTES);
            end = endOf(connection.startPhysical(null, segmentStart, 1), segmentStart, switchPoint);
            assertThat(end).isEqualTo(new WalMessage.TimelineEnd(2, switchPoint));
            // The very end of an old timeline: the answer comes without any WAL; and the connection is still good.
            assertThat(connection.startPhysical(null, switchPoint, 1).receive(LONG))
                    .isEqualTo(end);
            assertThat(connection.identifySystem().timeline()).isEqualTo(2);
            connection.startPhysical(null, switchPoint, 2).finish(LONG);
        }
        query(promoted, "select pg_switch_wal()");
        Path wal = promoted.dataDirectory().resolve("pg_wal");
        try (WalFeedServer server = onLoopback(new DirectoryWalSource(wal, now, versionNum, now.flushed()), 0);
                ReplicationConnection client =
                        ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
            assertThat(client.identifySystem().timeline()).isEqualTo(2);
            assertThat(client.timelineHistory(2).switchPoint(1)).contains(end.switchPoint());
            assertThat(endOf(client.startPhysical("any slot", segmentStart, 1), segmentStart, end.switchPoint()))
                    .isEqualTo(end);
            assertThat(client.startPhysical(null, end.switchPoint(), 1).receive(LONG))
                    .isEqualTo(end);
            client.startPhysical(null, end.switchPoint(), 2).finish(LONG);
            assertThat(client.show("wal_segment_size")).isEqualTo("16MB");
        }
        theLimitHoldsOnAnOldTimelineToo(wal, now, segmentStart, end);
    }

    private void theLimitHoldsOnAnOldTimelineToo(
            Path wal, SystemIdentity identity, Lsn start, WalMessage.TimelineEnd end) throws Exception {
        Lsn limit = start.plus(end.switchPoint().minus(start) / 2);
        DirectoryWalSource source = new DirectoryWalSource(wal, identity, versionNum, limit);
        try (WalFeedServer server = onLoopback(source, 0);
                ReplicationConnection client =
                        ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
            WalStream stream = client.startPhysical(null, start, 1);
            Lsn at = start;
            while (at.isBefore(limit)) {
                if (stream.receive(LONG) instanceof WalMessage.WalData data) {
                    at = data.end();
                }
            }
            assertThat(at).isEqualTo(limit);
            WalMessage beyond = stream.receive(Duration.ofMillis(300));
            assertThat(beyond == null || beyond instanceof WalMessage.Keepalive).isTrue();
            source.moveLimit(identity.flushed());
            assertThat(endOf(stream, limit, end.switchPoint())).isEqualTo(end);
        }
    }

    private static WalMessage.TimelineEnd endOf(WalStream stream, Lsn start, Lsn switchPoint) throws IOException {
        Lsn at = start;
        while (true) {
            switch (stream.receive(LONG)) {
                case WalMessage.WalData data -> {
                    assertThat(data.start()).isEqualTo(at);
                    at = data.end();
                }
                case WalMessage.Keepalive keepalive -> {}
                case WalMessage.TimelineEnd end -> {
                    assertThat(at).isEqualTo(switchPoint);
                    return end;
                }
                case null -> throw new AssertionError("nothing came");
            }
        }
    }

    @Test
    void aStandbyFollowsFromOneTimelineToTheNext() throws Exception {
        shard().execute("create table followed (i int)");
        RestoredBackup first;
        RestoredBackup second;
        try (ReplicationConnection connection = openShard()) {
            first = RestoredBackup.take(connection, cluster.directory().resolve("first"), BaseBackupRequest.of("1"));
            second = RestoredBackup.take(connection, cluster.directory().resolve("second"), BaseBackupRequest.of("2"));
        }
        Lsn branch = after("insert into followed values (1)");
        try (WalFeedServer server = onLoopback(source(branch), 0);
                PostgresInstance promoted = first.standby(major, cluster.runAs(), conninfo(port(server)))) {
            promoted.start(Map.of());
            awaitApplied(server, branch);
            promoted.promote(LONG);
            try (Connection connection = promoted.jdbc("postgres")) {
                connection.createStatement().execute("insert into followed values (2)");
            }
            Lsn end = Lsn.parse(query(promoted, "select pg_current_wal_flush_lsn()"));
            SystemIdentity identityOfPromoted = new SystemIdentity(identity.systemIdentifier(), 2, end, null);
            // An archive of both servers' WAL: what the promoted one has removed comes from the original.
            Path archive = Files.createDirectory(cluster.directory().resolve("archive"));
            copyMissing(pgWal(), archive);
            copyMissing(promoted.dataDirectory().resolve("pg_wal"), archive);
            DirectoryWalSource source = new DirectoryWalSource(archive, identityOfPromoted, versionNum, end);
            Path socket = cluster.directory().resolve(".s.PGSQL.6000");
            try (WalFeedServer onSocket = new WalFeedServer(UnixDomainSocketAddress.of(socket), source, PASSWORD);
                    PostgresInstance standby = second.standby(
                            major,
                            cluster.runAs(),
                            conninfo(6000).replace("host=127.0.0.1", "host=" + cluster.directory()))) {
                standby.start(Map.of());
                awaitApplied(onSocket, end);
                assertThat(query(standby, "select string_agg(i::text, ',' order by i) from followed"))
                        .isEqualTo("1,2");
                assertThat(query(standby, "select received_tli from pg_stat_wal_receiver"))
                        .isEqualTo("2");
            }
            assertThat(socket).doesNotExist();
        }
    }

    private static void copyMissing(Path from, Path to) throws IOException {
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!Files.exists(to.resolve(file.getFileName()))) {
                    try {
                        Files.copy(file, to.resolve(file.getFileName()));
                    } catch (NoSuchFileException e) {
                        // the server runs: its checkpoint removed or renamed an old segment, or it finished a new one
                    }
                }
            }
        }
    }

    @Test
    void aReceiverNeedsThePassword() throws Exception {
        try (WalFeedServer server = onLoopback(source(identity.flushed()), 0)) {
            ConnectionSettings settings = ConnectionSettings.parse(conninfo(port(server)), Map.of());
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> ReplicationConnection.open(settings.withPassword("feed me badly")))
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.INVALID_PASSWORD));
            await().atMost(LONG).until(() -> server.lastFailure().isPresent());
            try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
                assertThat(connection.identifySystem().systemIdentifier()).isEqualTo(identity.systemIdentifier());
            }
        }
    }

    @Test
    void startsBeyondTheLimitAndUnknownTimelinesAreRefused() throws Exception {
        try (WalFeedServer server = onLoopback(source(identity.flushed()), 0);
                ReplicationConnection connection =
                        ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() ->
                            connection.startPhysical(null, identity.flushed().plus(1L << 30), 1))
                    .withMessageContaining("ahead of the limit of this WAL feed");
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.startPhysical(null, identity.flushed(), 7))
                    .withMessageContaining("timeline 7");
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.timelineHistoryFile(7))
                    .withMessageContaining("00000007.history");
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.createPhysicalSlot("x", true))
                    .withMessageContaining("CREATE_REPLICATION_SLOT");
        }
    }

    @Test
    void aSourceThatFailsIsToldToBothSides() throws Exception {
        DirectoryWalSource source = source(identity.flushed());
        source.broken = true;
        try (WalFeedServer server = onLoopback(source, 0);
                ReplicationConnection connection =
                        ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
            Lsn start = new Lsn(identity.flushed().value() & -(long) DirectoryWalSource.SEGMENT_BYTES);
            WalStream stream = connection.startPhysical(null, start, 1);
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> {
                        while (true) {
                            stream.receive(LONG);
                        }
                    })
                    .withMessageContaining("the archive is on fire");
            await().atMost(LONG).until(() -> server.lastFailure().isPresent());
            assertThat(server.lastFailure().orElseThrow()).hasMessageContaining("the archive is on fire");
        }
    }

    @Test
    void aSourceThatFailsBeforeStreamingIsToldToBothSides() throws Exception {
        DirectoryWalSource source = source(identity.flushed());
        source.broken = true;
        try (WalFeedServer server = onLoopback(source, 0);
                ReplicationConnection connection =
                        ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.timelineHistoryFile(2))
                    .withMessageContaining("the archive is on fire");
            await().atMost(LONG).until(() -> server.lastFailure().isPresent());
            assertThat(server.lastFailure().orElseThrow()).hasMessageContaining("the archive is on fire");
        }
    }

    /** It is not the receiver's going away then, and whoever runs the feed must learn the reason. */
    @Test
    void aSourceThatFailsAfterItsReceiverLeftIsToldAsWell() throws Exception {
        DirectoryWalSource source = source(identity.flushed());
        source.broken = true;
        source.gate = new CountDownLatch(1);
        try (WalFeedServer server = onLoopback(source, 0)) {
            try (ReplicationConnection connection =
                    ReplicationConnection.open(ConnectionSettings.parse(conninfo(port(server)), Map.of()))) {
                connection.startPhysical(
                        null, new Lsn(identity.flushed().value() & -(long) DirectoryWalSource.SEGMENT_BYTES), 1);
                source.reading.await();
            }
            source.gate.countDown();
            await().atMost(LONG).until(() -> server.lastFailure().isPresent());
            assertThat(server.lastFailure().orElseThrow()).hasMessageContaining("the archive is on fire");
        }
    }

    @Test
    void itListensOnThisMachineOnly() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WalFeedServer(
                        new InetSocketAddress(InetAddress.getByAddress(new byte[] {0, 0, 0, 0}), 0),
                        source(identity.flushed()),
                        PASSWORD));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WalFeedServer(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), source(identity.flushed()), ""));
    }
}
