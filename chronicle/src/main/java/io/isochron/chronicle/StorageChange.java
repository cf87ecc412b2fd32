package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;

/**
 * A relation's main fork came, shrank or went.
 *
 * @param kind what happened
 * @param xid unsigned id of the transaction in whose record it stands (that is decided, for commits and aborts); 0 for none
 * @param relation the storage
 * @param at end of the record
 * @param blocks pages that remain, for {@link Kind#TRUNCATED}; else 0
 */
public record StorageChange(Kind kind, int xid, RelationFile relation, Lsn at, long blocks) {
    /** What happened. */
    public enum Kind {
        /** A new empty file; undone if the transaction aborts. */
        CREATED(0),
        /** Cut to a length: by VACUUM (xid 0), or by TRUNCATE of a table made in the same transaction. */
        TRUNCATED(1),
        /** Deleted by the commit of a DROP, TRUNCATE or rewrite. */
        DROPPED(2),
        /** Deleted because the transaction that had created it was rolled back. */
        CREATION_UNDONE(3);

        /** Number in the segment format. */
        final int code;

        Kind(int code) {
            this.code = code;
        }
    }
}
