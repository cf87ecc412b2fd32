package io.isochron.chronicle;

/**
 * A shard's time brought to the reference clock.
 *
 * @param micros best estimate in reference time, microseconds since the Unix epoch
 * @param uncertaintyMicros how far it may be wrong, either way
 */
public record Corrected(long micros, long uncertaintyMicros) {
    long low() {
        return micros - uncertaintyMicros;
    }

    long high() {
        return micros + uncertaintyMicros;
    }
}
