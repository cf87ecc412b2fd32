package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a ledger entry covers, and how far the shard's archive was known to be safe at its end.
 *
 * @param firstEntry number of the first minute that it covers; of a minute: its own
 * @param lastEntry number of the last one
 * @param catalogEntry number of the latest minute, up to the last, that lists all names
 * @param firstSequence number of the first segment
 * @param lastSequence number of the last one
 * @param lastSegmentSha256 SHA-256 of the last segment's bytes
 * @param timeline PostgreSQL timeline at the end
 * @param start where the first segment begins
 * @param end where the last one ends
 * @param fromMicros reference time at the beginning of the first segment
 * @param toMicros reference time at the end of the last one
 * @param safePoint the latest safe point known at the end; null if there was none yet
 * @param clock the latest bounds of the shard's clock; null if it was never read
 */
public record LedgerCover(
        long firstEntry,
        long lastEntry,
        long catalogEntry,
        long firstSequence,
        long lastSequence,
        String lastSegmentSha256,
        int timeline,
        Lsn start,
        Lsn end,
        long fromMicros,
        long toMicros,
        @Nullable SafePoint safePoint,
        @Nullable ClockBounds clock) {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    /** @throws IllegalArgumentException if a range is turned around */
    public LedgerCover {
        if (firstEntry < 0
                || lastEntry < firstEntry
                || catalogEntry > lastEntry
                || firstSequence < 0
                || lastSequence < firstSequence
                || !SHA256.matcher(lastSegmentSha256).matches()) {
            throw new IllegalArgumentException("ledger range of entries " + firstEntry + " to " + lastEntry
                    + ", segments " + firstSequence + " to " + lastSequence + " is not sound");
        }
    }
}
