package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What `find`, `history` and `info` answer while a cluster is captured: small deletions, branches of different size, changes of the schema. A part of {@link CliJourneyTest}. */
final class FindJourney {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final TestHost host;
    private final TestCluster cluster;

    FindJourney(TestHost host, TestCluster cluster) {
        this.host = host;
        this.cluster = cluster;
    }

    void ask() throws Exception {
        TestShard shard = cluster.shard(0);
        for (TestShard each : cluster.shards()) {
            each.execute("CREATE TABLE notes (id int PRIMARY KEY, note text)");
            each.execute("INSERT INTO notes SELECT n, repeat('x', 5000) FROM generate_series(1, 40) n");
        }
        // shards count their transactions alike: this one's are to have numbers that no other shard's have
        shard.execute("DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");
        long small = smallDeletion(shard);
        unequalBranches();
        Map<?, ?> bySmallXid = awaitOne("find", "--xid", Long.toString(small));
        assertThat(bySmallXid.get("rowsDeleted")).isEqualTo(2);
        assertThat(bySmallXid.get("target")).isEqualTo("before:" + shard.name() + ":" + small);
        awaitOne("find", "--table", "notes", "--rows", "2", "--limit", "9", "--xid", Long.toString(small));

        // the branches of one shard may be archived before those of the other
        Map<?, ?> unequal = awaitParts(2, "find", "--gid", "8_c21hbGw=");
        assertThat((List<?>) unequal.get("parts")).as(host.all()).hasSize(2);
        assertThat(unequal.get("rowsDeleted")).isEqualTo(11);

        shard.execute("ALTER TABLE notes RENAME TO remarks");
        shard.execute("SELECT pg_create_restore_point('before the release')");
        shard.execute("TRUNCATE remarks");

        Map<?, ?> truncated = awaitOne("find", "--kind", "truncated");
        // what the table was called just then is known only if somebody looked in between
        assertThat(table(truncated)).isIn("public.notes", "public.remarks");
        assertThat((Integer) truncated.get("rowsDeleted")).isBetween(25, 40);
        awaitEvents("truncated", "renamed", "restore_point", "created", "transaction");
        assertThat(host.run("history", "--output", "csv", "--every", "1m")).isZero();
        assertThat(host.out()).startsWith("kind,at,shard,").contains("table,").contains("public.orders");
        assertThat(host.run("history", "--every", "10s")).isEqualTo(ExitCode.USAGE.number());
        assertThat(host.run("info", "--output", "csv")).isEqualTo(ExitCode.USAGE.number());
        Map<?, ?> info = json("info", "--output", "json");
        assertThat((List<?>) info.get("recoverable")).as(host.all()).isNotEmpty();
        assertThat((List<?>) info.get("alarms")).isEmpty();
    }

    private static String table(Map<?, ?> incident) {
        Map<?, ?> part = (Map<?, ?>) ((List<?>) incident.get("parts")).getFirst();
        return (String) ((Map<?, ?>) ((List<?>) part.get("tables")).getFirst()).get("table");
    }

    private static long smallDeletion(TestShard shard) throws Exception {
        try (Connection connection = shard.superuser("postgres");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("DELETE FROM notes WHERE id <= 2");
            try (ResultSet row = statement.executeQuery("SELECT txid_current() & 4294967295")) {
                row.next();
                long xid = row.getLong(1);
                connection.commit();
                return xid;
            }
        }
    }

    /** One global transaction that deletes ten rows on one shard and a single one, too few to be listed, on the other. */
    private void unequalBranches() throws Exception {
        List<Connection> connections = new ArrayList<>();
        try {
            for (TestShard shard : cluster.shards()) {
                Connection connection = shard.superuser("postgres");
                connections.add(connection);
                boolean first = connections.size() == 1;
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement()) {
                    statement.execute("DELETE FROM notes WHERE id BETWEEN 11 AND " + (first ? 20 : 11));
                    statement.execute("PREPARE TRANSACTION '8_c21hbGw=_" + (first ? "YQ==" : "Yg==") + "'");
                }
                connection.setAutoCommit(true);
            }
            for (int i = 0; i < connections.size(); i++) {
                try (Statement statement = connections.get(i).createStatement()) {
                    statement.execute("COMMIT PREPARED '8_c21hbGw=_" + (i == 0 ? "YQ==" : "Yg==") + "'");
                }
            }
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private Map<?, ?> awaitOne(String... question) {
        return awaitParts(1, question);
    }

    private Map<?, ?> awaitParts(int least, String... question) {
        List<Object> found = new ArrayList<>();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(() -> {
            found.clear();
            found.addAll((List<?>) json(with(question)).get("incidents"));
            return !found.isEmpty()
                    && ((List<?>) ((Map<?, ?>) found.getFirst()).get("parts")).size() >= least
                    && !table((Map<?, ?>) found.getFirst()).startsWith("storage");
        });
        return (Map<?, ?>) found.getFirst();
    }

    private void awaitEvents(String... kinds) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
            List<Object> seen = new ArrayList<>();
            for (Object event : (List<?>)
                    json("history", "--rows", "10", "--output", "json").get("events")) {
                seen.add(((Map<?, ?>) event).get("kind"));
            }
            assertThat(seen).as(host.all()).contains((Object[]) kinds);
        });
    }

    private static String[] with(String... question) {
        List<String> all = new ArrayList<>(List.of(question));
        all.addAll(List.of("--since", "30m", "--output", "json"));
        return all.toArray(String[]::new);
    }

    private Map<?, ?> json(String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }
}
