package io.isochron.capture;

import io.isochron.chronicle.SafePoint;
import io.isochron.wal.Lsn;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * Safe points that wait for their WAL to be archived. The receiver offers (W, clock) pairs, the writer takes the newest whose W it has just archived. Dropping one is always safe (the safe time
 * then moves a little later), claiming one too early never is.
 */
final class PendingSafePoints {
    /** A quarter of a minute of probes: enough for any archive that keeps up; while it does not, the newest is replaced. */
    private static final int LIMIT = 64;

    private final ArrayDeque<SafePoint> points = new ArrayDeque<>();

    synchronized void offer(SafePoint point) {
        if (points.size() == LIMIT) {
            points.removeLast();
        }
        points.addLast(point);
    }

    /** Whether {@link #take} would give a point. */
    synchronized boolean ready(Lsn archived) {
        SafePoint first = points.peekFirst();
        return first != null && !first.upTo().isAfter(archived);
    }

    /** The newest point that holds once everything before {@code archived} is archived; it and all older ones are forgotten. */
    synchronized Optional<SafePoint> take(Lsn archived) {
        SafePoint newest = null;
        while (true) {
            SafePoint next = points.peekFirst();
            if (next == null || next.upTo().isAfter(archived)) {
                return Optional.ofNullable(newest);
            }
            newest = points.removeFirst();
        }
    }
}
