package io.isochron.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariedWorkloadTest {
    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void itsWalHoldsRecordsOfEveryResourceManagerThatAPrimaryWrites(int major) throws Exception {
        try (TestCluster cluster =
                TestCluster.start(1, major, ClusterOptions.defaults().logical().keepingWal())) {
            TestShard shard = cluster.shard(0);
            long begin = System.nanoTime();
            VariedWorkload varied = VariedWorkload.run(shard, Seeds.seed(), 0.3);
            System.out.printf(
                    "varied workload on %d: %d MB of WAL in %d ms%n",
                    major, varied.walBytes() / 1_000_000, (System.nanoTime() - begin) / 1_000_000);
            List<String> managers = new ArrayList<>();
            try (Connection connection = shard.superuser("postgres");
                    Statement statement = connection.createStatement()) {
                statement.execute("create extension pg_walinspect");
                try (ResultSet result =
                        statement.executeQuery("select distinct resource_manager from pg_get_wal_records_info('"
                                + varied.startLsn() + "', '" + varied.endLsn() + "')")) {
                    while (result.next()) {
                        managers.add(result.getString(1));
                    }
                }
            }
            assertThat(managers)
                    .contains(
                            "XLOG",
                            "Transaction",
                            "Storage",
                            "CLOG",
                            "Database",
                            "Tablespace",
                            "MultiXact",
                            "RelMap",
                            "Standby",
                            "Heap",
                            "Heap2",
                            "Btree",
                            "Hash",
                            "Gin",
                            "Gist",
                            "Sequence",
                            "SPGist",
                            "BRIN",
                            "ReplicationOrigin",
                            "Generic",
                            "LogicalMessage");
            assertThat(shard.query("select string_agg(gid, ' ' order by gid) from pg_prepared_xacts")
                            .split(" "))
                    .containsExactlyInAnyOrderElementsOf(varied.openPrepared());
            assertThat(shard.query("select count(*) from pg_database where datname in ('"
                            + String.join("','", varied.databases()) + "')"))
                    .isEqualTo(Integer.toString(varied.databases().size()));
        }
    }
}
