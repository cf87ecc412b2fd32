package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The way through an incident that docs/cli.md describes, by the real commands on real PostgreSQL. */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class CliJourneyTest {
    private static final int ROWS = 300;

    @Test
    void anIncidentIsCapturedFoundRewoundProvenAndGivenBackByCommands() throws Exception {
        try (TestCluster cluster = TestCluster.start(2, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            Files.writeString(home.resolve("isochron.yaml"), configuration(cluster));
            for (TestShard shard : cluster.shards()) {
                shard.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)");
                shard.execute("INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, " + ROWS + ") n");
            }
            ok(host, "init", "--key-kept");
            assertThat(host.run("init", "--key-kept")).as(host.all()).isEqualTo(ExitCode.REPOSITORY.number());
            ok(host, "check");
            assertThat(host.run("plan", "--target", "latest")).as(host.all()).isEqualTo(ExitCode.REFUSED.number());

            TestHost capturing = new TestHost(home);
            Cancellation cancellation = new Cancellation();
            AtomicInteger captureCode = new AtomicInteger(-1);
            Thread capture = Thread.ofPlatform()
                    .start(() -> captureCode.set(capturing.run(cancellation, "capture", "--output", "json")));
            try {
                ok(host, "backup", "--label", "journey");
                incident(cluster);
                String target = awaitIncident(host);
                new FindJourney(host, cluster).ask();
                for (TestShard shard : cluster.shards()) {
                    shard.execute("INSERT INTO orders VALUES (1000, 'later')");
                }
                Map<?, ?> plan = json(host, "plan", "--target", target, "--output", "json");
                assertThat(plan.get("grade")).asString().isEqualToIgnoringCase("atomic");

                CutJourney cuts = new CutJourney(host, home);
                cuts.at(target, plan);
                cuts.certificate(target);

                Map<?, ?> restore = json(host, "restore", "--target", target, "--to", "rewound", "--output", "json");
                assertThat(restore.get("held")).as(host.all()).isEqualTo(true);
                assertThat(host.run("restore", "--target", target, "--to", "shard1"))
                        .as(host.all())
                        .isEqualTo(ExitCode.REFUSED.number());

                String[] backfill = {
                    "backfill",
                    "--from",
                    "rewound",
                    "--table",
                    "orders",
                    "--user",
                    "postgres",
                    "--incident",
                    target,
                    "--output",
                    "json"
                };
                Map<?, ?> dry = json(host, backfill);
                assertThat(dry.get("applied")).isEqualTo(false);
                assertThat(dry.get("inserted")).isEqualTo(2 * ROWS);
                assertThat(cluster.shard(0).query("SELECT count(*) FROM orders"))
                        .isEqualTo("1");
                String[] apply =
                        Stream.concat(Stream.of(backfill), Stream.of("--apply")).toArray(String[]::new);
                assertThat(json(host, apply).get("inserted")).isEqualTo(2 * ROWS);
                for (TestShard shard : cluster.shards()) {
                    assertThat(shard.query("SELECT count(*) FROM orders")).isEqualTo(Integer.toString(ROWS + 1));
                }
                assertThat(json(host, apply).get("inserted")).isEqualTo(0);
                ok(host, "release", "rewound");
                ok(host, "restored", "rewound", "--stop");
                ok(host, "history");
                ok(host, "info");
                ok(host, "cut");
            } finally {
                cancellation.request();
                capture.join();
                host.run("restored", "rewound", "--stop");
            }
            assertThat(captureCode.get()).as(capturing.all()).isZero();
            ok(host, "verify");
            ok(host, "key", "rotate", "--apply");
            assertThat(json(host, "plan", "--target", "latest", "--output", "json")
                            .get("grade"))
                    .isNotNull();
            ok(host, "verify");
            Map<?, ?> audit = json(host, "audit", "--output", "json");
            assertThat(audit.get("open")).isEqualTo(List.of());
            List<String> audited = new ArrayList<>();
            for (Object entry : (List<?>) audit.get("entries")) {
                audited.add(String.valueOf(((Map<?, ?>) entry).get("command")));
            }
            assertThat(audited)
                    .contains("init", "capture", "backup", "plan", "cut", "restore", "backfill", "release", "verify");
            HiddenContents.check(
                    home.resolve("repository"),
                    List.of("orders", "shard1", "shard2", "journey", "postgres", "pg_catalog", "delete"));
            damageAllWal(home.resolve("repository"));
            assertThat(host.run("verify")).as(host.all()).isEqualTo(ExitCode.DAMAGED.number());
            new CutJourney(host, home).damaged();
        }
    }

    private static String configuration(TestCluster cluster) {
        StringBuilder yaml =
                new StringBuilder("cluster: journey\nrepository: {path: repository, key-file: key}\nshards:\n");
        for (TestShard shard : cluster.shards()) {
            yaml.append("  - {name: ")
                    .append(shard.name())
                    .append(", connection: '")
                    .append(shard.connectionString())
                    .append("'}\n");
        }
        return yaml.append("invariants:\n  - {name: orders, kind: sum, sql: select count(*) from orders, expected: ")
                .append(2 * ROWS)
                .append("}\n")
                .toString();
    }

    /** One cross-shard transaction deletes everything. */
    private static void incident(TestCluster cluster) throws Exception {
        List<Connection> connections = new ArrayList<>();
        try {
            for (TestShard shard : cluster.shards()) {
                Connection connection = shard.superuser("postgres");
                connections.add(connection);
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement()) {
                    statement.execute("DELETE FROM orders");
                    statement.execute(
                            "PREPARE TRANSACTION '7_YmFk_" + (connections.size() == 1 ? "YQ==" : "Yg==") + "'");
                }
                connection.setAutoCommit(true);
            }
            for (int i = 0; i < connections.size(); i++) {
                try (Statement statement = connections.get(i).createStatement()) {
                    statement.execute("COMMIT PREPARED '7_YmFk_" + (i == 0 ? "YQ==" : "Yg==") + "'");
                }
            }
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static String awaitIncident(TestHost host) {
        List<String> targets = new ArrayList<>();
        await().atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    Map<?, ?> found = json(host, "find", "--since", "10m", "--table", "orders", "--output", "json");
                    for (Object incident : (List<?>) found.get("incidents")) {
                        Map<?, ?> one = (Map<?, ?>) incident;
                        if (one.get("rowsDeleted").equals(2 * ROWS)) {
                            targets.add((String) one.get("target"));
                        }
                    }
                    return !targets.isEmpty()
                            && host.run("plan", "--target", targets.getFirst()) == ExitCode.OK.number();
                });
        return targets.getFirst();
    }

    private static void damageAllWal(Path repository) throws Exception {
        List<Path> victims;
        try (Stream<Path> files = Files.walk(repository.resolve("wal"))) {
            victims = files.filter(Files::isRegularFile).toList();
        }
        for (Path victim : victims) {
            byte[] bytes = Files.readAllBytes(victim);
            bytes[bytes.length / 2] ^= 1;
            Path copy = victim.resolveSibling("copy");
            Files.write(copy, bytes);
            Files.move(copy, victim, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }

    private static Map<?, ?> json(TestHost host, String... args) {
        ok(host, args);
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }
}
