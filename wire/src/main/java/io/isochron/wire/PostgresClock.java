package io.isochron.wire;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** PostgreSQL's time of the wire: microseconds since 2000-01-01 00:00 UTC (documentation, chapter 53.4). */
final class PostgresClock {
    private static final long EPOCH_DIFFERENCE_MICROS = 946_684_800L * 1_000_000;

    private PostgresClock() {}

    static long toUnixMicros(long postgresMicros) {
        return postgresMicros + EPOCH_DIFFERENCE_MICROS;
    }

    /** This machine's clock, in PostgreSQL's form. */
    static long now() {
        return nowUnixMicros() - EPOCH_DIFFERENCE_MICROS;
    }

    /** This machine's clock, microseconds since the Unix epoch. */
    static long nowUnixMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
