package io.isochron.demo;

import io.isochron.capture.CaptureOptions;
import io.isochron.capture.CaptureState;
import io.isochron.capture.CaptureStatus;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.ServerIdentity;
import io.isochron.capture.ShardSource;
import io.isochron.instance.EmbeddedBinaries;
import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.RunAs;
import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import io.isochron.workload.Bank;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.xa.PGXADataSource;

/** Everything that runs during the demo: production, its traffic, the repository and capture. Closing ends all of it. */
final class Stage implements AutoCloseable {
    private static final String CLUSTER = "bank";
    private static final String SLOT = "isochron";
    private static final int CLIENTS = 4;
    private static final Duration CAPTURE_PATIENCE = Duration.ofMinutes(2);

    private final DemoOptions options;
    private final Path directory;
    private final RunAs runAs;
    private final Bank bank;
    private @Nullable ProductionShards production;
    private @Nullable Repository repository;
    private @Nullable ClusterCapture capture;
    private @Nullable RpoMeter rpo;
    private @Nullable XaWorkload traffic;

    Stage(DemoOptions options) throws IOException {
        this.options = options;
        this.runAs = RunAs.current();
        this.bank = Bank.of(options.shards());
        Path keep = options.keep();
        this.directory = keep == null ? TempDirs.create("isochron-demo-", runAs) : prepared(keep.toAbsolutePath());
    }

    private static Path prepared(Path keep) throws IOException {
        if (Files.exists(keep)) {
            try (var entries = Files.list(keep)) {
                if (entries.findAny().isPresent()) {
                    throw new IllegalArgumentException("directory '" + keep
                            + "' given with --keep is not empty\nhint: name one that is empty or does not exist yet.");
                }
            }
        } else {
            Files.createDirectories(
                    keep, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
        }
        return keep;
    }

    Path directory() {
        return directory;
    }

    Path restoredDirectory() {
        return directory.resolve("restored");
    }

    Bank bank() {
        return bank;
    }

    /** Starts PostgreSQL and fills the bank. */
    void startProduction() throws Exception {
        Path home = Files.createDirectory(directory.resolve("production"));
        runAs.own(home);
        PostgresInstallation installation = EmbeddedBinaries.installation(options.postgresMajor());
        production = ProductionShards.start(installation, home, directory.resolve("pgpass"), options.shards());
        XaWorkload.createBank(sources(), bank);
        Parallel.forEach(shardNumbers(), shard -> {
            try (Connection connection = production().administrator(shard)) {
                SchemaChanges.prepare(connection);
            }
        });
    }

    /** Writes the configuration with which the program's other commands can look at this repository. */
    private void writeConfiguration() throws IOException {
        StringBuilder yaml = new StringBuilder(
                "cluster: " + CLUSTER + "\nrepository:\n  path: repository\n  key-file: isochron.key\nshards:\n");
        for (int shard : shardNumbers()) {
            yaml.append("  - name: ").append(ProductionShards.name(shard)).append('\n');
            yaml.append("    connection: ")
                    .append(production().connectionString(shard, ProductionShards.CAPTURE_ROLE))
                    .append('\n');
            yaml.append("    slot: ").append(SLOT).append('\n');
        }
        Files.writeString(directory.resolve("isochron.yaml"), yaml);
    }

    /** Makes the key and the repository, and lets capture run until every shard streams. */
    void startCapture() throws IOException, InterruptedException {
        List<ShardIdentity> identities = new ArrayList<>();
        for (ShardSource source : shardSources()) {
            try (ReplicationConnection connection = ReplicationConnection.open(source.settings())) {
                identities.add(ServerIdentity.of(connection).toShardIdentity(source.name()));
            }
        }
        RepositoryKey key = RepositoryKey.generate(directory.resolve("isochron.key"));
        repository = Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                key,
                new ClusterIdentity(UUID.randomUUID(), CLUSTER, identities),
                Instant.now());
        writeConfiguration();
        ClusterCapture running = new ClusterCapture(shardSources(), repository(), CaptureOptions.defaults());
        capture = running;
        running.start();
        long deadline = System.nanoTime() + CAPTURE_PATIENCE.toNanos();
        while (!running.status().stream().allMatch(shard -> shard.safeTime() != null)) {
            for (CaptureStatus shard : running.status()) {
                if (shard.state() == CaptureState.FAILED || System.nanoTime() > deadline) {
                    throw new IOException("capture of " + shard.shard() + " does not run: " + shard.lastError());
                }
            }
            Thread.sleep(20);
        }
        rpo = new RpoMeter(running);
    }

    void startTraffic() throws SQLException {
        traffic = XaWorkload.start(
                sources(), bank, WorkloadOptions.of(options.seed()).withClients(CLIENTS));
    }

    /** One two-phase data source per shard, as an application would have it. */
    List<PGXADataSource> sources() {
        List<PGXADataSource> all = new ArrayList<>();
        for (int shard : shardNumbers()) {
            ConnectionSettings settings = settings(shard, ProductionShards.BANK_ROLE);
            PGXADataSource source = new PGXADataSource();
            source.setUrl(settings.toJdbcUrl());
            source.setUser(ProductionShards.BANK_ROLE);
            source.setPassword(settings.toJdbcProperties().getProperty("password"));
            all.add(source);
        }
        return all;
    }

    List<ShardSource> shardSources() {
        List<ShardSource> all = new ArrayList<>();
        for (int shard : shardNumbers()) {
            all.add(new ShardSource(
                    ProductionShards.name(shard), settings(shard, ProductionShards.CAPTURE_ROLE), SLOT));
        }
        return all;
    }

    private ConnectionSettings settings(int shard, String role) {
        return ConnectionSettings.parse(production().connectionString(shard, role), Map.of());
    }

    /** The shards' indexes from 0. */
    List<Integer> shardNumbers() {
        return java.util.stream.IntStream.range(0, options.shards()).boxed().toList();
    }

    ProductionShards production() {
        return running(production, "production");
    }

    Repository repository() {
        return running(repository, "repository");
    }

    XaWorkload traffic() {
        return running(traffic, "traffic");
    }

    RpoMeter rpo() {
        return running(rpo, "measurement of RPO");
    }

    private static <T> T running(@Nullable T thing, String what) {
        if (thing == null) {
            throw new IllegalStateException("the demo's " + what + " has not been started");
        }
        return thing;
    }

    /** Ends traffic, capture and servers, and removes everything unless it is to be kept. */
    @Override
    @SuppressWarnings("try") // resources are closed from last to first; that is all they are named for
    public void close() throws IOException, SQLException {
        try (ProductionShards servers = production;
                ClusterCapture receivers = capture;
                RpoMeter meter = rpo;
                XaWorkload clients = traffic) {
            // nothing else to do
        } finally {
            removeFiles();
        }
    }

    private void removeFiles() throws IOException {
        if (options.keep() == null) {
            TempDirs.delete(directory);
        }
    }
}
