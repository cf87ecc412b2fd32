package io.isochron.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.handover.BackfillOptions.Batches;
import io.isochron.handover.BackfillOptions.RestoreIfLastWrittenBy;
import io.isochron.handover.BackfillOptions.Triggers;
import io.isochron.handover.BackfillReport.ShardResult;
import io.isochron.testkit.TestCluster;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BackfillTest {
    /** One table of orders per test, so that databases are copied only once. */
    private static final int TABLES = 9;

    private static TestCluster cluster;
    private static Pairs pairs;

    @BeforeAll
    static void start() throws Exception {
        cluster = TestCluster.start(3, 17);
        List<String> setup = new ArrayList<>(List.of(
                "CREATE TABLE nokey (a int)",
                "CREATE TABLE gone (a int PRIMARY KEY)",
                "CREATE TABLE dropped (a int PRIMARY KEY, b int)",
                "CREATE TABLE added (a int PRIMARY KEY)",
                "CREATE TABLE grown (a int PRIMARY KEY)",
                "INSERT INTO grown VALUES (1), (2)",
                "INSERT INTO dropped VALUES (1, 1)",
                "CREATE VIEW v AS SELECT 1 AS a",
                "CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE)",
                "CREATE TABLE audit (id int)",
                "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NEW; END'",
                "CREATE TRIGGER noted AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION note()",
                "INSERT INTO parent SELECT generate_series(1, 10)",
                "INSERT INTO child SELECT n, n FROM generate_series(1, 10) n",
                "INSERT INTO child VALUES (11, NULL)",
                "DELETE FROM audit"));
        for (int i = 1; i <= TABLES; i++) {
            setup.add("CREATE TABLE orders" + i + " (id bigint PRIMARY KEY, note text, changed int DEFAULT 0)");
            setup.add("INSERT INTO orders" + i + " SELECT n, 'note ' || n FROM generate_series(1, 2000) n");
        }
        pairs = new Pairs(cluster, setup.toArray(String[]::new));
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    /** Ends a run where a crash would: nothing that the run could do itself comes after it. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        Crash(String point) {
            super(point);
        }
    }

    @Test
    void aDryRunSaysWhatItWouldDoAndChangesNothing() throws Exception {
        pairs.onLive("DELETE FROM orders1 WHERE id <= 1500", "INSERT INTO orders1 VALUES (9000, 'later')");
        String before = pairs.live(1, Pairs.contents("orders1"));
        BackfillReport report = Backfill.run(
                pairs.shards(), TableName.parse("orders1"), BackfillOptions.dryRun(), HandoverProgress.NONE);
        assertThat(report.applied()).isFalse();
        assertThat(report.total(ShardResult::inserted)).isEqualTo(4500);
        assertThat(report.total(ShardResult::onlyLive)).isEqualTo(3);
        assertThat(report.total(ShardResult::restoredRows)).isEqualTo(6000);
        assertThat(pairs.live(1, Pairs.contents("orders1"))).isEqualTo(before);
    }

    @Test
    void rowsComeBackOnAllShardsAndLaterWritesStay() throws Exception {
        pairs.onLive(
                "DELETE FROM orders2 WHERE id <= 1500",
                "UPDATE orders2 SET note = 'later' WHERE id = 1600",
                "INSERT INTO orders2 VALUES (7, 'new life'), (9000, 'later')");
        BackfillReport report = pairs.apply("orders2", BackfillOptions.dryRun());
        for (ShardResult shard : report.shards()) {
            assertThat(shard.inserted()).isEqualTo(1499);
            assertThat(shard.conflicts()).isEqualTo(2);
            assertThat(shard.conflictExamples()).containsExactly("(7)", "(1600)");
        }
        for (int i = 0; i < 3; i++) {
            assertThat(pairs.live(i, "SELECT count(*) FROM orders2")).isEqualTo("2001");
            assertThat(pairs.live(
                            i, "SELECT string_agg(note, ',' ORDER BY id) FROM orders2 WHERE id IN (7,8,1600,9000)"))
                    .isEqualTo("new life,note 8,later,later");
            assertThat(pairs.live(i, "SELECT count(*) FROM pg_prepared_xacts")).isEqualTo("0");
        }
    }

    @Test
    void onlyRowsThatTheIncidentDeletedComeBackWhenItsTuplesAreKnown() throws Exception {
        Map<String, TupleSet> damaged = new HashMap<>();
        for (int i = 0; i < 3; i++) {
            TupleSet.Builder tuples = new TupleSet.Builder();
            try (Connection connection = pairs.live(i);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT pg_relation_filenode('orders3'),"
                            + " (ctid::text::point)[0]::bigint, (ctid::text::point)[1]::int"
                            + " FROM orders3 WHERE id <= 1000")) {
                while (rows.next()) {
                    tuples.add(rows.getLong(1), rows.getLong(2), rows.getInt(3));
                }
            }
            damaged.put("shard" + (i + 1), tuples.build());
        }
        pairs.onLive("DELETE FROM orders3 WHERE id <= 1000", "DELETE FROM orders3 WHERE id = 1700");
        BackfillReport report = pairs.apply("orders3", BackfillOptions.dryRun().withOnlyDamaged(damaged));
        assertThat(report.total(ShardResult::inserted)).isEqualTo(3000);
        assertThat(report.total(ShardResult::leftDeleted)).isEqualTo(3);
        assertThat(pairs.live(2, "SELECT count(*) FROM orders3 WHERE id = 1700"))
                .isEqualTo("0");
    }

    @Test
    void rowsThatOnlyTheIncidentWroteAreSetBackAndLaterWritesAreLeftAlone() throws Exception {
        Map<String, Set<Integer>> xids = new HashMap<>();
        for (int i = 0; i < 3; i++) {
            try (Connection connection = pairs.live(i);
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.execute("UPDATE orders4 SET note = NULL, changed = 1");
                try (ResultSet row = statement.executeQuery("SELECT txid_current()")) {
                    row.next();
                    xids.put("shard" + (i + 1), Set.of((int) row.getLong(1)));
                }
                connection.commit();
            }
        }
        pairs.onLive("UPDATE orders4 SET changed = 2 WHERE id % 100 = 0");
        BackfillReport report =
                pairs.apply("orders4", BackfillOptions.dryRun().withDiffering(new RestoreIfLastWrittenBy(xids)));
        assertThat(report.total(ShardResult::setBack)).isEqualTo(3 * 1980);
        assertThat(report.total(ShardResult::conflicts)).isEqualTo(3 * 20);
        assertThat(pairs.live(0, "SELECT count(*) FROM orders4 WHERE note = 'note ' || id AND changed = 0"))
                .isEqualTo("1980");
        assertThat(pairs.live(0, "SELECT count(*) FROM orders4 WHERE changed = 2"))
                .isEqualTo("20");
    }

    @Test
    void batchesGiveTheSameRowsBackAndARunThatWasCutShortGoesOn() throws Exception {
        pairs.onLive("DELETE FROM orders5", "ALTER TABLE orders5 ADD CHECK (id < 1000) NOT VALID");
        BackfillOptions options = BackfillOptions.dryRun().withMode(new Batches(100));
        assertThatThrownBy(() -> pairs.apply("orders5", options)).hasMessageContaining("orders5_id_check");
        // waits for the table's lock, that is for the transaction of a session that was interrupted in its commit
        pairs.onLive("ALTER TABLE orders5 DROP CONSTRAINT orders5_id_check");
        long kept = Long.parseLong(pairs.live(0, "SELECT count(*) FROM orders5"));
        assertThat(kept % 100).isZero();
        BackfillReport report = pairs.apply("orders5", options);
        assertThat(report.shards().getFirst().inserted()).isEqualTo(2000 - kept);
        assertThat(pairs.live(0, Pairs.contents("orders5"))).isEqualTo(pairs.restored(0, Pairs.contents("orders5")));
    }

    @Test
    void aFailureOnOneShardLeavesAllShardsAsTheyWere() throws Exception {
        pairs.onLive("DELETE FROM orders6");
        pairs.onLive(2, "ALTER TABLE orders6 ADD CHECK (id < 1990) NOT VALID");
        assertThatThrownBy(() -> pairs.apply("orders6", BackfillOptions.dryRun()))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("orders6_id_check");
        for (int i = 0; i < 3; i++) {
            assertThat(pairs.live(i, "SELECT count(*) FROM orders6")).isEqualTo("0");
            assertThat(pairs.live(i, "SELECT count(*) FROM pg_prepared_xacts")).isEqualTo("0");
        }
    }

    @Test
    void aCrashAtAnyPointOfTheCommitIsSettledByTheNextRunToAllOrNothing() throws Exception {
        String[] points = {
            "prepared 1 of 3",
            "prepared 2 of 3",
            "prepared 3 of 3",
            "committed 1 of 3",
            "committed 2 of 3",
            "committed 3 of 3"
        };
        for (String point : points) {
            pairs.onLive("DELETE FROM orders7");
            BackfillOptions options = BackfillOptions.dryRun().withApply(true);
            TableName table = TableName.parse("orders7");
            assertThatThrownBy(() -> Backfill.run(pairs.shards(), table, options, HandoverProgress.NONE, reached -> {
                        if (reached.equals(point)) {
                            throw new Crash(reached);
                        }
                    }))
                    .isInstanceOf(Crash.class);
            boolean decided = !point.startsWith("prepared") || point.equals("prepared 3 of 3");
            boolean left = !point.equals("committed 3 of 3");
            BackfillReport dry = Backfill.run(pairs.shards(), table, options.withApply(false), HandoverProgress.NONE);
            assertThat(dry.notes()).hasSize(left ? 1 : 0);
            if (left && !point.equals("committed 2 of 3")) {
                assertThatThrownBy(
                                () -> Backfill.run(pairs.shards().subList(0, 2), table, options, HandoverProgress.NONE))
                        .hasMessageContaining("only 2 shards are given now");
            }
            BackfillReport report = Backfill.run(pairs.shards(), table, options, HandoverProgress.NONE);
            assertThat(report.settled()).as(point).hasSize(left ? 1 : 0);
            if (left) {
                assertThat(report.settled().getFirst()).startsWith(decided ? "committed" : "rolled back");
            }
            assertThat(report.total(ShardResult::inserted)).as(point).isEqualTo(decided ? 0 : 6000);
            for (int i = 0; i < 3; i++) {
                assertThat(pairs.live(i, "SELECT count(*) FROM orders7")).isEqualTo("2000");
                assertThat(pairs.live(i, "SELECT count(*) FROM pg_prepared_xacts"))
                        .isEqualTo("0");
            }
        }
    }

    @Test
    void trafficGoesOnAndNothingOfItIsLost() throws Exception {
        pairs.onLive("DELETE FROM orders8 WHERE id <= 1900");
        AtomicBoolean stop = new AtomicBoolean();
        long[] written = new long[1];
        CountDownLatch underWay = new CountDownLatch(1);
        Thread client = Thread.ofVirtual().start(() -> {
            try (Connection connection = pairs.live(0);
                    Statement statement = connection.createStatement()) {
                for (long id = 100_000; !stop.get(); id++) {
                    statement.execute("INSERT INTO orders8 VALUES (" + id + ", 'traffic')");
                    statement.execute("INSERT INTO orders8 VALUES (" + (id % 1900 + 1)
                            + ", 'again') ON CONFLICT (id) DO UPDATE SET changed = orders8.changed + 1");
                    written[0]++;
                    underWay.countDown();
                }
            } catch (java.sql.SQLException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(underWay.await(120, TimeUnit.SECONDS)).isTrue();
        BackfillReport report = pairs.apply("orders8", BackfillOptions.dryRun().withMode(new Batches(50)));
        stop.set(true);
        client.join();
        assertThat(written[0]).isPositive();
        assertThat(pairs.live(0, "SELECT count(*) FROM orders8 WHERE note = 'traffic'"))
                .isEqualTo(Long.toString(written[0]));
        assertThat(pairs.live(0, "SELECT count(*) FROM orders8 WHERE id <= 2000"))
                .isEqualTo("2000");
        assertThat(pairs.live(1, "SELECT count(*) FROM orders8")).isEqualTo("2000");
        assertThat(report.shards().getFirst().inserted()
                        + report.shards().getFirst().presentMeanwhile())
                .isEqualTo(report.shards().getFirst().missing());
    }

    @Test
    void tablesThatCannotBeHandedBackExactlyAreRefusedWithAHint() throws Exception {
        pairs.onLive(
                "DROP TABLE gone",
                "ALTER TABLE dropped DROP COLUMN b",
                "DELETE FROM dropped",
                "ALTER TABLE added ADD COLUMN c int NOT NULL",
                "ALTER TABLE grown ADD COLUMN c text NOT NULL DEFAULT 'new'",
                "DELETE FROM grown",
                "CREATE TABLE later (a int PRIMARY KEY)");
        refused(pairs, "nokey", "no primary key");
        refused(pairs, "gone", "does not exist on the live shard");
        refused(pairs, "later", "does not exist on the restored shard");
        refused(pairs, "v", "is not a table");
        refused(pairs, "dropped", "column b was dropped");
        refused(pairs, "added", "NOT NULL and has no default");
        assertThat(pairs.apply("dropped", BackfillOptions.dryRun().withAcceptSchemaChange(true))
                        .total(ShardResult::inserted))
                .isEqualTo(3);
        assertThat(pairs.apply("grown", BackfillOptions.dryRun()).notes()).hasSize(3);
        assertThat(pairs.live(0, "SELECT string_agg(c, ',') FROM grown")).isEqualTo("new,new");
    }

    private static void refused(Pairs pairs, String table, String reason) {
        assertThatThrownBy(() -> pairs.apply(table, BackfillOptions.dryRun()))
                .isInstanceOf(BackfillRefusedException.class)
                .hasMessageContaining(reason)
                .hasMessageContaining("\nhint: ");
    }

    @Test
    void triggersAreNotRunUnlessToldAndForeignKeysHoldEitherWay() throws Exception {
        pairs.onLive("DELETE FROM parent", "DELETE FROM child");
        refused(pairs, "child", "has triggers: noted");
        BackfillOptions suppress = BackfillOptions.dryRun().withTriggers(Triggers.SUPPRESS);
        BackfillOptions fire = BackfillOptions.dryRun().withTriggers(Triggers.FIRE);
        for (BackfillOptions options : new BackfillOptions[] {suppress, fire}) {
            assertThatThrownBy(() -> pairs.apply("child", options))
                    .isInstanceOf(HandoverException.class)
                    .hasMessageContaining("foreign key");
        }
        pairs.apply("parent", BackfillOptions.dryRun());
        assertThat(pairs.apply("child", suppress).total(ShardResult::inserted)).isEqualTo(33);
        assertThat(pairs.live(0, "SELECT count(*) FROM audit")).isEqualTo("0");
        pairs.onLive("DELETE FROM child");
        pairs.apply("child", fire);
        assertThat(pairs.live(0, "SELECT count(*) FROM audit")).isEqualTo("11");
    }

    @Test
    void aSecondRunAtTheSameTimeIsRefused() throws Exception {
        try (Connection other = pairs.live(1);
                Statement statement = other.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(" + TwoPhase.FORMAT_ID + ", 1)");
            BackfillOptions options = BackfillOptions.dryRun().withLockTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> pairs.apply("orders9", options))
                    .isInstanceOf(BackfillRefusedException.class)
                    .hasMessageContaining("another back-fill is writing to shard shard2")
                    .hasMessageContaining("\nhint: ");
        }
    }

    /** As one that was closed and whose server process has not ended yet. */
    @Test
    void whoHoldsTheLockForAMomentLongerIsWaitedFor() throws Exception {
        try (Connection other = pairs.live(1);
                Statement statement = other.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(" + TwoPhase.FORMAT_ID + ", 1)");
            BackfillOptions options = BackfillOptions.dryRun().withLockTimeout(Duration.ofMinutes(2));
            FutureTask<BackfillReport> run = new FutureTask<>(() -> pairs.apply("orders9", options));
            Thread.ofVirtual().start(run);
            String waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            while (pairs.live(1, waiting).equals("0")) {
                assertThat(run.isDone()).isFalse();
                Thread.sleep(20);
            }
            statement.execute("SELECT pg_advisory_unlock_all()");
            assertThat(run.get(120, TimeUnit.SECONDS).total(ShardResult::restoredRows))
                    .isEqualTo(6000);
        }
    }
}
