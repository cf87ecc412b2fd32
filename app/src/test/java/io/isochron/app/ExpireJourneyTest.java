package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Lease;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Pin;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.testkit.ChildJvm;
import io.isochron.testkit.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Retention as a person meets it: days are seconds here. */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class ExpireJourneyTest {
    private static final int ROUNDS = 4;

    @Test
    void whatIsPromisedStaysWhateverHappensAndTheRestGoes() throws Exception {
        try (TestCluster cluster = TestCluster.start(2, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            configure(home, cluster, "retention: 30d");
            ok(host, "init", "--key-kept");
            List<Instant> moments = capture(home, host, cluster);

            // the first thing that the repository is told is generous
            ok(host, "expire", "--apply");
            assertThat(host.out()).contains("removed: ");
            configure(home, cluster, "retention: 7s, daily: 1d, buffer: 1s");
            assertThat(host.run("expire")).as(host.all()).isEqualTo(ExitCode.REFUSED.number());
            assertThat(host.err()).contains("promises less", "--promise-less");

            Set<String> before = data(home);
            ok(host, "expire", "--promise-less", "--price", "0.02");
            assertThat(host.out()).contains("nothing was changed", "(daily, snapshot ", "log volume", "a month");
            assertThat(data(home)).isEqualTo(before);
            Matcher daily =
                    Pattern.compile("kept +(\\S+) \\(daily, snapshot (\\w+)\\)").matcher(host.out());
            assertThat(daily.find()).isTrue();
            explained(host, before, daily.group(2));

            Set<String> left = killedOnce(home, cluster);
            pinned(home, host);
            ok(host, "expire", "--apply", "--promise-less");
            assertThat(host.out()).doesNotContain("NOT removed").contains("wal ", "snapshot ");
            assertThat(data(home)).as("as after a run that was killed").isEqualTo(left);
            assertThat(data(home).size()).isLessThan(before.size() * 9 / 10);
            ok(host, "expire", "--apply");
            assertThat(data(home)).isEqualTo(left);
            ok(host, "verify");
            ok(host, "info");
            assertThat(host.out()).contains(daily.group(1) + " to " + daily.group(1));

            restored(host, daily.group(1), "daily");
            restored(host, moments.getLast().toString(), "late");
            // between the two nothing is promised
            assertThat(host.run("restore", "--target", moments.get(1).toString(), "--to", "no"))
                    .as(host.all())
                    .isEqualTo(ExitCode.REFUSED.number());
            assertThat(host.err()).contains("retention gave it up", "every moment from");
        }
    }

    /** Captures for some seconds, with a snapshot in each round; the moments lie between them. */
    private static List<Instant> capture(Path home, TestHost host, TestCluster cluster) throws Exception {
        for (int i = 0; i < 2; i++) {
            cluster.shard(i).execute("create table t (n int, filler text)");
        }
        TestHost capturing = new TestHost(home);
        Cancellation cancellation = new Cancellation();
        Thread capture = Thread.ofPlatform().start(() -> capturing.run(cancellation, "capture"));
        AtomicBoolean writing = new AtomicBoolean(true);
        Thread writer = Thread.ofPlatform().start(() -> write(cluster, writing));
        List<Instant> moments = new ArrayList<>();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                awaitCapture(host);
                ok(host, "backup");
                Thread.sleep(round == ROUNDS - 1 ? 10_000 : 4_000);
                moments.add(Instant.now().minusSeconds(2));
            }
            // the safe time follows
            Thread.sleep(4_000);
        } finally {
            writing.set(false);
            writer.join();
            cancellation.request();
            capture.join();
        }
        return moments;
    }

    private static void awaitCapture(TestHost host) throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            if (host.run("info") == 0 && !host.out().contains("none yet")) {
                return;
            }
            Thread.sleep(200);
        }
        throw new AssertionError("nothing is captured: " + host.all());
    }

    private static void write(TestCluster cluster, AtomicBoolean writing) {
        try {
            while (writing.get()) {
                for (int i = 0; i < 2; i++) {
                    cluster.shard(i).execute("insert into t select n, repeat('x', 500) from generate_series(1, 200) n");
                }
                Thread.sleep(100);
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void explained(TestHost host, Set<String> objects, String daily) {
        ok(host, "why", first(objects, "wal/"));
        assertThat(host.out()).contains("daily moment", daily);
        ok(host, "why", "snapshot/" + daily);
        assertThat(host.out()).contains("kept for daily moment");
        ok(
                host,
                "why",
                new TreeSet<>(objects.stream()
                                .filter(name -> name.startsWith("wal/"))
                                .toList())
                        .last());
        assertThat(host.out()).contains("needed to reach every moment of the window");
        ok(host, "why", "audit/0000000000");
        assertThat(host.out()).contains("for as long as the repository");
        assertThat(host.run("why", "somewhere/else")).isEqualTo(ExitCode.FAILED.number());
        assertThat(objects.stream().filter(name -> name.startsWith("wal/")).anyMatch(name -> {
                    ok(host, "why", name);
                    return host.out().contains("`isochron expire --apply` removes it");
                }))
                .isTrue();
    }

    /** A copy of the repository in which an expiry is killed while it removes, and done again; returns what is left. {@code ExpiryCrashTest} in upkeep kills at every place. */
    private static Set<String> killedOnce(Path home, TestCluster cluster) throws Exception {
        Path copy = Files.createDirectory(home.resolve("killed"));
        configure(copy, cluster, "retention: 7s, daily: 1d, buffer: 1s");
        copy(home.resolve("repository"), copy.resolve("repository"));
        Files.copy(home.resolve("key"), copy.resolve("key"));
        try (ChildJvm child = ChildJvm.start(
                Main.class,
                copy.resolve("log"),
                List.of("-Disochron.crash=expire.wal#3"),
                List.of("expire", "--apply", "--promise-less", "--config", copy + "/isochron.yaml"))) {
            assertThat(child.await(Duration.ofMinutes(2))).as(child.output()).isEqualTo(CrashPoint.STATUS);
        }
        TestHost again = new TestHost(copy);
        ok(again, "expire", "--apply", "--promise-less");
        ok(again, "verify");
        Set<String> left = data(copy);
        delete(copy);
        return left;
    }

    /** What somebody reads stays until it is read. */
    private static void pinned(Path home, TestHost host) throws Exception {
        try (FileSystemStore store = FileSystemStore.open(home.resolve("repository"))) {
            Repository repository = Repository.open(store, RepositoryKey.load(home.resolve("key")));
            String shard = repository.cluster().shards().getFirst().name();
            Pin pin = new Pin(List.of(), Map.of(shard, new Positions(0, -1L)));
            Set<String> wal = wal(data(home));
            try (Lease lease = repository
                    .leases()
                    .take(
                            Pin.RESOURCE + "test",
                            LeaseHolder.self("elsewhere", "test"),
                            Duration.ofHours(1),
                            pin.toJson(),
                            Clock.systemUTC())) {
                ok(host, "expire", "--apply", "--promise-less");
                assertThat(host.out()).contains("being read  by 1 restore");
                assertThat(wal(data(home))).isEqualTo(wal);
                ok(host, "why", first(wal, "wal/"));
                assertThat(host.out()).contains("is being read by a restore of");
                lease.renew();
            }
        }
    }

    /** Restores, which proves itself or fails. */
    private static void restored(TestHost host, String moment, String name) {
        try {
            ok(host, "restore", "--target", moment, "--to", name);
        } finally {
            host.run("restored", name, "--stop");
        }
    }

    private static void configure(Path home, TestCluster cluster, String objectives) throws IOException {
        Files.writeString(home.resolve("isochron.yaml"), """
                cluster: journey
                repository: {path: repository, key-file: key}
                objectives: {%s}
                shards:
                  - {name: %s, connection: '%s'}
                  - {name: %s, connection: '%s'}
                """.formatted(
                        objectives,
                        cluster.shard(0).name(),
                        cluster.shard(0).connectionString(),
                        cluster.shard(1).name(),
                        cluster.shard(1).connectionString()));
    }

    /** Names of the objects that retention is about. */
    private static Set<String> data(Path home) throws IOException {
        Set<String> names = new TreeSet<>();
        Path store = home.resolve("repository");
        for (String folder : List.of("wal", "chronicle", "ledger", "pack", "manifest", "snapshot")) {
            if (!Files.exists(store.resolve(folder))) {
                // no minute of the ledger is over yet
                continue;
            }
            try (Stream<Path> files = Files.walk(store.resolve(folder))) {
                files.filter(Files::isRegularFile)
                        .map(file -> store.relativize(file).toString())
                        .forEach(names::add);
            }
        }
        return names;
    }

    private static Set<String> wal(Set<String> names) {
        return new TreeSet<>(
                names.stream().filter(name -> name.startsWith("wal/s0001/")).toList());
    }

    private static String first(Set<String> names, String prefix) {
        return names.stream()
                .filter(name -> name.startsWith(prefix))
                .findFirst()
                .orElseThrow();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
