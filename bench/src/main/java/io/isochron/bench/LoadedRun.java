package io.isochron.bench;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.CaptureStatus;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.FenceStatus;
import io.isochron.capture.ServerIdentity;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SnapshotService;
import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.ChronicleReader;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import io.isochron.workload.XaWorkload;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A production cluster that was under load while it was captured: what it left in the repository, and what its clients were told. The
 * servers are stopped when {@link #record} returns.
 */
public final class LoadedRun implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration FENCE_LIMIT = Duration.ofMillis(50);

    private final Path directory;
    private final Repository repository;
    private final Bank bank;
    private final List<Acknowledged> acknowledged;
    private final int clockSteps;
    private final int failovers;
    private final String notes;
    private final long fences;

    private LoadedRun(
            Path directory,
            Repository repository,
            Bank bank,
            List<Acknowledged> acknowledged,
            int clockSteps,
            int failovers,
            String notes,
            long fences) {
        this.clockSteps = clockSteps;
        this.failovers = failovers;
        this.notes = notes;
        this.fences = fences;
        this.directory = directory;
        this.repository = repository;
        this.bank = bank;
        this.acknowledged = acknowledged;
    }

    /** Runs a cluster under load; snapshots are taken at its beginning and in its middle. */
    public static LoadedRun record(CampaignOptions options) throws Exception {
        boolean skewed = options.skewSeconds() > 0;
        // a standby that is promoted must still have what capture has not
        ClusterOptions defaults =
                options.failovers() > 0 ? ClusterOptions.defaults().keepingWal() : ClusterOptions.defaults();
        try (TestCluster cluster = TestCluster.start(
                        options.shards(), options.postgres(), skewed ? defaults.withFakeClocks() : defaults);
                ClockStepper clocks = skewed ? new ClockStepper(cluster, options.skewSeconds(), options.seed()) : null;
                Failovers failovers = Failovers.prepare(cluster, options)) {
            Path directory = TempDirs.create("isochron-campaign-", cluster.runAs());
            boolean recorded = false;
            try {
                List<ShardSource> sources = new ArrayList<>();
                List<ShardIdentity> identities = new ArrayList<>();
                for (TestShard shard : cluster.shards()) {
                    sources.add(new ShardSource(shard.name(), failovers.settings(sources.size()), "isochron"));
                    try (ReplicationConnection connection =
                            ReplicationConnection.open(ConnectionSettings.parse(shard.connectionString(), Map.of()))) {
                        identities.add(ServerIdentity.of(connection).toShardIdentity(shard.name()));
                    }
                }
                Repository repository = Repository.init(
                        FileSystemStore.create(directory.resolve("repository")),
                        RepositoryKey.generate(directory.resolve("key")),
                        new ClusterIdentity(UUID.randomUUID(), "campaign", identities),
                        Instant.now());
                Bank bank = Bank.of(options.shards());
                XaWorkload.createBank(failovers.xaDataSources(), bank);
                List<Acknowledged> acknowledged;
                String notes;
                long fences;
                try (ClusterCapture capture = new ClusterCapture(sources, repository, capturing(options, directory))) {
                    capture.start();
                    if (options.fenceMillis() > 0) {
                        failovers.requireCapture();
                    }
                    if (clocks != null) {
                        clocks.start();
                    }
                    try (Traffic traffic = Traffic.start(options, failovers.xaDataSources(), bank)) {
                        SnapshotService.backup(
                                sources, repository, BackupOptions.defaults(), BackupProgress.Listener.NONE);
                        Duration half = options.load().dividedBy(2);
                        sleepWithFailovers(failovers, Duration.ZERO, half);
                        SnapshotService.backup(
                                sources, repository, BackupOptions.defaults(), BackupProgress.Listener.NONE);
                        sleepWithFailovers(failovers, half, options.load());
                        traffic.stop();
                        acknowledged = traffic.acknowledged();
                        notes = traffic.notes();
                    }
                    awaitSafe(repository, capture, Instant.now());
                    fences = capture.fences().map(FenceStatus::taken).orElse(0L);
                }
                recorded = true;
                return new LoadedRun(
                        directory,
                        repository,
                        bank,
                        acknowledged,
                        clocks == null ? 0 : clocks.steps(),
                        failovers.done(),
                        notes,
                        fences);
            } finally {
                if (!recorded) {
                    TempDirs.delete(directory);
                }
            }
        }
    }

    private static CaptureOptions capturing(CampaignOptions options, Path directory) {
        return options.fenceMillis() == 0
                ? CaptureOptions.defaults()
                : CaptureOptions.defaults()
                        .withSynchronous(new CaptureOptions.Synchronous(
                                directory.resolve("spool"),
                                Duration.ofMillis(options.fenceMillis()),
                                FENCE_LIMIT,
                                Duration.ofMinutes(10)));
    }

    /** Lets a part of the load pass; the failovers whose turn is in it or was before happen meanwhile. */
    private static void sleepWithFailovers(Failovers failovers, Duration from, Duration until)
            throws IOException, SQLException, InterruptedException {
        long began = System.nanoTime() - from.toNanos();
        Duration next = failovers.next();
        while (next != null && next.compareTo(until) < 0) {
            sleepUntil(began, next);
            failovers.failOver();
            next = failovers.next();
        }
        sleepUntil(began, until);
    }

    private static void sleepUntil(long began, Duration until) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(began + until.toNanos() - System.nanoTime());
    }

    static void awaitSafe(Repository repository, ClusterCapture capture, Instant moment)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (new ChronicleReader(repository)
                .window(moment.minusSeconds(10), null)
                .latestMoment()
                .filter(latest -> latest.isAfter(moment))
                .isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("what can be restored does not reach " + moment + ": "
                        + capture.status().stream()
                                .map(CaptureStatus::lastError)
                                .toList());
            }
            Thread.sleep(100);
        }
    }

    /** Where the run lies; restores may go below it. */
    public Path directory() {
        return directory;
    }

    public Repository repository() {
        return repository;
    }

    public Bank bank() {
        return bank;
    }

    /** Every commit that clients were told of. */
    public List<Acknowledged> acknowledged() {
        return acknowledged;
    }

    /** How often a shard's clock was stepped. */
    public int clockSteps() {
        return clockSteps;
    }

    /** How often a shard lost its primary and went on with its standby. */
    public int failovers() {
        return failovers;
    }

    /** What the traffic was like, for people; empty if there is nothing to say. */
    public String notes() {
        return notes;
    }

    /** How many fences were taken. */
    public long fences() {
        return fences;
    }

    /** Removes everything. */
    @Override
    public void close() throws IOException {
        TempDirs.delete(directory);
    }
}
