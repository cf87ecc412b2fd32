package io.isochron.restore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A few threads that all shards share, with a bounded number of pieces of work waiting. */
final class Workers implements AutoCloseable {

    private final ExecutorService threads;
    private final Semaphore room;

    Workers(int parallelism) {
        threads = Executors.newFixedThreadPool(
                parallelism,
                Thread.ofPlatform().name("isochron-restore-", 0).daemon().factory());
        room = new Semaphore(2 * parallelism);
    }

    /** Work that can fail. */
    interface Task {
        void run() throws IOException, InterruptedException;
    }

    /** A group of pieces of work that is awaited together. For one thread. */
    Batch batch() {
        return new Batch();
    }

    final class Batch {
        private final List<Future<?>> pending = new ArrayList<>();

        /** Waits for room, then has the work done by another thread; throws what earlier work of this batch failed with. */
        void submit(Task task) throws IOException, InterruptedException {
            room.acquire();
            boolean submitted = false;
            try {
                check();
                pending.add(threads.submit(() -> {
                    try {
                        task.run();
                    } finally {
                        room.release();
                    }
                    return null;
                }));
                submitted = true;
            } finally {
                if (!submitted) {
                    room.release();
                }
            }
        }

        private void check() throws IOException, InterruptedException {
            for (var i = pending.iterator(); i.hasNext(); ) {
                Future<?> future = i.next();
                if (future.isDone()) {
                    i.remove();
                    result(future);
                }
            }
        }

        /** Waits for everything, even if some of it fails, then throws the first failure. */
        void await() throws IOException, InterruptedException {
            IOException first = null;
            for (Future<?> future : pending) {
                try {
                    result(future);
                } catch (IOException e) {
                    first = first == null ? e : first;
                }
            }
            pending.clear();
            throwIfAny(first);
        }

        private void throwIfAny(@Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
        }

        private void result(Future<?> future) throws IOException, InterruptedException {
            try {
                future.get();
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case IOException io -> throw io;
                    case RuntimeException runtime -> throw runtime;
                    case Error error -> throw error;
                    case null, default -> throw new IOException(e.getCause());
                }
            }
        }
    }

    /** Interrupts what is at work and waits for its end: nothing may be written to a target that somebody else may go on with. */
    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
