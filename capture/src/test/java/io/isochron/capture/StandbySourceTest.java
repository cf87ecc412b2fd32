package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Segment;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.TestStandby;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** WAL from a real hot standby, clock and safe time from its primary. */
class StandbySourceTest {
    /** {@code -Disochron.standby.postgres=14} tries another version. */
    private static final int MAJOR = Integer.getInteger("isochron.standby.postgres", 17);

    private static final String WALSENDERS =
            "select count(*) from pg_stat_replication where application_name = 'isochron'";

    @Test
    void wal_comes_from_a_standby_until_it_lags_and_history_goes_on_through_a_promotion() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, MAJOR)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigserial primary key, v text)");
            try (TestStandby standby = TestStandby.start(shard, "second");
                    ShardCapture capture = new ShardCapture(
                            new ShardSource(
                                    shard.name(),
                                    ConnectionSettings.parse(standby.connectionStringOfBoth(), Map.of()),
                                    "isochron_" + shard.name()),
                            fixture.repository,
                            CaptureFixture.OPTIONS.withWalSource(WalSource.STANDBY),
                            3)) {
                capture.start();
                CaptureFixture.await(
                        capture,
                        status -> status.state() == CaptureState.STREAMING
                                && said(status, "is taken from standby")
                                && status.safeTime() != null);
                assertThat(shard.query(WALSENDERS)).isEqualTo("0");
                assertThat(standby.query(WALSENDERS)).isEqualTo("1");

                try (PrimaryProbe.Primary other =
                        PrimaryProbe.overSql(CaptureFixture.source(shard), 2).open()) {
                    assertThatThrownBy(other::flushed)
                            .hasMessageContaining("is on PostgreSQL timeline 1, wal is taken from timeline 2");
                }

                Connection load = shard.superuser("postgres");
                Thread writing = writer(load);
                long segments = capture.status().segments();
                CaptureFixture.await(
                        capture, status -> status.segments() > segments + 10 && status.lagMicros() < 5_000_000);
                assertThat(said(capture.status(), "taken from the primary")).isFalse();
                awaitSlotMoves(shard);

                // what the primary has flushed does not come any more, the connection stands
                String receiver = standby.query("select pid from pg_stat_wal_receiver");
                signal("STOP", receiver);
                long stopped = capture.status().segments();
                CaptureFixture.await(
                        capture,
                        status -> said(status, "taken from the primary")
                                && status.segments() > stopped + 10
                                && status.lagMicros() < 5_000_000);
                assertThat(shard.query(WALSENDERS)).isEqualTo("1");
                signal("CONT", receiver);
                assertThat(said(capture.status(), "does not answer")).isFalse();

                // what came from either server is the primary's log, and no safe point is ahead of it
                load.close();
                writing.join();
                fixture.awaitArchived(capture, 0);
                fixture.assertArchiveEqualsPgWal(0, 1);
                for (Segment segment : fixture.chain(0)) {
                    assertThat(segment.safePoint() != null
                                    && segment.safePoint().upTo().isAfter(segment.end()))
                            .isFalse();
                }

                awaitReceived(standby, fixture.flushed(0));
                // the promoted server has its slot already
                shard.kill();
                standby.promote();
                standby.execute("insert into t (v) values ('the end')");
                Lsn end = Lsn.parse(standby.query("select pg_current_wal_flush_lsn()::text"));
                CaptureFixture.await(
                        capture,
                        status ->
                                status.timeline() == 2 && !status.archivedLsn().isBefore(end));
                assertThat(capture.status().notices()).noneMatch(notice -> notice.contains("was made anew"));
            }
        }
    }

    private static boolean said(CaptureStatus status, String text) {
        return status.notices().stream().anyMatch(notice -> notice.contains(text));
    }

    /** The slot on the primary, from which nobody streams, lets go of what is archived. */
    private static void awaitSlotMoves(TestShard shard) throws Exception {
        String question = "select restart_lsn::text from pg_replication_slots where slot_name = 'isochron_"
                + shard.name() + "' and not active";
        Lsn before = Lsn.parse(shard.query(question));
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!Lsn.parse(shard.query(question)).isAfter(before)) {
            assertThat(System.nanoTime()).as("slot moves beyond " + before).isLessThan(until);
            Thread.sleep(50);
        }
    }

    private static void awaitReceived(TestStandby standby, Lsn position) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (Lsn.parse(standby.query("select coalesce(pg_last_wal_receive_lsn(), '0/0')::text"))
                .isBefore(position)) {
            assertThat(System.nanoTime()).as("the standby receives " + position).isLessThan(until);
            Thread.sleep(50);
        }
    }

    private static void signal(String signal, String pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor())
                .isZero();
    }

    /** Writes, not too fast for a busy machine, until the connection ends. */
    private static Thread writer(Connection connection) {
        return Thread.ofPlatform().daemon().start(() -> {
            try (Statement statement = connection.createStatement()) {
                while (true) {
                    statement.execute("insert into t (v) select md5(g::text) from generate_series(1, 20) g");
                    Thread.sleep(10);
                }
            } catch (SQLException | InterruptedException e) {
                // the server is gone
            }
        });
    }
}
