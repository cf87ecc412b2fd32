package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * A shard's own picture of its transactions, logged with each checkpoint and every 15 s while there is work.
 *
 * @param at end of the record
 * @param nextXid unsigned first transaction id that had not been given out: any that is not older began after this record
 * @param oldestRunningXid unsigned lowest id that was running
 */
public record RunningTransactions(Lsn at, int nextXid, int oldestRunningXid) {
    /** Whether transaction a was given out before b, in PostgreSQL's circular order of ids (src/backend/access/transam/transam.c). */
    static boolean precedes(int a, int b) {
        return a - b < 0;
    }
}
