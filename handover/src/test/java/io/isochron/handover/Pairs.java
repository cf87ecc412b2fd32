package io.isochron.handover;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A table before and after an incident, on real PostgreSQL. The restored side is a database, the live one a copy of it made by
 * {@code CREATE DATABASE ... TEMPLATE}: like a restored shard, it has the same tuples at the same places in the same files.
 */
final class Pairs implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();

    private final TestCluster cluster;
    private final String restored;
    private final String live;

    /** Runs {@code setup} on every shard, then copies. */
    Pairs(TestCluster cluster, String... setup) throws SQLException {
        this.cluster = cluster;
        int number = COUNTER.incrementAndGet();
        this.restored = "restored_" + number;
        this.live = "live_" + number;
        for (TestShard shard : cluster.shards()) {
            shard.execute("CREATE DATABASE " + restored);
            try (Connection connection = shard.superuser(restored);
                    Statement statement = connection.createStatement()) {
                for (String sql : setup) {
                    statement.execute(sql);
                }
            }
            shard.execute("CREATE DATABASE " + live + " TEMPLATE " + restored);
        }
    }

    List<ShardPair> shards() {
        List<ShardPair> pairs = new ArrayList<>();
        for (TestShard shard : cluster.shards()) {
            pairs.add(new ShardPair(shard.name(), () -> shard.superuser(restored), () -> shard.superuser(live)));
        }
        return pairs;
    }

    Connection live(int shard) throws SQLException {
        return cluster.shard(shard).superuser(live);
    }

    /** Runs statements on the live side of every shard. */
    void onLive(String... statements) throws SQLException {
        for (int i = 0; i < cluster.shards().size(); i++) {
            onLive(i, statements);
        }
    }

    void onLive(int shard, String... statements) throws SQLException {
        run(cluster.shard(shard), live, statements);
    }

    void onRestored(String... statements) throws SQLException {
        for (TestShard shard : cluster.shards()) {
            run(shard, restored, statements);
        }
    }

    private static void run(TestShard shard, String database, String... statements) throws SQLException {
        try (Connection connection = shard.superuser(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    String live(int shard, String query) throws SQLException {
        return first(cluster.shard(shard), live, query);
    }

    String restored(int shard, String query) throws SQLException {
        return first(cluster.shard(shard), restored, query);
    }

    private static String first(TestShard shard, String database, String query) throws SQLException {
        try (Connection connection = shard.superuser(database);
                Statement statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return String.valueOf(rows.getString(1));
        }
    }

    /** A digest of all rows of a table in the order of their text, the same on both sides when the rows are. */
    static String contents(String table) {
        return "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\"), '')) || ' ' || count(*)"
                + " FROM " + table + " t";
    }

    BackfillReport apply(String table, BackfillOptions options) throws HandoverException {
        return Backfill.run(shards(), TableName.parse(table), options.withApply(true), HandoverProgress.NONE);
    }

    @Override
    public void close() throws SQLException {
        for (TestShard shard : cluster.shards()) {
            shard.execute("DROP DATABASE " + live + " WITH (FORCE)");
            shard.execute("DROP DATABASE " + restored + " WITH (FORCE)");
        }
    }
}
