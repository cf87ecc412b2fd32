package io.isochron.bench;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.CaptureState;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.FenceStatus;
import io.isochron.capture.ServerIdentity;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SnapshotService;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The phases of {@code bench/fences}. */
final class FenceBench implements AutoCloseable {
    private static final Path RECEIVER = Path.of("/usr/lib/postgresql/15/bin/pg_receivewal");
    private static final int SHARDS = 2;
    private static final Duration NEVER = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /**
     * What to do.
     *
     * @param warmUpSeconds how long capture runs under the same load before anything is measured: it is made to run for months, and its first minute is mostly the JVM's compiler
     * @param seconds of each of the three phases of a round
     * @param rounds whose phases come in turns in one order and in the opposite one
     */
    record Options(long warmUpSeconds, long seconds, int rounds, int clients, int fences, int restores, int postgres) {}

    /**
     * What came out.
     *
     * @param line the figures by name
     * @param inversions rows found inside a fence without their cause
     */
    record Result(Map<String, Object> line, List<String> inversions) {}

    private final Options options;
    private final TestCluster cluster;
    private final Repository repository;
    private final List<ShardSource> sources = new ArrayList<>();
    private final List<FenceStatus> fenced = new ArrayList<>();

    private FenceBench(Options options) throws IOException {
        this.options = options;
        this.cluster = TestCluster.start(
                SHARDS, options.postgres(), ClusterOptions.defaults().with("fsync", "on"));
        List<ShardIdentity> identities = new ArrayList<>();
        for (TestShard shard : cluster.shards()) {
            ConnectionSettings settings = ConnectionSettings.parse(shard.connectionString(), Map.of());
            sources.add(new ShardSource(shard.name(), settings, "isochron"));
            try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
                identities.add(ServerIdentity.of(connection).toShardIdentity(shard.name()));
            }
        }
        this.repository = Repository.init(
                FileSystemStore.create(cluster.directory().resolve("repository")),
                RepositoryKey.generate(cluster.directory().resolve("key")),
                new ClusterIdentity(UUID.randomUUID(), "fences", identities),
                Instant.now());
    }

    static Result run(Options options) throws Exception {
        try (FenceBench bench = new FenceBench(options)) {
            return bench.run();
        }
    }

    private Result run() throws Exception {
        try (CausalClients clients = CausalClients.start(cluster, options.clients())) {
            List<Double> peer = new ArrayList<>();
            List<Double> without = new ArrayList<>();
            List<Double> with = new ArrayList<>();
            boolean comparable = Files.isExecutable(RECEIVER) && options.postgres() <= 15;
            if (options.warmUpSeconds() > 0) {
                withCapture(clients, NEVER, 0, options.warmUpSeconds());
            }
            List<Callable<Void>> phases = new ArrayList<>();
            if (comparable) {
                phases.add(() -> add(peer, withPeer(clients)));
            }
            phases.add(() -> add(without, withCapture(clients, NEVER, 0, options.seconds())));
            phases.add(() -> add(with, withCapture(clients, Duration.ofSeconds(1), 0, options.seconds())));
            for (int round = 0; round < options.rounds(); round++) {
                for (Callable<Void> phase : round % 2 == 0 ? phases : phases.reversed()) {
                    phase.call();
                }
            }
            if (options.restores() > 0) {
                snapshot(clients);
            }
            withCapture(clients, Duration.ofMillis(100), options.fences(), 0);
            FenceCheck check = FenceCheck.of(repository, cluster, clients);
            List<String> inversions = new ArrayList<>(check.inversions());
            int restored = check.restore(options.restores(), options.postgres(), inversions);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", "fences");
            line.put("postgres", options.postgres());
            line.put("clients", options.clients());
            line.put("rounds", options.rounds());
            line.put("seconds", options.seconds());
            line.put("warm_up_seconds", options.warmUpSeconds());
            line.put("writes_per_second_without_fences", median(without));
            line.put("writes_per_second_with_fences", median(with));
            line.put("cost", round(1 - median(with) / median(without)));
            line.put("writes_per_second_pg_receivewal", peer.isEmpty() ? null : median(peer));
            line.put("ratio", peer.isEmpty() ? null : round(median(peer) / median(without)));
            line.put("rounds_without_fences", without);
            line.put("rounds_with_fences", with);
            line.put("rounds_pg_receivewal", peer);
            line.put(
                    "fences_taken",
                    fenced.stream().mapToLong(FenceStatus::taken).sum());
            line.put(
                    "fences_abandoned",
                    fenced.stream().mapToLong(FenceStatus::abandoned).sum());
            line.put(
                    "fences_unproven",
                    fenced.stream().mapToLong(FenceStatus::unproven).sum());
            line.put(
                    "pause_micros_median",
                    fenced.isEmpty() ? null : fenced.getLast().pauseMicrosMedian());
            line.put(
                    "pause_micros_max",
                    fenced.stream().mapToLong(FenceStatus::pauseMicrosMax).max().orElse(0));
            line.put("fences_checked", check.checked());
            line.put("fences_restored", restored);
            line.put("inverted", inversions.size());
            return new Result(line, inversions);
        }
    }

    private static @Nullable Void add(List<Double> rates, double rate) {
        rates.add(rate);
        return null;
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private double withPeer(CausalClients clients) throws Exception {
        List<Process> receivers = new ArrayList<>();
        try {
            for (TestShard shard : cluster.shards()) {
                Path target = cluster.directory().resolve("peer-" + shard.name() + "-" + System.nanoTime());
                Files.createDirectory(target);
                receivers.add(new ProcessBuilder(
                                RECEIVER.toString(),
                                "--synchronous",
                                "--no-password",
                                "-D",
                                target.toString(),
                                "-d",
                                shard.connectionString() + " application_name=isochron")
                        .redirectErrorStream(true)
                        .redirectOutput(target.resolveSibling(target.getFileName() + ".log")
                                .toFile())
                        .start());
            }
            return measured(clients, options.seconds());
        } finally {
            disarm();
            for (Process receiver : receivers) {
                receiver.destroy();
                receiver.waitFor(30, TimeUnit.SECONDS);
                receiver.destroyForcibly().waitFor();
            }
        }
    }

    /**
     * Runs with capture.
     *
     * @param fences run until so many were taken; 0 to measure
     * @param seconds how long to measure
     */
    private double withCapture(CausalClients clients, Duration interval, int fences, long seconds) throws Exception {
        CaptureOptions capturing = CaptureOptions.defaults()
                .withSynchronous(new CaptureOptions.Synchronous(
                        cluster.directory().resolve("spool"), interval, Duration.ofMillis(50), Duration.ofMinutes(10)));
        try (ClusterCapture capture = new ClusterCapture(sources, repository, capturing)) {
            capture.start();
            await(
                    "capture streams",
                    () -> capture.status().stream().allMatch(status -> status.state() == CaptureState.STREAMING));
            double rate;
            try {
                if (fences == 0) {
                    rate = measured(clients, seconds);
                } else {
                    arm();
                    clients.go();
                    await(
                            "fences are taken",
                            () -> capture.fences().orElseThrow().taken() >= fences);
                    clients.pause();
                    rate = 0;
                }
            } finally {
                // after a failure, clients may wait for a capture that is gone until they are let go
                disarm();
                clients.pause();
            }
            if (interval.compareTo(NEVER) < 0) {
                fenced.add(capture.fences().orElseThrow());
            }
            Instant now = Instant.now();
            await(
                    "everything is archived",
                    () -> capture.status().stream().allMatch(status -> {
                        Instant safe = status.safeTime();
                        return safe != null && safe.isAfter(now);
                    }));
            return rate;
        }
    }

    private double measured(CausalClients clients, long seconds) throws Exception {
        arm();
        clients.go();
        // every session has heard of the setting, and caches are warm
        Thread.sleep(2000);
        long before = clients.writes();
        long began = System.nanoTime();
        Thread.sleep(seconds * 1000);
        double rate = (clients.writes() - before) / ((System.nanoTime() - began) / 1e9);
        clients.pause();
        return Math.round(rate);
    }

    private void arm() throws Exception {
        for (TestShard shard : cluster.shards()) {
            await(
                    "a receiver streams",
                    () -> shard.query(
                                    "select count(*) from pg_stat_replication where application_name = 'isochron' and state = 'streaming'")
                            .equals("1"));
            shard.set("synchronous_standby_names", "isochron");
            await(
                    "it is synchronous",
                    () -> shard.query(
                                    "select count(*) from pg_stat_replication where application_name = 'isochron' and sync_state = 'sync'")
                            .equals("1"));
        }
    }

    private void disarm() throws SQLException {
        for (TestShard shard : cluster.shards()) {
            shard.set("synchronous_standby_names", "");
        }
    }

    private void snapshot(CausalClients clients) throws Exception {
        clients.pause();
        try (ClusterCapture capture = new ClusterCapture(sources, repository, CaptureOptions.defaults())) {
            capture.start();
            SnapshotService.backup(sources, repository, BackupOptions.defaults(), BackupProgress.Listener.NONE);
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() - until > 0) {
                throw new IOException(what + ": not in " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(20);
        }
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }
}
