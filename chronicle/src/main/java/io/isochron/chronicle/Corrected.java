package io.isochron.chronicle;

/**
 * A shard's time brought to the reference clock.
 *
 * @param micros best estimate in reference time, microseconds since the Unix epoch
 * @param uncertaintyMicros how far it may be wrong, either way
 */
public record Corrected(long micros, long uncertaintyMicros) {
    /** Further back than any record: ten years. */
    private static final long UNKNOWN_MICROS = 10L * 366 * 86_400 * 1_000_000;

    /** Of something of which nothing is known but when it had been written at the latest. */
    static Corrected notAfter(long micros) {
        return new Corrected(micros - UNKNOWN_MICROS / 2, UNKNOWN_MICROS / 2);
    }

    /** Whether more is known than when it had been written at the latest. */
    boolean known() {
        return uncertaintyMicros < UNKNOWN_MICROS / 2;
    }

    /** For messages: {@code since T}, or {@code since before T} if no more is known. */
    String since() {
        return "since " + (known() ? "" : "before ") + ClusterHistory.instant(known() ? micros : high());
    }

    /** For messages: {@code at T}, or {@code before T} if no more is known. */
    String at() {
        return (known() ? "at " : "before ") + ClusterHistory.instant(known() ? micros : high());
    }

    long low() {
        return micros - uncertaintyMicros;
    }

    long high() {
        return micros + uncertaintyMicros;
    }
}
