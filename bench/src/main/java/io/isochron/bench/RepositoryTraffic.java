package io.isochron.bench;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.ServerIdentity;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SnapshotService;
import io.isochron.capture.SnapshotSummary;
import io.isochron.chronicle.Target;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.MeteredStore;
import io.isochron.objects.StoreMetrics;
import io.isochron.objects.StoreMetrics.Operation;
import io.isochron.objects.Timing;
import io.isochron.restore.ClusterRestore;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.ProgressListener;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.RestoreReport;
import io.isochron.restore.RestoredCluster;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What capture, backup and restore of one shard ask of the store. */
final class RepositoryTraffic {
    /** Bytes of one of pgbench's accounts with what its index has of it. */
    private static final int ROW_BYTES = 150;

    private RepositoryTraffic() {}

    static Map<String, Object> measure(
            TestCluster cluster, Path directory, long mebibytes, long walMebibytes, long seed) throws Exception {
        Files.createDirectories(directory);
        TestShard shard = cluster.shard(0);
        ConnectionSettings settings = ConnectionSettings.parse(shard.connectionString(), Map.of());
        ShardSource source = new ShardSource(shard.name(), settings, "isochron");
        Path place = directory.resolve("repository");
        MeteredStore store = new MeteredStore(FileSystemStore.create(place), Timing.SYSTEM);
        RepositoryKey key = RepositoryKey.random();
        Repository repository;
        try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
            repository = Repository.init(
                    store,
                    key,
                    new ClusterIdentity(
                            UUID.randomUUID(),
                            "bench",
                            List.of(ServerIdentity.of(connection).toShardIdentity(shard.name()))),
                    Instant.now());
        }
        // what the bench itself reads while it waits does not count
        Repository aside = Repository.open(FileSystemStore.open(place), key);
        long rows = rows(mebibytes);
        shard.execute("CREATE TABLE pgbench_accounts (aid int NOT NULL, bid int, abalance int, filler char(84))");
        insert(shard, 1, rows);
        shard.execute("ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)");
        shard.execute("SELECT setseed(" + seed % 1000 / 1000.0 + ")");
        shard.execute("CHECKPOINT");
        Map<String, Object> line = new LinkedHashMap<>();
        try (ClusterCapture capture = new ClusterCapture(List.of(source), repository, CaptureOptions.defaults())) {
            capture.start();
            LoadedRun.awaitSafe(aside, capture, Instant.now());
            StoreMetrics before = store.metrics();
            Lsn from = Lsn.parse(shard.query("SELECT pg_current_wal_lsn()"));
            Lsn to = from;
            while (to.minus(from) < walMebibytes << 20) {
                shard.execute(
                        "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid IN (SELECT 1 + (random() * "
                                + (rows - 1) + ")::int FROM generate_series(1, 2000))");
                to = Lsn.parse(shard.query("SELECT pg_current_wal_lsn()"));
            }
            LoadedRun.awaitSafe(aside, capture, Instant.now());
            StoreMetrics captured = store.metrics();
            long wal = to.minus(from);
            line.put("capture_stored_per_wal_byte", ratio(bytes(before, captured, Operation.CREATE), wal));
            line.put("capture_requests_per_gib", requests(before, captured, wal));
            SnapshotSummary snapshot = SnapshotService.backup(
                    List.of(source), repository, BackupOptions.defaults(), BackupProgress.Listener.NONE);
            StoreMetrics backedUp = store.metrics();
            long bytes = snapshot.snapshot().shards().getFirst().bytes();
            line.put("snapshot_bytes", bytes);
            line.put(
                    "snapshot_stored_per_byte",
                    ratio(snapshot.snapshot().shards().getFirst().storedBytes(), bytes));
            line.put("backup_requests_per_gib", requests(captured, backedUp, bytes));
            LoadedRun.awaitSafe(aside, capture, Instant.now());
            StoreMetrics quiet = store.metrics();
            RestorePlan plan = new RestorePlanner(repository).plan(new Target.Latest(), PlanOptions.defaults());
            Path target = directory.resolve("restored");
            RestoreOptions options = RestoreOptions.defaults();
            RestoreReport report = new ClusterRestore(repository).execute(plan, target, options, ProgressListener.NONE);
            try (RestoredCluster restored = RestoredCluster.open(target, options)) {
                restored.stop();
            }
            if (!report.proofs().held()) {
                throw new IOException(
                        "the restore was not proven: " + report.proofs().failed());
            }
            line.put("restore_requests_per_gib", requests(quiet, store.metrics(), bytes));
        }
        return line;
    }

    private static long rows(long mebibytes) {
        return Math.max(1000, mebibytes * (1 << 20) / ROW_BYTES);
    }

    private static void insert(TestShard shard, long from, long to) throws SQLException {
        shard.execute("INSERT INTO pgbench_accounts SELECT n, (n - 1) / 100000 + 1, 0, '' FROM generate_series(" + from
                + ", " + to + ") n");
    }

    /** Adds rows up to that many mebibytes. */
    static void grow(TestShard shard, long mebibytes) throws SQLException {
        long known = Long.parseLong(shard.query("SELECT max(aid) FROM pgbench_accounts"));
        if (rows(mebibytes) > known) {
            insert(shard, known + 1, rows(mebibytes));
        }
    }

    private static long bytes(StoreMetrics before, StoreMetrics after, Operation operation) {
        return figures(after, operation).bytes() - figures(before, operation).bytes();
    }

    /** All requests, listings by the page of a bucket not known here and counted as one each. */
    private static long requests(StoreMetrics before, StoreMetrics after, long bytes) {
        long requests = 0;
        for (Operation operation : Operation.values()) {
            requests += figures(after, operation).requests()
                    - figures(before, operation).requests();
        }
        return Math.round(requests / (bytes / (double) (1 << 30)));
    }

    private static StoreMetrics.Figures figures(StoreMetrics metrics, Operation operation) {
        return java.util.Objects.requireNonNull(metrics.operations().get(operation));
    }

    private static double ratio(long one, long other) {
        return Math.round(1000.0 * one / other) / 1000.0;
    }
}
