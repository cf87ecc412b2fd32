package io.isochron.objects;

import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Renews the locks of all objects that are still needed, many at once. An object's lock lasts for at least half of its duration after each complete run, so a run in every quarter of it leaves a quarter
 * for what may go wrong.
 *
 * <p>Costs a HEAD for each object and a PUT for each one whose lock is extended; a store without locks is not asked at all. With {@code for: 30d}, 1,000,000 objects and a run a week that is about
 * 4,300,000 HEADs and 2,000,000 PUTs a month.
 */
public final class LockRenewal {
    /** Objects that may fail before the run is given up: then it is not the objects. */
    private static final int FAILURES_MAX = 100;

    private final ObjectStore store;
    private final int atOnce;

    /** @param atOnce objects that are asked for at the same time, at least 1 */
    public LockRenewal(ObjectStore store, int atOnce) {
        this.store = store;
        this.atOnce = atOnce;
    }

    /**
     * What came of a run.
     *
     * @param extended locks that end later now
     * @param longEnough locks that had more than half of their duration left
     * @param unlocked objects that the store does not lock
     * @param missing objects that were not there, so that nothing was renewed
     */
    public record Summary(long extended, long longEnough, long unlocked, long missing) {
        /** Objects that were looked at. */
        public long objects() {
            return extended + longEnough + unlocked + missing;
        }
    }

    /**
     * Renews.
     *
     * @param needed names of what is still needed, each once; read lazily and not closed
     * @param cancelled is asked between objects
     * @throws IOException if it was cancelled or the lock of any object could not be renewed; those of the others were, unless so many failed that it was given up
     */
    public Summary run(Stream<ObjectName> needed, BooleanSupplier cancelled) throws IOException {
        Run run = new Run();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Iterator<ObjectName> names = needed.iterator(); names.hasNext() && !run.over(); ) {
                if (cancelled.getAsBoolean()) {
                    run.end(new IOException("renewing locks was cancelled"));
                    break;
                }
                ObjectName name = names.next();
                run.places.acquireUninterruptibly();
                Future<?> _ = threads.submit(() -> run.renew(name));
            }
        }
        return run.summary();
    }

    private final class Run {
        private final Semaphore places = new Semaphore(atOnce);
        private final Map<Renewal, Long> counts = new ConcurrentHashMap<>();
        private final AtomicLong missing = new AtomicLong();
        private final AtomicLong failed = new AtomicLong();
        private final AtomicReference<@Nullable Exception> first = new AtomicReference<>();
        private volatile boolean over;

        void renew(ObjectName name) {
            try {
                if (!over) {
                    counts.merge(store.renew(name), 1L, Long::sum);
                }
            } catch (ObjectNotFoundException e) {
                missing.incrementAndGet();
            } catch (StoreRefusedException e) {
                // only a person can change that
                failed(e);
                over = true;
            } catch (IOException | RuntimeException e) {
                failed(e);
            } finally {
                places.release();
            }
        }

        private void failed(Exception e) {
            first.compareAndSet(null, e);
            if (failed.incrementAndGet() >= FAILURES_MAX) {
                over = true;
            }
        }

        boolean over() {
            return over;
        }

        void end(Exception why) {
            first.compareAndSet(null, why);
        }

        private long count(Renewal outcome) {
            return counts.getOrDefault(outcome, 0L);
        }

        Summary summary() throws IOException {
            Exception failure = first.get();
            if (failure != null && failed.get() == 0) {
                throw new IOException(failure.getMessage(), failure);
            }
            if (failure != null) {
                throw new IOException(
                        "the locks of " + failed + " objects in " + store.describe() + " could not be renewed"
                                + (over ? ", and it was given up" : "") + "; the first failed so: "
                                + failure.getMessage(),
                        failure);
            }
            return new Summary(
                    count(Renewal.EXTENDED), count(Renewal.LONG_ENOUGH), count(Renewal.NO_LOCK), missing.get());
        }
    }
}
