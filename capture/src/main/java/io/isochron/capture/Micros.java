package io.isochron.capture;

import java.time.Instant;

/** The reference clock: this host's. */
final class Micros {
    private Micros() {}

    /** Microseconds since the Unix epoch by this host's clock. */
    static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }
}
