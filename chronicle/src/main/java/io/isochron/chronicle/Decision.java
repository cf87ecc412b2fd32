package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * What becomes of a transaction that is prepared and undecided at a shard's boundary. After replay exactly these are in
 * {@code pg_prepared_xacts}.
 *
 * @param shard name of the shard
 * @param gid global id of the branch
 * @param xid unsigned transaction id of the branch
 * @param prepareEnd end of its PREPARE record
 * @param action commit or roll back
 * @param reason for people: which record decided it
 */
public record Decision(String shard, String gid, int xid, Lsn prepareEnd, Action action, String reason) {
    /** What to do. */
    public enum Action {
        COMMIT,
        ROLLBACK
    }
}
