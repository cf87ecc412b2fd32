package io.isochron.chronicle;

/**
 * A shard's clock jumped: bounds before and after contradict each other even after drift. Times between the two readings can only be
 * bounded by both.
 *
 * @param before the last bounds that held
 * @param after the first of the new ones
 */
public record ClockStep(ClockBounds before, ClockBounds after) {
    /** How far the clock jumped at least to most likely, in microseconds; positive is forward. */
    public long stepMicros() {
        return after.offsetMicros() - before.offsetMicros();
    }
}
