package io.isochron.objects;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/**
 * What was asked of a store, counted since the process began.
 *
 * @param operations by operation, each present
 * @param repetitions requests that were sent again because it could not be told what one before them did
 */
public record StoreMetrics(Map<Operation, Figures> operations, long repetitions) {
    /** The sum of one figure over some operations. */
    public long sum(ToLongFunction<Figures> figure, Operation... of) {
        return operations.entrySet().stream()
                .filter(entry -> of.length == 0 || List.of(of).contains(entry.getKey()))
                .mapToLong(entry -> figure.applyAsLong(entry.getValue()))
                .sum();
    }

    /** The longest time that a request took. */
    public Duration longest() {
        return operations.values().stream()
                .map(Figures::longest)
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    /** What a store does. */
    public enum Operation {
        CREATE,
        REPLACE,
        OPEN,
        STAT,
        LIST,
        DELETE,
        RENEW
    }

    /**
     * Figures of an operation.
     *
     * @param requests requests that ended, whatever their end
     * @param failures those that ended without it being told what they did
     * @param slowDowns those of the failures by which the store said that it is too much
     * @param bytes bytes of objects sent or received
     * @param total the time all requests took together, for {@code OPEN} and {@code LIST} until the answer began
     * @param longest the longest time of one
     * @param atMostMillis how many requests took less than {@code 2^i} milliseconds and were not counted before; the last counts all others
     */
    public record Figures(
            long requests,
            long failures,
            long slowDowns,
            long bytes,
            Duration total,
            Duration longest,
            List<Long> atMostMillis) {}

    /** Counts. */
    static final class Meter {
        /** Up to about a minute. */
        private static final int BUCKETS = 18;

        private final LongAdder repetitions = new LongAdder();
        private final Map<Operation, Counters> counters = new EnumMap<>(Operation.class);

        Meter() {
            for (Operation operation : Operation.values()) {
                counters.put(operation, new Counters());
            }
        }

        void ended(Operation operation, long nanos) {
            of(operation).ended(nanos);
        }

        void failed(Operation operation, boolean slowDown) {
            of(operation).failures.increment();
            if (slowDown) {
                of(operation).slowDowns.increment();
            }
        }

        void repeated() {
            repetitions.increment();
        }

        void bytes(Operation operation, long bytes) {
            of(operation).bytes.add(bytes);
        }

        private Counters of(Operation operation) {
            Counters found = counters.get(operation);
            if (found == null) {
                throw new IllegalStateException("no counters for " + operation);
            }
            return found;
        }

        StoreMetrics snapshot() {
            Map<Operation, Figures> figures = new EnumMap<>(Operation.class);
            counters.forEach((operation, counter) -> figures.put(operation, counter.figures()));
            return new StoreMetrics(Map.copyOf(figures), repetitions.sum());
        }
    }

    private static final class Counters {
        private final LongAdder requests = new LongAdder();
        private final LongAdder failures = new LongAdder();
        private final LongAdder slowDowns = new LongAdder();
        private final LongAdder bytes = new LongAdder();
        private final LongAdder nanos = new LongAdder();
        private final AtomicLongArray buckets = new AtomicLongArray(Meter.BUCKETS);
        private final java.util.concurrent.atomic.AtomicLong longest = new java.util.concurrent.atomic.AtomicLong();

        void ended(long took) {
            requests.increment();
            nanos.add(took);
            longest.accumulateAndGet(took, Math::max);
            int bucket = Long.SIZE - Long.numberOfLeadingZeros(took / 1_000_000);
            buckets.incrementAndGet(Math.min(bucket, Meter.BUCKETS - 1));
        }

        Figures figures() {
            List<Long> counts = new java.util.ArrayList<>();
            for (int i = 0; i < Meter.BUCKETS; i++) {
                counts.add(buckets.get(i));
            }
            return new Figures(
                    requests.sum(),
                    failures.sum(),
                    slowDowns.sum(),
                    bytes.sum(),
                    Duration.ofNanos(nanos.sum()),
                    Duration.ofNanos(longest.get()),
                    List.copyOf(counts));
        }
    }
}
