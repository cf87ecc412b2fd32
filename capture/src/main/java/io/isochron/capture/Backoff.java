package io.isochron.capture;

import java.time.Duration;

/** Growing pauses between attempts: 100 ms, doubled each time, up to a limit. */
final class Backoff {
    private static final long FIRST_MILLIS = 100;

    private final long maxMillis;
    private long nextMillis = FIRST_MILLIS;

    Backoff(Duration max) {
        this.maxMillis = max.toMillis();
    }

    Duration next() {
        long pause = Math.min(nextMillis, maxMillis);
        nextMillis = Math.min(maxMillis, nextMillis * 2);
        return Duration.ofMillis(pause);
    }

    void reset() {
        nextMillis = FIRST_MILLIS;
    }
}
