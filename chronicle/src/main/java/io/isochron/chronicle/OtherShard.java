package io.isochron.chronicle;

import java.util.List;

/**
 * What is known of a shard that is no member of the cluster at a cut's moment. It is not cut; but what it did tells whether a transaction that a member holds prepared was committed.
 *
 * @param shard name of the shard
 * @param joinedMicros reference time from which on it is a member; {@code Long.MAX_VALUE} if it never was
 * @param leftMicros reference time from which on it is one no longer; {@code Long.MAX_VALUE} if it stays
 * @param segments its segments around the moment, in order
 */
public record OtherShard(String shard, long joinedMicros, long leftMicros, List<Segment> segments) {
    public OtherShard {
        segments = List.copyOf(segments);
    }

    /** Whether it was a member once and is one no longer at a moment. */
    boolean leftBefore(long momentMicros) {
        return leftMicros <= momentMicros;
    }

    /** Reference time up to which its WAL is known to be archived; {@code Long.MIN_VALUE} if that is not known. */
    long safeMicros() {
        long safe = Long.MIN_VALUE;
        for (Segment segment : segments) {
            SafePoint point = segment.safePoint();
            safe = point == null ? safe : Math.max(safe, point.referenceMicros());
        }
        return safe;
    }
}
