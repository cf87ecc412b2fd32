package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A WAL record that decides something about a transaction of one shard.
 *
 * @param kind what it decides
 * @param before the record boundary just before it: the end of the previous record, as {@code pg_last_wal_replay_lsn()} shows it when
 *     that record was the last one replayed. Equal to {@code start}, or less by a page header (24 or 40 bytes) when the previous record
 *     ended with its page; both name the same boundary
 * @param start position of the record's first byte
 * @param end position after it (PostgreSQL's {@code EndRecPtr}); the event is inside a boundary L if {@code end <= L}
 * @param xid unsigned id of the transaction that is decided (for two-phase records of the prepared one, not of the deciding session)
 * @param timeMicros the shard's clock in the record, microseconds since the Unix epoch; never to be compared between shards uncorrected
 * @param gid the global id of a two-phase record; null for plain ones, and for COMMIT or ROLLBACK PREPARED whose PREPARE is unknown
 * @param databaseOid database of the session, 0 if unknown
 * @param subxids subtransactions that share the fate
 */
public record Event(
        Kind kind,
        Lsn before,
        Lsn start,
        Lsn end,
        int xid,
        long timeMicros,
        @Nullable String gid,
        int databaseOid,
        List<Integer> subxids) {
    /** Bytes of the longer page header (PostgreSQL: SizeOfXLogLongPHD, src/include/access/xlog_internal.h). */
    static final int PAGE_HEADER_BYTES_MAX = 40;

    /** What such a record can decide. */
    public enum Kind {
        COMMIT(0),
        ABORT(1),
        PREPARE(2),
        COMMIT_PREPARED(3),
        ABORT_PREPARED(4);

        /** Number in the segment format. */
        final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    public Event {
        Objects.requireNonNull(kind);
        subxids = List.copyOf(subxids);
        if (before.isAfter(start) || !start.isBefore(end)) {
            throw new IllegalArgumentException("event of transaction " + Integer.toUnsignedString(xid)
                    + " has positions out of order: " + before + ", " + start + ", " + end);
        }
    }

    /** Whether this makes rows visible: COMMIT or COMMIT PREPARED. */
    public boolean commits() {
        return kind == Kind.COMMIT || kind == Kind.COMMIT_PREPARED;
    }

    /** Whether this belongs to two-phase commit. */
    public boolean twoPhase() {
        return kind == Kind.PREPARE || kind == Kind.COMMIT_PREPARED || kind == Kind.ABORT_PREPARED;
    }

    /** Whether replay up to a boundary includes this record. */
    public boolean inside(Lsn boundary) {
        return !end.isAfter(boundary);
    }
}
