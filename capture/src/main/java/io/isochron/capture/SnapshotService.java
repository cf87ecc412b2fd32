package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.SnapshotWriter;
import io.isochron.wal.Lsn;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.json.JsonMapper;

/**
 * Takes snapshots of whole clusters. A snapshot exists from the moment its cluster manifest is created, which is the last thing done, and only when capture has archived every shard's WAL past its
 * end of backup: a published snapshot can be restored. Whatever ends a backup before, a kill included, leaves nothing visible; the next one starts anew.
 */
public final class SnapshotService {
    private SnapshotService() {}

    /**
     * Backs up all shards in parallel and publishes the snapshot.
     *
     * @param sources the cluster's shards, each as the repository knows it
     * @param listener hears the progress of every shard
     * @throws CaptureException if a shard is not the one the repository knows, cannot be backed up, or capture is not running; nothing is published then
     * @throws IOException if a server or the repository fails; nothing is published then, unless the very last write may have had its effect
     * @throws InterruptedException if the calling thread is interrupted, which cancels the backup
     */
    public static SnapshotSummary backup(
            List<ShardSource> sources, Repository repository, BackupOptions options, BackupProgress.Listener listener)
            throws IOException, InterruptedException {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("a snapshot of no shard");
        }
        Instant created = Instant.now().truncatedTo(ChronoUnit.MICROS);
        long start = System.nanoTime();
        try (SnapshotWriter snapshot = repository.snapshots().begin(created, options.packing())) {
            Run run = new Run(repository, options, listener, snapshot);
            run.all(sources, run::prepare);
            run.all(sources, run::copy);
            Duration copied = Duration.ofNanos(System.nanoTime() - start);
            run.all(sources, run::awaitArchive);
            SnapshotInfo info = snapshot.publish(new JsonMapper()
                    .createObjectNode()
                    .put("format", 1)
                    .put("label", options.label())
                    .toString());
            return new SnapshotSummary(info, copied, Duration.ofNanos(System.nanoTime() - start));
        }
    }

    /** What is done with each shard in one step. */
    @FunctionalInterface
    private interface Step {
        void run(ShardSource source) throws IOException, InterruptedException;
    }

    private record Done(ShardSource source, ShardBackup.Copied copied) {}

    private static final class Run {
        private final Repository repository;
        private final BackupOptions options;
        private final BackupProgress.Listener listener;
        private final SnapshotWriter snapshot;
        private final ConcurrentLinkedQueue<ReplicationConnection> open = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Done> done = new ConcurrentLinkedQueue<>();

        Run(Repository repository, BackupOptions options, BackupProgress.Listener listener, SnapshotWriter snapshot) {
            this.repository = repository;
            this.options = options;
            this.listener = listener;
            this.snapshot = snapshot;
        }

        /** Runs a step for all shards at once. The first failure cancels the others, waits for their end and is thrown. */
        void all(List<ShardSource> sources, Step step) throws IOException, InterruptedException {
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                ExecutorCompletionService<Boolean> tasks = new ExecutorCompletionService<>(threads);
                List<Future<Boolean>> started = new ArrayList<>();
                for (ShardSource source : sources) {
                    Callable<Boolean> task = () -> {
                        step.run(source);
                        return true;
                    };
                    started.add(tasks.submit(task));
                }
                try {
                    for (int i = 0; i < started.size(); i++) {
                        tasks.take().get();
                    }
                } catch (ExecutionException e) {
                    cancel(started);
                    throw failure(e);
                } catch (InterruptedException e) {
                    cancel(started);
                    throw e;
                }
            }
        }

        private void cancel(List<Future<Boolean>> started) {
            started.forEach(task -> task.cancel(true));
            // a thread that waits in a read of a socket does not hear an interrupt in every case; a closed socket it
            // does
            open.forEach(ReplicationConnection::close);
        }

        private static IOException failure(ExecutionException e) {
            return switch (e.getCause()) {
                case IOException cause -> cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> new IOException("a shard's backup failed", e);
            };
        }

        /** Sees that this is the right server and that capture is running, before anything is copied. */
        void prepare(ShardSource source) throws IOException, InterruptedException {
            tell(source, BackupProgress.Phase.PREPARE);
            try (ReplicationConnection connection = connect(source)) {
                ServerIdentity.of(connection).requireSame(source.name(), repository);
            }
            new ArchivePosition(repository, source.name()).awaitMovement(options.captureTimeout());
        }

        void copy(ShardSource source) throws IOException {
            ReplicationConnection connection = connect(source);
            open.add(connection);
            try {
                ServerIdentity identity = ServerIdentity.of(connection);
                identity.requireSame(source.name(), repository);
                try (var writer = snapshot.shard(source.name());
                        ShardBackup backup = new ShardBackup(source, connection, identity, options, writer, listener)) {
                    done.add(new Done(source, backup.run()));
                }
            } finally {
                open.remove(connection);
                connection.close();
            }
        }

        void awaitArchive(ShardSource source) throws IOException, InterruptedException {
            ShardBackup.Copied copied = done.stream()
                    .filter(one -> one.source().equals(source))
                    .findFirst()
                    .orElseThrow()
                    .copied();
            new ArchivePosition(repository, source.name()).awaitEnd(copied.end(), options.captureTimeout());
            Lsn archived = new Lsn(repository
                    .wal()
                    .contiguousEnd(
                            source.name(), copied.timeline(), copied.start().value()));
            if (archived.isBefore(copied.end())) {
                throw new CaptureException(
                        "the archive of shard " + source.name() + " lacks wal from " + archived
                                + " on, the backup needs "
                                + copied.start() + " to " + copied.end() + " of PostgreSQL timeline "
                                + copied.timeline(),
                        "start `isochron capture` before the backup, then take it again");
            }
            tell(source, BackupProgress.Phase.DONE, copied);
        }

        private ReplicationConnection connect(ShardSource source) throws IOException {
            return ReplicationConnection.open(source.settings().withApplicationName("isochron_backup"));
        }

        private void tell(ShardSource source, BackupProgress.Phase phase) {
            listener.progress(new BackupProgress(source.name(), phase, 0, 0, 0, -1));
        }

        private void tell(ShardSource source, BackupProgress.Phase phase, ShardBackup.Copied copied) {
            long bytes = copied.stored().bytes();
            listener.progress(new BackupProgress(
                    source.name(), phase, bytes, bytes, copied.stored().storedBytes(), 0));
        }
    }
}
