package io.isochron.objects;

import java.io.IOException;
import java.time.Duration;

/** The store has more requests than it takes (429, 503) and did not do this one; whoever sends them must send fewer. */
public final class SlowDownException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    /** @param retryAfter how long the store wants to be left alone; zero if it did not say */
    public SlowDownException(String message, Duration retryAfter, Throwable cause) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    /** How long the store wants to be left alone; zero if it did not say. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
