package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.CrashPoint;
import io.isochron.testkit.ChildJvm;
import io.isochron.testkit.CrashPoints;
import io.isochron.testkit.Seeds;
import io.isochron.testkit.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Capture and backup are killed at every named place in them, again and again; what follows goes on, and nothing is missing. */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class CrashJourneyTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @Test
    void captureAndBackupGoOnWhereverTheyWereKilled() throws Exception {
        Random random = new Random(Seeds.seed());
        try (TestCluster cluster = TestCluster.start(1, 16)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            configure(home, cluster, "repository", "isochron_a");
            ok(host, "init", "--key-kept");
            cluster.shard(0).execute("create table t (n int)");
            AtomicBoolean writing = new AtomicBoolean(true);
            Thread writer = Thread.ofPlatform().start(() -> write(cluster, writing));
            // a minute of the ledger takes a minute: another capture, with a slot and a repository of its own, is at it
            // meanwhile
            Path other = Files.createDirectory(home.resolve("other"));
            configure(other, cluster, "repository", "isochron_other");
            TestHost otherHost = new TestHost(other);
            ok(otherHost, "init", "--key-kept");
            try (ChildJvm ledger = CrashPoints.start(
                    Main.class, log(other, "capture.ledger"), "capture.ledger", arguments(other, "capture"))) {
                Set<String> points = CrashPoints.named("capture", "store", "capture");
                assertThat(points).contains("capture.wal", "capture.segment", "capture.adopted", "capture.ledger");
                points.remove("capture.ledger");
                // what is to be adopted is left by a capture that was killed before
                points.remove("capture.adopted");
                for (String point : points) {
                    killed(home, point + "#" + (1 + random.nextInt(5)), "capture");
                }
                killed(home, "capture.wal#2", "capture");
                killed(home, "capture.adopted", "capture");
                Cancellation cancellation = new Cancellation();
                TestHost capturing = new TestHost(home);
                Thread capture = Thread.ofPlatform().start(() -> capturing.run(cancellation, "capture"));
                try {
                    backups(home, host);
                } finally {
                    cancellation.request();
                    capture.join();
                }
                assertThat(ledger.await(PATIENCE)).isEqualTo(CrashPoint.STATUS);
            } finally {
                writing.set(false);
                writer.join();
            }
            ok(otherHost, "capture", "--for", "2s");
            ok(otherHost, "verify");
            ok(host, "capture", "--for", "2s");
            ok(host, "verify");
            assertThat(host.out()).contains("it was begun and never published");
            ok(host, "restore", "--target", "latest", "--to", "restored");
            host.run("restored", "restored", "--stop");
        }
    }

    private static void backups(Path home, TestHost host) throws Exception {
        int published = 0;
        for (String point : CrashPoints.named("backup", "store", "capture")) {
            while (host.run("info") != 0 || host.out().contains("none yet")) {
                Thread.sleep(200);
            }
            killed(home, point, "backup");
            published += point.equals("backup.published") ? 1 : 0;
        }
        ok(host, "backup");
        assertThat(published).isOne();
        try (Stream<Path> snapshots = Files.list(home.resolve("repository/snapshot"))) {
            assertThat(snapshots.count()).isEqualTo(2);
        }
    }

    private static void killed(Path home, String point, String command) throws Exception {
        CrashPoints.run(Main.class, log(home, point), point, CrashPoint.STATUS, arguments(home, command));
    }

    private static Path log(Path home, String point) {
        return home.resolve("log-" + point.replace('#', '-'));
    }

    private static List<String> arguments(Path home, String command) {
        return List.of(command, "--config", home + "/isochron.yaml");
    }

    private static void write(TestCluster cluster, AtomicBoolean writing) {
        try {
            while (writing.get()) {
                cluster.shard(0).execute("insert into t select n from generate_series(1, 20) n");
                Thread.sleep(50);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void configure(Path home, TestCluster cluster, String repository, String slot) throws IOException {
        Files.writeString(home.resolve("isochron.yaml"), """
                cluster: journey
                repository: {path: %s, key-file: key}
                shards:
                  - {name: %s, connection: '%s', slot: %s}
                """.formatted(
                        repository, cluster.shard(0).name(), cluster.shard(0).connectionString(), slot));
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
