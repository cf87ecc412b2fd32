package io.isochron.chronicle;

import java.util.List;

/** How much time a {@link LedgerEntry} covers. */
public enum LedgerLevel {
    /** Made from segments. */
    MINUTE(0, 60_000_000L),
    /** Made from the hour's minutes. */
    HOUR(1, 3_600_000_000L),
    /** Made from the day's hours. */
    DAY(2, 86_400_000_000L);

    /** Number in the ledger format. */
    final int code;

    private final long micros;

    LedgerLevel(int code, long micros) {
        this.code = code;
        this.micros = micros;
    }

    /** The roll-ups up to this level, the coarsest first. */
    public List<LedgerLevel> rollups() {
        return switch (this) {
            case MINUTE -> List.of();
            case HOUR -> List.of(HOUR);
            case DAY -> List.of(DAY, HOUR);
        };
    }

    /** Length of a period in microseconds. */
    public long micros() {
        return micros;
    }

    /** The period that a reference time lies in: its number since the Unix epoch, in UTC. */
    public long period(long referenceMicros) {
        return Math.floorDiv(referenceMicros, micros);
    }

    /** The period of this level that a period of a finer level lies in. */
    public long periodOf(LedgerLevel finer, long period) {
        return Math.floorDiv(Math.multiplyExact(period, finer.micros), micros);
    }
}
