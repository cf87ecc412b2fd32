package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Compaction of what a real shard wrote, while its capture goes on. */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class CompactJourneyTest {
    @Test
    void aClusterIsRestoredAndProvenFromCompactedWal() throws Exception {
        try (TestCluster cluster = TestCluster.start(1, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            TestShard shard = cluster.shard(0);
            Files.writeString(home.resolve("isochron.yaml"), """
                    cluster: journey
                    repository:
                      path: repository
                      key-file: key
                    shards:
                      - {name: %s, connection: '%s'}
                    """.formatted(shard.name(), shard.connectionString()));
            shard.execute("CREATE TABLE orders (id serial PRIMARY KEY, note text)");
            ok(host, "init", "--key-kept");
            TestHost capturing = new TestHost(home);
            Cancellation cancellation = new Cancellation();
            Thread capture = Thread.ofPlatform().start(() -> capturing.run(cancellation, "capture"));
            try {
                ok(host, "backup");
                orders(shard);
                ok(host, "cut", "--at", "latest", "--certificate", "cut.json");
                long before = walObjects(home);
                assertThat(before).isGreaterThan(10);
                TestHost later = new TestHost(home).ahead(Duration.ofHours(1));
                ok(host, "compact");
                assertThat(host.out()).as("what is new stays").contains("nothing was changed");
                assertThat(walObjects(home)).isGreaterThanOrEqualTo(before);
                ok(later, "compact", "--apply", "--size", "4", "--output", "json");
                assertThat(later.out()).contains("\"applied\" : true");
                assertThat(walObjects(home)).isLessThan(before / 2);
                orders(shard);
                ok(host, "verify");
                ok(host, "cut", "verify", "cut.json");
                ok(host, "restore", "--target", "latest", "--to", "restored");
                assertThat(host.out()).contains("restored and proven", "000 rows are as the WAL says");
            } finally {
                cancellation.request();
                capture.join();
                host.run("restored", "restored", "--stop");
            }
            TestHost later = new TestHost(home).ahead(Duration.ofHours(1));
            ok(later, "compact", "--apply", "--size", "4");
            ok(host, "verify");
            ok(host, "audit");
            assertThat(host.out()).contains("compact");
            assertThat(host.run("compact", "--settle", "1s")).isEqualTo(ExitCode.USAGE.number());
        }
    }

    private static void orders(TestShard shard) throws Exception {
        for (int i = 0; i < 12; i++) {
            shard.execute("INSERT INTO orders (note) SELECT repeat('x', 100) FROM generate_series(1, 3000)");
            Thread.sleep(600);
        }
    }

    private static long walObjects(Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve("repository").resolve("wal"))) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
