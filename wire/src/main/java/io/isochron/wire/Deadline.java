package io.isochron.wire;

import java.time.Duration;

/** A moment of the monotonic clock until which something may wait. */
final class Deadline {
    /** A deadline that never passes. */
    static final Deadline NEVER = new Deadline(0, true);

    private final long nanos;
    private final boolean never;

    private Deadline(long nanos, boolean never) {
        this.nanos = nanos;
        this.never = never;
    }

    /** The moment {@code duration} from now; a duration of more than a century is never. */
    static Deadline after(Duration duration) {
        if (duration.compareTo(Duration.ofDays(36_500)) > 0) {
            return NEVER;
        }
        return new Deadline(System.nanoTime() + Math.max(0, duration.toNanos()), false);
    }

    boolean passed() {
        return !never && nanos - System.nanoTime() <= 0;
    }

    /** Milliseconds until it passes, rounded up, in the form of {@code Selector.select}: 0 for never, otherwise at least 1. */
    long selectMillis() {
        return never ? 0 : Math.max(1, (nanos - System.nanoTime() + 999_999) / 1_000_000);
    }
}
