package io.isochron.handover;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Works on all shards at once; the first failure, or an interrupt of the caller, ends the others. */
final class Parallel {
    @FunctionalInterface
    interface Work<T> {
        void run(T item) throws SQLException, HandoverException;
    }

    private Parallel() {}

    static <T> void run(List<T> items, Function<T, String> name, Work<T> work) throws HandoverException {
        List<Future<Boolean>> futures = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletionService<Boolean> completion = new ExecutorCompletionService<>(executor);
            for (T item : items) {
                futures.add(completion.submit(() -> {
                    try {
                        work.run(item);
                        return true;
                    } catch (SQLException e) {
                        throw new HandoverException(
                                "shard " + name.apply(item) + ": " + e.getMessage(),
                                "nothing of the transaction that failed was kept; remove the cause and run it again.",
                                e);
                    }
                }));
            }
            try {
                for (int i = 0; i < items.size(); i++) {
                    completion.take().get();
                }
            } catch (ExecutionException e) {
                futures.forEach(future -> future.cancel(true));
                if (e.getCause() instanceof HandoverException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                throw new IllegalStateException("the work on a shard failed unexpectedly", e.getCause());
            } catch (InterruptedException _) {
                futures.forEach(future -> future.cancel(true));
                Thread.currentThread().interrupt();
                throw new HandoverException(
                        "the back-fill was cancelled",
                        "run it again when it suits; rows that are already back are not touched twice.",
                        null);
            }
        }
    }
}
