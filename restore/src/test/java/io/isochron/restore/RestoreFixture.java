package io.isochron.restore;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SnapshotService;
import io.isochron.chronicle.Target;
import io.isochron.instance.EmbeddedBinaries;
import io.isochron.instance.PostgresInstance;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.ObjectStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;

/** Real shards, captured into a repository of their own; everything lies in the cluster's directory and goes with it. */
final class RestoreFixture implements AutoCloseable {
    final TestCluster cluster;
    final Path repositoryPath;
    final Path keyFile;
    private final RepositoryKey key;
    final Repository repository;
    final List<ShardSource> sources = new ArrayList<>();
    /** Shards that run and are not known to the repository. */
    final List<ShardSource> spare = new ArrayList<>();

    private ClusterCapture capture;
    private int targets;

    /** Makes the store of the repository. */
    interface StoreMaker {
        ObjectStore make(Path directory) throws IOException;
    }

    private RestoreFixture(TestCluster cluster, int members, StoreMaker stores) throws IOException {
        this.cluster = cluster;
        this.repositoryPath = cluster.directory().resolve("repository");
        this.keyFile = cluster.directory().resolve("key");
        RepositoryKey.generate(keyFile);
        this.key = RepositoryKey.load(keyFile);
        List<ShardIdentity> identities = new ArrayList<>();
        for (TestShard shard : cluster.shards()) {
            ShardSource source = new ShardSource(
                    shard.name(),
                    ConnectionSettings.parse(shard.connectionString(), Map.of()),
                    "isochron_" + shard.name());
            if (sources.size() == members) {
                spare.add(source);
                continue;
            }
            sources.add(source);
            identities.add(new ShardIdentity(
                    shard.name(),
                    systemIdentifier(shard),
                    cluster.major(),
                    cluster.options().walSegmentSizeMebibytes() << 20));
        }
        this.repository = Repository.init(
                stores.make(repositoryPath),
                key,
                new ClusterIdentity(UUID.randomUUID(), "test", identities),
                Instant.now());
        this.capture = newCapture();
    }

    static RestoreFixture start(int shards, int major) throws IOException {
        return start(shards, major, ClusterOptions.defaults());
    }

    static RestoreFixture start(int shards, int major, ClusterOptions options) throws IOException {
        return start(shards, shards, major, options);
    }

    /** Starts some shards of which only the first ones are members. */
    static RestoreFixture start(int shards, int members, int major, ClusterOptions options) throws IOException {
        return start(shards, members, major, options, FileSystemStore::create);
    }

    static RestoreFixture start(int shards, int members, int major, ClusterOptions options, StoreMaker stores)
            throws IOException {
        TestCluster cluster = TestCluster.start(shards, major, options);
        try {
            RestoreFixture fixture = new RestoreFixture(cluster, members, stores);
            fixture.capture.start();
            return fixture;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private ClusterCapture newCapture() throws IOException {
        return new ClusterCapture(
                sources,
                repository,
                CaptureOptions.defaults()
                        .withObjectAge(Duration.ofMillis(200))
                        .withIdleInterval(Duration.ofMillis(200))
                        .withReconnectPauseMax(Duration.ofMillis(100)));
    }

    private static String systemIdentifier(TestShard shard) throws IOException {
        try {
            return shard.query("select system_identifier from pg_control_system()");
        } catch (java.sql.SQLException e) {
            throw new IOException(e);
        }
    }

    String backup() throws IOException, InterruptedException {
        return SnapshotService.backup(sources, repository, BackupOptions.defaults(), BackupProgress.Listener.NONE)
                .snapshot()
                .id();
    }

    /** A moment of now, once every shard's archive is known to have reached it. */
    Instant moment() {
        Instant now = Instant.now();
        awaitSafe(now);
        return now;
    }

    void awaitSafe(Instant moment) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> new ChronicleReader(
                                repository, repository.membership().present())
                        .window(moment.minusSeconds(5), null)
                        .latestMoment()
                        .filter(latest -> latest.isAfter(moment.plusMillis(300)))
                        .isPresent());
    }

    RestorePlan plan(Target target) throws IOException {
        return new RestorePlanner(repository).plan(target, PlanOptions.defaults());
    }

    Path newTarget() {
        return cluster.directory().resolve("restored" + ++targets);
    }

    static RestoreOptions options(int major) throws IOException {
        return RestoreOptions.defaults()
                .withPostgresBin(EmbeddedBinaries.installation(major).bin());
    }

    RestoreOptions options() throws IOException {
        return options(cluster.major());
    }

    RestoreReport restore(RestorePlan plan, Path target, RestoreOptions options) throws IOException {
        return new ClusterRestore(repository).execute(plan, target, options, ProgressListener.NONE);
    }

    void stopShards() throws IOException {
        for (TestShard shard : cluster.shards()) {
            shard.stop(PostgresInstance.StopMode.FAST);
        }
    }

    ClusterCapture capture() {
        return capture;
    }

    void stopCapture() {
        capture.close();
    }

    void startCapture() throws IOException {
        capture = newCapture();
        capture.start();
    }

    @Override
    public void close() throws IOException {
        try {
            capture.close();
            for (int i = 1; i <= targets; i++) {
                stopServersBelow(cluster.directory().resolve("restored" + i));
            }
        } finally {
            cluster.close();
        }
    }

    private void stopServersBelow(Path target) throws IOException {
        if (Files.exists(target.resolve(RestoreJournal.FILE))) {
            for (ShardPlan shard :
                    RestoreJournal.load(target).orElseThrow().plan().shards()) {
                ShardPaths paths = new ShardPaths(target, shard.shard());
                if (Files.exists(paths.data().resolve("postmaster.pid"))) {
                    try (PostgresInstance instance = PostgresInstance.builder(
                                    EmbeddedBinaries.installation(cluster.major()), paths.data(), paths.root())
                            .build()) {
                        instance.attach();
                        instance.kill();
                    }
                }
            }
        }
    }
}
