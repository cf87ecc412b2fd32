package io.isochron.wal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record that decides something about a transaction (PostgreSQL: src/include/access/xact.h). Ids are unsigned 32-bit; times are
 * microseconds since the Unix epoch by the shard's clock.
 */
public sealed interface TransactionEvent {
    /** The transaction that is decided: of the prepared one for COMMIT PREPARED and ROLLBACK PREPARED, not of the session that decides. */
    int xid();

    /** When the server wrote it, by its own clock; not ordered along the log. */
    long timeMicros();

    /** The database of the session, 0 if the record does not say. */
    int databaseOid();

    /** Subtransactions that share the fate, in the record's order; PostgreSQL lists those with an id of their own. */
    List<Integer> subxids();

    /**
     * COMMIT or COMMIT PREPARED.
     *
     * @param dropped storage that is deleted by this commit
     * @param gid set for COMMIT PREPARED at {@code wal_level=logical} only
     * @param prepared whether this is COMMIT PREPARED
     * @param origin where a replicated transaction came from
     */
    record Commit(
            int xid,
            long timeMicros,
            List<Integer> subxids,
            List<RelationFile> dropped,
            int databaseOid,
            @Nullable String gid,
            boolean prepared,
            @Nullable Origin origin)
            implements TransactionEvent {}

    /**
     * ABORT or ROLLBACK PREPARED. Transactions that are open when a server crashes end without one.
     *
     * @param dropped storage that the transaction had created
     * @param gid set for ROLLBACK PREPARED at {@code wal_level=logical} only
     * @param prepared whether this is ROLLBACK PREPARED
     * @param origin where a replicated transaction came from
     */
    record Abort(
            int xid,
            long timeMicros,
            List<Integer> subxids,
            List<RelationFile> dropped,
            int databaseOid,
            @Nullable String gid,
            boolean prepared,
            @Nullable Origin origin)
            implements TransactionEvent {}

    /**
     * PREPARE TRANSACTION.
     *
     * @param gid the global id, always present
     * @param droppedOnCommit storage that COMMIT PREPARED will delete
     * @param droppedOnAbort storage that ROLLBACK PREPARED will delete
     */
    record Prepare(
            int xid,
            long timeMicros,
            String gid,
            int databaseOid,
            List<Integer> subxids,
            List<RelationFile> droppedOnCommit,
            List<RelationFile> droppedOnAbort)
            implements TransactionEvent {}

    /**
     * The position and time of a transaction at the server it was replicated from.
     *
     * @param lsn end of the commit there
     * @param timeMicros time of the commit there
     */
    record Origin(Lsn lsn, long timeMicros) {}
}
