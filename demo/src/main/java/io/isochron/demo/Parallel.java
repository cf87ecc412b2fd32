package io.isochron.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The same work on every shard at once. */
final class Parallel {
    private Parallel() {}

    /** Work that may fail with anything. */
    interface Work<T> {
        void on(T item) throws Exception;
    }

    /** Runs the work for all items on virtual threads and waits for all of them; the first failure is thrown after the last has ended. */
    static <T> void forEach(List<T> items, Work<? super T> work) throws InterruptedException {
        List<Future<?>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (T item : items) {
                running.add(threads.submit(() -> {
                    work.on(item);
                    return null;
                }));
            }
        }
        for (Future<?> each : running) {
            try {
                each.get();
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw cause instanceof RuntimeException runtime
                        ? runtime
                        : new IllegalStateException(cause.getMessage(), cause);
            }
        }
    }
}
