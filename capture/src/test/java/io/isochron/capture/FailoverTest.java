package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Lineage;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentChain;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.TestStandby;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Real standbys, promoted while their shard is captured. */
class FailoverTest {
    private static ShardSource source(TestShard shard, String connection) {
        return new ShardSource(
                shard.name(), ConnectionSettings.parse(connection, Map.of()), "isochron_" + shard.name());
    }

    private static ShardCapture start(CaptureFixture fixture, String connection) {
        return start(fixture, connection, AbandonedBranch.AUTO);
    }

    private static ShardCapture start(CaptureFixture fixture, String connection, AbandonedBranch abandoned) {
        ShardCapture capture = new ShardCapture(
                source(fixture.cluster.shard(0), connection),
                fixture.repository,
                CaptureFixture.OPTIONS.withAbandonedBranch(abandoned),
                3);
        capture.start();
        return capture;
    }

    /** Writes until the connection ends. */
    private static Thread writer(Connection connection) {
        return Thread.ofPlatform().daemon().start(() -> {
            try (connection;
                    Statement statement = connection.createStatement()) {
                while (true) {
                    // large enough that a kill often leaves a record half flushed
                    statement.execute(
                            "insert into t (v) select repeat(md5(g::text), 120) from generate_series(1, 20) g");
                }
            } catch (SQLException e) {
                // the server is gone
            }
        });
    }

    @Test
    void capture_follows_two_promotions_under_load_without_a_gap_and_keeps_the_histories() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigserial primary key, v text)");
            try (TestStandby second = TestStandby.start(shard, "second");
                    TestStandby third = TestStandby.start(shard, "third")) {
                String all = second.connectionStringOfBoth()
                        .replace("host=127.0.0.1,", "host=127.0.0.1,127.0.0.1,")
                        .replace("port=" + shard.port() + ",", "port=" + shard.port() + "," + third.port() + ",");
                try (ShardCapture capture = start(fixture, all)) {
                    CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                    Thread writing = writer(shard.superuser("postgres"));
                    CaptureFixture.await(capture, status -> status.segments() > 6);
                    // one that had received more than the promoted one could not follow it
                    third.disconnect();
                    awaitBeyond(second, Lsn.parse(third.query("select pg_last_wal_receive_lsn()::text")));
                    shard.kill();
                    writing.join();
                    second.promote();
                    CaptureFixture.await(capture, status -> status.timeline() == 2);
                    third.execute("alter system set primary_conninfo = 'host="
                            + second.instance().socketDirectory()
                            + " port=" + second.port() + " user=isochron application_name=third'");
                    third.query("select pg_reload_conf()");
                    writing = writer(second.superuser("postgres"));
                    long segments = capture.status().segments();
                    CaptureFixture.await(capture, status -> status.segments() > segments + 6);
                    awaitReceived(second, third);
                    second.close();
                    writing.join();
                    third.promote();
                    third.execute("insert into t (v) values ('the end')");
                    Lsn end = Lsn.parse(third.query("select pg_current_wal_flush_lsn()::text"));
                    CaptureStatus status = CaptureFixture.await(
                            capture, s -> s.timeline() == 3 && !s.archivedLsn().isBefore(end));
                    assertThat(status.state()).isEqualTo(CaptureState.STREAMING);
                    assertThat(status.notices()).anyMatch(notice -> notice.contains("was missing and was made anew"));
                }
                assertUnbroken(fixture);
            }
        }
    }

    /** The third must follow the second's timeline before it is promoted in its turn. */
    private static void awaitReceived(TestStandby from, TestStandby to) throws Exception {
        awaitBeyond(to, Lsn.parse(from.query("select pg_current_wal_flush_lsn()::text")));
    }

    private static void awaitBeyond(TestStandby standby, Lsn position) throws Exception {
        long until = System.nanoTime() + 180_000_000_000L;
        while (!Lsn.parse(standby.query("select coalesce(pg_last_wal_replay_lsn(), '0/0')::text"))
                .isAfter(position)) {
            assertThat(System.nanoTime())
                    .as(standby + " goes beyond " + position)
                    .isLessThan(until);
            Thread.sleep(50);
        }
    }

    /** A standby that lags behind what is archived would leave the line in an earlier segment than the test means. */
    private static void awaitReceived(TestStandby standby, CaptureStatus captured) throws Exception {
        long until = System.nanoTime() + 180_000_000_000L;
        while (Lsn.parse(standby.query("select coalesce(pg_last_wal_receive_lsn(), '0/0')::text"))
                .isBefore(captured.archivedLsn())) {
            assertThat(System.nanoTime())
                    .as(standby + " receives " + captured.archivedLsn())
                    .isLessThan(until);
            Thread.sleep(50);
        }
    }

    private static void assertUnbroken(CaptureFixture fixture) throws Exception {
        List<Segment> chain = Lineage.of(segments(fixture));
        for (int i = 1; i < chain.size(); i++) {
            assertThat(chain.get(i).start()).isEqualTo(chain.get(i - 1).end());
        }
        assertThat(chain.stream().map(Segment::timeline).distinct()).containsExactly(1, 2, 3);
        for (int timeline = 2; timeline <= 3; timeline++) {
            byte[] history = fixture.repository
                    .timelineHistories()
                    .get("shard1", timeline)
                    .orElseThrow();
            int parent = timeline - 1;
            Lsn switched = chain.stream()
                    .filter(segment -> segment.timeline() == parent)
                    .toList()
                    .getLast()
                    .end();
            assertThat(new String(history, StandardCharsets.UTF_8)).contains(parent + "\t" + switched + "\t");
        }
    }

    @Test
    void an_old_primary_that_goes_on_is_left_as_soon_as_another_address_was_promoted() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigserial primary key, v text)");
            try (TestStandby standby = TestStandby.start(shard, "second");
                    ShardCapture capture = start(fixture, standby.connectionStringOfBoth())) {
                // the branch point must not lie in the first segment
                awaitReceived(standby, CaptureFixture.await(capture, status -> status.segments() > 3));
                standby.promote();
                CaptureStatus status =
                        CaptureFixture.await(capture, s -> s.timeline() == 2 && s.state() == CaptureState.STREAMING);
                assertThat(status.notices()).anyMatch(notice -> notice.contains("two servers of shard shard1"));
                shard.execute("insert into t (v) values ('on the abandoned branch')");
                standby.execute("insert into t (v) values ('on the true one')");
                Lsn end = Lsn.parse(standby.query("select pg_current_wal_flush_lsn()::text"));
                CaptureFixture.await(capture, s -> !s.archivedLsn().isBefore(end));
                assertThat(capture.status().timeline()).isEqualTo(2);
            }
        }
    }

    @Test
    void what_a_promoted_standby_lacks_is_an_alarm_or_an_abandoned_branch_as_asked() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigserial primary key, v text)");
            try (TestStandby standby = TestStandby.start(shard, "second")) {
                Lsn abandoned;
                try (ShardCapture capture = start(fixture, standby.connectionStringOfBoth(), AbandonedBranch.REFUSE)) {
                    awaitReceived(standby, CaptureFixture.await(capture, status -> status.segments() > 3));
                    standby.disconnect();
                    shard.execute("insert into t (v) values ('archived, and never received by the standby')");
                    Lsn archived = fixture.awaitArchived(capture, 0);
                    shard.kill();
                    standby.promote();
                    CaptureStatus status = CaptureFixture.await(capture, s -> s.state() == CaptureState.FAILED);
                    assertThat(status.lastError())
                            .contains(
                                    "shard1 went from PostgreSQL timeline 1 to another at",
                                    "up to " + status.archivedLsn(),
                                    "hint: a standby was promoted that had not received everything");
                    assertThat(status.archivedLsn()).isGreaterThanOrEqualTo(archived);
                    abandoned = status.archivedLsn();
                }
                List<Segment> before = segments(fixture);
                assertThat(before.getLast().timeline()).isEqualTo(1);
                standby.execute("insert into t (v) values ('on the true line')");
                Lsn end = Lsn.parse(standby.query("select pg_current_wal_flush_lsn()::text"));
                try (ShardCapture capture = start(fixture, standby.connectionStringOfBoth(), AbandonedBranch.AUTO)) {
                    CaptureStatus status = CaptureFixture.await(
                            capture, s -> s.timeline() == 2 && !s.archivedLsn().isBefore(end));
                    assertThat(status.notices())
                            .anyMatch(notice -> notice.contains("to " + abandoned)
                                    && notice.contains("kept as an abandoned branch"));
                }
                List<Segment> all = segments(fixture);
                assertThat(all.subList(0, before.size())).isEqualTo(before);
                List<Segment> line = Lineage.of(all);
                assertThat(line.size()).isLessThan(all.size());
                for (int i = 1; i < line.size(); i++) {
                    assertThat(line.get(i).start()).isEqualTo(line.get(i - 1).end());
                }
                String history = new String(
                        fixture.repository.timelineHistories().get("shard1", 2).orElseThrow(), StandardCharsets.UTF_8);
                Lsn branch = line.stream()
                        .filter(segment -> segment.timeline() == 1)
                        .toList()
                        .getLast()
                        .end();
                assertThat(history).contains("1\t" + branch + "\t");
            }
        }
    }

    /** All that are stored, superseded ones too; their hashes and numbers are checked. */
    private static List<Segment> segments(CaptureFixture fixture) throws Exception {
        SegmentChain chain = new SegmentChain();
        List<Segment> all = new ArrayList<>();
        long last = fixture.repository.chronicle().lastSequence("shard1").orElseThrow();
        for (long sequence = 0; sequence <= last; sequence++) {
            all.add(chain.next(fixture.repository.chronicle().read("shard1", sequence)));
        }
        return all;
    }
}
