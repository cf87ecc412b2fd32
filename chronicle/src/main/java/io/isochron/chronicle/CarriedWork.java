package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;

/**
 * What one transaction id, not yet ended, had done to one storage by the end of a ledger entry.
 *
 * @param xid unsigned transaction id, possibly of a subtransaction
 * @param file the storage
 * @param inserted rows
 * @param updated rows
 * @param deleted rows
 * @param pagesWritten pages written whole
 * @param created whether it created the storage
 * @param firstSeen beginning of the segment in which the id first wrote
 * @param firstSeenMicros reference time there
 */
public record CarriedWork(
        int xid,
        RelationFile file,
        long inserted,
        long updated,
        long deleted,
        long pagesWritten,
        boolean created,
        Lsn firstSeen,
        long firstSeenMicros) {
    /** Most pieces in an entry; those with the most rows are kept, so that a count made from them is a lower bound. */
    public static final int MAX = 65_536;
}
