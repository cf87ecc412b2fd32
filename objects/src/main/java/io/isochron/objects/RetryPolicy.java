package io.isochron.objects;

import java.time.Duration;

/**
 * How often and for how long something is tried again. The pause before the n-th repetition is drawn evenly between nothing and {@code first * 2^(n-1)}, at most {@code longest} (full jitter, so
 * that many who failed at once do not come back at once).
 *
 * @param first bound of the first pause
 * @param longest bound of every pause
 * @param limit no repetition begins later than this after the first attempt
 */
public record RetryPolicy(Duration first, Duration longest, Duration limit) {
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(10), Duration.ofMinutes(2));

    /** @throws IllegalArgumentException if a duration is not positive */
    public RetryPolicy {
        if (!first.isPositive() || !longest.isPositive() || !limit.isPositive()) {
            throw new IllegalArgumentException(
                    "retry policy " + first + ", " + longest + ", " + limit + " has a duration that is not positive");
        }
        if (longest.compareTo(first) < 0 || limit.compareTo(first) < 0) {
            throw new IllegalArgumentException("a first pause of up to " + first.toMillis()
                    + " ms is longer than the longest, " + longest.toMillis() + " ms, or than all of them, "
                    + limit.toMillis() + " ms\nhint: pauses double from the first to the longest");
        }
    }

    /** The bound of the pause before a repetition, counted from 1. */
    Duration bound(int repetition) {
        Duration bound = first;
        for (int i = 1; i < repetition && bound.compareTo(longest) < 0; i++) {
            bound = bound.multipliedBy(2);
        }
        return bound.compareTo(longest) < 0 ? bound : longest;
    }
}
