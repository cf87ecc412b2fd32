package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What Citus writes into its log of decisions is found in the WAL of a real server, however the rows lie there. */
class DecisionRecordsOnPostgresTest {
    @Test
    void gidsThatACommittedTransactionLoggedAreFoundThoughAPageImageHidesTheRow() throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("decision records: -Disochron.seed=" + seed);
        try (TestCluster cluster =
                TestCluster.start(1, 17, ClusterOptions.defaults().keepingWal())) {
            TestShard shard = cluster.shards().getFirst();
            shard.execute("create table pg_dist_transaction (groupid int not null, gid text not null, outer_xid xid8)");
            shard.execute("alter table pg_dist_transaction add unique (groupid, gid)");
            shard.execute("create table unrelated (id int, note text)");
            Lsn begin = Lsn.parse(shard.query("select pg_current_wal_insert_lsn()"));
            shard.execute("begin; " + insert(1, 1) + insert(1, 2) + "commit");
            shard.execute("begin; " + insert(2, 1) + "rollback");
            shard.execute("begin; " + insert(3, 1) + "savepoint s; " + insert(4, 1) + "rollback to s; savepoint t; "
                    + insert(5, 1) + "commit");
            shard.execute(
                    "insert into unrelated values (1, 'citus_0_11_7'), (2, 'citus_0_11_x_1'), (3, 'a citus_0_1_1_1')");
            // the first change of a page after a checkpoint is logged as the whole page
            shard.execute("checkpoint");
            shard.execute("begin; " + insert(6, 1) + "commit");
            shard.execute("checkpoint");
            shard.execute("set wal_compression = pglz; begin; " + insert(7, 1) + "commit");
            shard.execute("begin; insert into pg_dist_transaction select 1, 'citus_0_77_' || g || '_1', null "
                    + "from generate_series(1, 300) g; commit");
            shard.execute("checkpoint");
            Lsn flushed = Lsn.parse(shard.query("select pg_current_wal_flush_lsn()"));

            Lsn start = WalFileName.holding(1, begin, SegmentBuilderOnPostgresTest.WAL_SEGMENT_BYTES)
                    .start();
            byte[] wal = SegmentBuilderOnPostgresTest.read(shard.dataDirectory().resolve("pg_wal"), start, flushed);
            List<Segment> segments =
                    SegmentBuilderOnPostgresTest.build(17, start, wal, new SplittableRandom(seed), true);
            List<RecordedGids> found = segments.stream()
                    .flatMap(segment -> segment.decisionRecords().stream())
                    .toList();

            assertThat(found.stream().map(RecordedGids::gids).limit(4))
                    .containsExactly(
                            List.of("citus_0_11_1_1", "citus_0_11_1_2"),
                            List.of("citus_0_11_3_1", "citus_0_11_5_1"),
                            List.of("citus_0_11_6_1"),
                            List.of("citus_0_11_7_1"));
            assertThat(found).hasSize(5);
            assertThat(found.getLast().gids()).hasSize(300).contains("citus_0_77_1_1", "citus_0_77_300_1");
            for (RecordedGids recorded : found) {
                assertThat(segments.stream().flatMap(segment -> segment.events().stream()))
                        .as("the commit of %s", recorded)
                        .anyMatch(event -> event.kind() == Event.Kind.COMMIT && event.xid() == recorded.xid());
            }
        }
    }

    private static String insert(int transaction, int connection) {
        return "insert into pg_dist_transaction values (1, 'citus_0_11_" + transaction + "_" + connection
                + "', pg_current_xact_id()); ";
    }
}
