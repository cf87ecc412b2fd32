package io.isochron.chronicle;

/**
 * A stretch of reference time around the moment of a cut: what a cut asks of segments that do not touch it is mostly their clock readings, seldom their events.
 *
 * @param fromMicros its beginning, microseconds since 1970
 * @param toMicros its end
 */
public record NearMoments(long fromMicros, long toMicros) {
    /** Whether a segment of this reference time touches it. */
    boolean touch(long referenceFirstMicros, long referenceLastMicros) {
        return referenceLastMicros >= fromMicros && referenceFirstMicros <= toMicros;
    }
}
