package io.isochron.capture;

import io.isochron.store.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Proves, shard by shard and end to end, that capture will work: who answers, what it allows, how it is set, and that a record written now is seen to arrive.
 */
public final class CheckService {
    private CheckService() {}

    /**
     * Checks all shards at once.
     *
     * @param repository where the shards are captured to; null before it is made, which leaves out what only it can tell
     * @return all findings, in the order of the shards; a check that another one's failure makes impossible is left out
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static List<CheckResult> check(List<ShardSource> sources, @Nullable Repository repository)
            throws InterruptedException {
        return check(sources, repository, CaptureOptions.defaults());
    }

    /**
     * As the other one.
     *
     * @param options how the shards are to be captured: in synchronous mode, what lets commits get around capture is a finding; if their WAL is to come from standbys, that none can be used
     */
    public static List<CheckResult> check(
            List<ShardSource> sources, @Nullable Repository repository, CaptureOptions options)
            throws InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<CheckResult>>> tasks = sources.stream()
                    .map(source -> threads.submit(() -> new ShardCheck(source, repository, options).run()))
                    .toList();
            List<CheckResult> all = new ArrayList<>();
            try {
                for (Future<List<CheckResult>> task : tasks) {
                    all.addAll(task.get());
                }
            } catch (ExecutionException e) {
                tasks.forEach(task -> task.cancel(true));
                throw new IllegalStateException("a check failed by a fault of its own: " + e.getCause(), e);
            } catch (InterruptedException e) {
                tasks.forEach(task -> task.cancel(true));
                throw e;
            }
            return all;
        }
    }

    /** Asks a shard who it is, for instance to make a repository for it. */
    public static ServerIdentity identify(ShardSource source) throws IOException {
        return ShardCheck.identify(source);
    }
}
