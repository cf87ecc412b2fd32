package io.isochron.chronicle;

import java.util.List;

/**
 * What happened in the range of a ledger entry, with limits: what a limit left out is counted.
 *
 * @param commits transactions committed, prepared ones included
 * @param aborts transactions rolled back, prepared ones included
 * @param prepares transactions prepared
 * @param walBytes bytes of WAL
 * @param records WAL records
 * @param checkpoints checkpoints
 * @param firstXid the lowest transaction id committed, in PostgreSQL's circular order; 0 if none
 * @param lastXid the highest; 0 if none
 * @param tables rows by storage of committed transactions, by storage; at most {@link #TABLES_MAX}, those with the most rows
 * @param tablesOmitted how many storages were left out
 * @param large transactions worth finding again, in order of their commits ({@link LargeTransaction})
 * @param largeOmitted how many were left out
 * @param notables all else worth knowing, in order of position; at most {@link #NOTABLES_MAX}
 * @param notablesOmitted how many were left out, creations first
 * @param statements what the SQL helper, where there is one, said about statements of committed transactions
 * @param stale transactions that had been prepared for a minute and more at the end; at most {@link #STALE_MAX}, oldest first
 * @param staleOmitted how many were left out
 * @param inDoubt number of all transactions prepared and undecided at the end
 */
public record LedgerDigest(
        long commits,
        long aborts,
        long prepares,
        long walBytes,
        long records,
        long checkpoints,
        int firstXid,
        int lastXid,
        List<TableTotals> tables,
        long tablesOmitted,
        List<LargeTransaction> large,
        long largeOmitted,
        List<Notable> notables,
        long notablesOmitted,
        DdlStatements statements,
        List<OpenPrepared> stale,
        long staleOmitted,
        long inDoubt) {
    /** Most storages in an entry. */
    public static final int TABLES_MAX = 4096;

    /** Most notable events in an entry. */
    public static final int NOTABLES_MAX = 1024;

    /** Most prepared transactions in an entry. */
    public static final int STALE_MAX = 256;

    public LedgerDigest {
        tables = List.copyOf(tables);
        large = List.copyOf(large);
        notables = List.copyOf(notables);
        stale = List.copyOf(stale);
    }

    /** Whether a transaction of this id may have committed in the range. */
    public boolean mayHaveCommitted(int xid) {
        return firstXid != 0
                && !RunningTransactions.precedes(xid, firstXid)
                && !RunningTransactions.precedes(lastXid, xid);
    }
}
