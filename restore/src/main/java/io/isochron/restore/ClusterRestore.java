package io.isochron.restore;

import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Carries a plan out. Everything that can be refused is refused before a byte is written; after that, a restore that ended in whatever way (an error, a
 * cancellation, {@code kill -9}) goes on when it is called again with the same plan and target.
 */
public final class ClusterRestore {

    private final Repository repository;
    private volatile boolean cancelled;
    private @Nullable ExecutorService running;

    /** @param repository holds the snapshots and WAL the plan names */
    public ClusterRestore(Repository repository) {
        this.repository = repository;
    }

    /**
     * Restores the cluster and proves it. The restored servers run, read-only, when this returns; {@link RestoredCluster#open} takes them over.
     *
     * @param plan what to do
     * @param target a directory that is empty, does not exist, or holds this plan's own unfinished restore
     * @return what was done; {@link ProofReport#held} says whether the cluster is what was asked for
     * @throws RestoreCancelledException if {@link #cancel} was called
     * @throws IOException if it is refused or fails; restored servers are stopped, and the target stays marked as unfinished
     */
    public RestoreReport execute(RestorePlan plan, Path target, RestoreOptions options, ProgressListener listener)
            throws IOException {
        Instant startedAt = Instant.now();
        TargetDirectory directory = new TargetDirectory(target);
        new Preflight(repository, plan, options).check(directory);
        Files.createDirectories(directory.path());
        try (FileChannel channel = FileChannel.open(
                        directory.path().resolve(TargetDirectory.LOCK),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock lock = lock(channel, directory.path())) {
            assert lock.isValid();
            RestoreJournal journal = RestoreJournal.load(directory.path()).orElse(null);
            if (journal == null) {
                journal = RestoreJournal.create(directory.path(), plan);
            }
            directory.requirePlan(journal, plan.id());
            discardUntrusted(journal, directory.path());
            RestoreClock clock = new RestoreClock(plan, listener);
            try (ReadPin pin = ReadPin.take(repository, plan, directory.path(), this::cancel)) {
                try {
                    return run(plan, directory.path(), options, clock, journal, startedAt);
                } catch (RestoreCancelledException e) {
                    throw pin.lost() == null ? e : lost(e, pin.lost());
                }
            }
        }
    }

    private static IOException lost(RestoreCancelledException cancelled, IOException cause) {
        RestoreException failure = new RestoreException(
                "this restore was taken for dead by somebody else, so what it reads may be removed: "
                        + String.valueOf(cause.getMessage()).lines().findFirst().orElse(""),
                "run it again; it goes on where it stopped, if everything is still there",
                cause);
        failure.addSuppressed(cancelled);
        return failure;
    }

    /**
     * The plan of the unfinished restore that a directory holds: giving {@link #execute} that plan goes on with it.
     *
     * @return empty if the directory holds no restore, or one that is finished
     */
    public static java.util.Optional<RestorePlan> unfinished(Path target) throws IOException {
        return RestoreJournal.load(target)
                .filter(journal -> !journal.phase().reached(RestorePhase.PROVEN))
                .map(RestoreJournal::plan);
    }

    /** Makes a running {@link #execute} end soon; the target can be continued. */
    public void cancel() {
        cancelled = true;
        synchronized (this) {
            if (running != null) {
                running.shutdownNow();
            }
        }
    }

    private RestoreReport run(
            RestorePlan plan,
            Path target,
            RestoreOptions options,
            RestoreClock clock,
            RestoreJournal journal,
            Instant startedAt)
            throws IOException {
        List<ShardRestore> shards = new ArrayList<>();
        Thread atExit = new Thread(() -> stopAll(shards), "isochron-restore-exit");
        boolean done = false;
        try (Workers workers = new Workers(options.parallelism());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            register(threads);
            Runtime.getRuntime().addShutdownHook(atExit);
            for (ShardPlan shard : plan.shards()) {
                shards.add(new ShardRestore(
                        repository, journal, shard, new ShardPaths(target, shard.shard()), options, workers, clock));
            }
            all(threads, shards, shard -> {
                shard.run();
                return List.<Proof>of();
            });
            ClusterProof proof = new ClusterProof(repository, plan, journal, options);
            long begin = System.nanoTime();
            List<Proof> proofs = new ArrayList<>();
            all(threads, shards, shard -> {
                        clock.progress(shard.plan().shard(), "prove", 0, 0);
                        return proof.shard(shard);
                    })
                    .forEach(proofs::addAll);
            Map<String, Sessions> sessions = new TreeMap<>();
            shards.forEach(shard -> sessions.put(shard.plan().shard(), shard.server()));
            proofs.addAll(proof.cluster(sessions));
            ProofReport report = new ProofReport(proofs);
            all(threads, shards, shard -> {
                makeDurable(shard, target, journal, report.held());
                return List.<Proof>of();
            });
            clock.reached(RestorePhase.PROVEN, Proof.CLUSTER, begin);
            RestoreReport result = report(plan, target, options, clock, startedAt, shards, report);
            ReportFile.write(target, result);
            done = true;
            return result;
        } catch (IOException | CancellationException e) {
            throw cancelled ? new RestoreCancelledException(target.toString()) : rethrow(e);
        } finally {
            synchronized (this) {
                running = null;
            }
            if (!done) {
                stopAll(shards);
            }
            forget(atExit);
        }
    }

    private static IOException rethrow(Exception e) {
        return e instanceof IOException io ? io : new IOException(e);
    }

    private synchronized void register(ExecutorService threads) throws RestoreCancelledException {
        if (cancelled) {
            throw new RestoreCancelledException("its target");
        }
        running = threads;
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // the program is ending: the hook is doing its work
        }
    }

    private interface ShardWork<T> {
        T on(ShardRestore shard) throws IOException, InterruptedException, SQLException;
    }

    /** Does something for all shards at once; when one fails the others are interrupted and its failure is thrown. */
    private <T> List<T> all(ExecutorService threads, List<ShardRestore> shards, ShardWork<T> work) throws IOException {
        List<Future<T>> futures = new ArrayList<>();
        var results = new java.util.concurrent.ExecutorCompletionService<T>(threads);
        Throwable failure = null;
        try {
            for (ShardRestore shard : shards) {
                Callable<T> task = () -> work.on(shard);
                futures.add(results.submit(task));
            }
            for (int i = 0; i < futures.size(); i++) {
                try {
                    results.take().get();
                } catch (ExecutionException e) {
                    if (failure == null) {
                        failure = e.getCause();
                        futures.forEach(future -> future.cancel(true));
                    }
                } catch (CancellationException e) {
                    // told to end because another failed
                }
            }
        } catch (InterruptedException e) {
            futures.forEach(future -> future.cancel(true));
            Thread.currentThread().interrupt();
            cancelled = true;
            throw new IOException("interrupted", e);
        } catch (java.util.concurrent.RejectedExecutionException e) {
            throw new IOException("interrupted", e);
        }
        switch (failure) {
            case null -> {}
            case IOException io -> throw io;
            case RuntimeException runtime -> throw runtime;
            case Error error -> throw error;
            default -> throw new IOException(failure);
        }
        return futures.stream().map(Future::resultNow).toList();
    }

    private void makeDurable(ShardRestore shard, Path target, RestoreJournal journal, boolean held)
            throws IOException, SQLException {
        String name = shard.plan().shard();
        if (journal.shard(name).phase().reached(RestorePhase.PROVEN)) {
            return;
        }
        ShardServer server = shard.server();
        server.configure(java.util.Optional.empty(), "", true, true, true);
        server.reload();
        server.checkpoint();
        SyncTree.sync(new ShardPaths(target, name).root());
        java.util.Optional<String> role = server.superuser();
        if (role.isPresent()) {
            journal.update(name, state -> state.withSuperuser(role.get()));
        }
        if (held) {
            journal.update(name, state -> state.with(RestorePhase.PROVEN));
        }
    }

    private static RestoreReport report(
            RestorePlan plan,
            Path target,
            RestoreOptions options,
            RestoreClock clock,
            Instant startedAt,
            List<ShardRestore> shards,
            ProofReport proofs) {
        Map<String, String> connections = new TreeMap<>();
        shards.forEach(
                shard -> connections.put(shard.plan().shard(), shard.server().connectionString(options.database())));
        return new RestoreReport(
                plan.id(),
                target.toString(),
                startedAt,
                Instant.now(),
                clock.phases(),
                plan.fetchBytes(),
                plan.replayBytes(),
                connections,
                proofs);
    }

    /** Also when the thread was interrupted: that ends the restore, not the waiting for servers that are told to stop. */
    private static void stopAll(List<ShardRestore> shards) {
        boolean interrupted = Thread.interrupted();
        for (ShardRestore shard : List.copyOf(shards)) {
            try {
                shard.server().attach();
                shard.server().stop();
            } catch (IOException e) {
                org.slf4j.LoggerFactory.getLogger(ClusterRestore.class)
                        .warn(
                                "the restored server of shard {} could not be stopped: {}",
                                shard.plan().shard(),
                                e.getMessage());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static FileLock lock(FileChannel channel, Path target) throws IOException {
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // held by this very process
        }
        if (lock == null) {
            throw new RestoreException(
                    "target " + target + " is being restored to by another process",
                    "wait for it, or name another directory");
        }
        return lock;
    }

    /** After the host went down in the middle nothing that was not synced can be trusted: such shards begin anew. */
    private static void discardUntrusted(RestoreJournal journal, Path target) throws IOException {
        journal.distrustAfterReboot(shard -> Trees.delete(new ShardPaths(target, shard).root()));
    }
}
