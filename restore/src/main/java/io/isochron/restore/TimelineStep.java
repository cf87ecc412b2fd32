package io.isochron.restore;

import io.isochron.wal.Lsn;

/**
 * A stretch of the WAL that is replayed.
 *
 * @param timeline the PostgreSQL timeline it lies on
 * @param start its first byte
 * @param end the byte after its last
 */
public record TimelineStep(int timeline, Lsn start, Lsn end) {
    public TimelineStep {
        if (end.isBefore(start)) {
            throw new IllegalArgumentException("timeline " + timeline + " would be read from " + start + " back to "
                    + end + "\nhint: the archive's timeline histories contradict its snapshots");
        }
    }
}
