package io.isochron.chronicle;

import java.util.Optional;

/**
 * Where the offset of a shard's clock lies: offset = shard clock − reference clock (the clock of the host that captures).
 *
 * @param atReferenceMicros reference time for which the bounds hold exactly; for other times they widen
 * @param offsetLowMicros least possible offset
 * @param offsetHighMicros greatest possible offset, not less than the low one
 */
public record ClockBounds(long atReferenceMicros, long offsetLowMicros, long offsetHighMicros) {
    /**
     * How fast two clocks may drift apart, in parts per million: Linux slews a disciplined clock by at most 500 ppm.
     */
    public static final int DRIFT_PPM = 500;

    public ClockBounds {
        if (offsetLowMicros > offsetHighMicros) {
            throw new IllegalArgumentException(
                    "clock bounds are empty: " + offsetLowMicros + " to " + offsetHighMicros + " microseconds");
        }
    }

    /**
     * The bounds that one probe gives: the request left at t1, the server read its clock as c, the reply arrived at t2, so that the
     * offset lay in [c − t2, c − t1] when it was read, and at t2 in these widened by the drift of a round trip.
     *
     * @param sentMicros t1, reference clock
     * @param receivedMicros t2, reference clock, not before t1
     * @param serverMicros c, the shard's clock
     */
    public static ClockBounds ofProbe(long sentMicros, long receivedMicros, long serverMicros) {
        if (receivedMicros < sentMicros) {
            throw new IllegalArgumentException(
                    "a probe's reply at " + receivedMicros + " cannot precede its request at " + sentMicros);
        }
        long drift = driftMicros(receivedMicros - sentMicros);
        return new ClockBounds(
                receivedMicros, serverMicros - receivedMicros - drift, serverMicros - sentMicros + drift);
    }

    /** These bounds as they hold at another reference time, wider by {@link #DRIFT_PPM} for the time between. */
    public ClockBounds at(long referenceMicros) {
        long drift = driftMicros(Math.abs(referenceMicros - atReferenceMicros));
        return new ClockBounds(referenceMicros, offsetLowMicros - drift, offsetHighMicros + drift);
    }

    /** What two clocks may drift apart in a time, rounded up. */
    static long driftMicros(long elapsedMicros) {
        return elapsedMicros == 0 ? 0 : Math.ceilDiv(Math.multiplyExact(elapsedMicros, (long) DRIFT_PPM), 1_000_000L);
    }

    /** What both allow, at the later of the two times after widening the earlier; empty if they contradict: the clock stepped. */
    public Optional<ClockBounds> intersect(ClockBounds other) {
        long at = Math.max(atReferenceMicros, other.atReferenceMicros);
        ClockBounds a = at(at);
        ClockBounds b = other.at(at);
        long low = Math.max(a.offsetLowMicros, b.offsetLowMicros);
        long high = Math.min(a.offsetHighMicros, b.offsetHighMicros);
        return low > high ? Optional.empty() : Optional.of(new ClockBounds(at, low, high));
    }

    /** The best single offset: the middle. */
    public long offsetMicros() {
        return offsetLowMicros + (offsetHighMicros - offsetLowMicros) / 2;
    }

    /** Half the width, rounded up: how far {@link #offsetMicros} may be wrong. */
    public long uncertaintyMicros() {
        return offsetHighMicros - offsetMicros();
    }
}
