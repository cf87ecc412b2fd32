package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import org.junit.jupiter.api.Test;

class WalScanTest {
    @Test
    void theScanCountsAsPostgresItselfCounts() throws Exception {
        try (TestCluster cluster =
                TestCluster.start(1, 17, ClusterOptions.defaults().keepingWal())) {
            TestShard shard = cluster.shard(0);
            Lsn start = switched(shard);
            shard.execute("create table t as select g, repeat('x', g % 300) from generate_series(1, 20000) g");
            shard.execute("update t set g = -g where g % 3 = 0");
            shard.execute("checkpoint");
            shard.execute("delete from t where g % 5 = 0");
            Lsn end = switched(shard);

            WalScan scan = new WalScan(WalFormat.of(17), RecordedWal.SEGMENT_BYTES, start);
            scan.files(shard.dataDirectory().resolve("pg_wal"), end);

            shard.execute("create extension pg_walinspect");
            assertThat(scan.records() + " " + scan.recordBytes() + " " + scan.imageBytes())
                    .isEqualTo(shard.query("select concat_ws(' ', sum(count), sum(record_size), sum(fpi_size))"
                            + " from pg_get_wal_stats('" + start + "', '" + end + "')"));
            assertThat(scan.events()).isPositive();
            assertThat(scan.changes()).isGreaterThan(30_000);
        }
    }

    private static Lsn switched(TestShard shard) throws Exception {
        shard.query("select pg_logical_emit_message(false, 'a', 'not an empty segment')");
        Lsn last = Lsn.parse(shard.query("select pg_switch_wal()"));
        return WalFileName.holding(1, last, RecordedWal.SEGMENT_BYTES).end();
    }
}
