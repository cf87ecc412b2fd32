package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.Collection;

/** How many rows a table must have at one position of its shard, given the number at an earlier one. */
public sealed interface RowExpectation {
    /** It must have exactly this many. */
    record Rows(long count) implements RowExpectation {}

    /** The index does not tell; the reason is for people. */
    record NotComputable(String reason) implements RowExpectation {}

    /**
     * Computes it: the rows at the beginning, plus what transactions inserted less what they deleted whose commit lies in between, whenever
     * they had logged it; a truncated table counts from zero on its new storage. Only for tables that are logged: unlogged and temporary
     * ones are not in WAL.
     *
     * @param history must reach back to the beginning of every transaction that was open at {@code from}, and up to {@code to}
     * @param shard name of the shard
     * @param from a position at which rows were counted
     * @param countAtFrom the count, of rows visible there
     * @param fileAtFrom the table's storage there, with its real tablespace
     * @param to a later position, or the same
     * @param fileAtTo the table's storage there, with its real tablespace
     * @param decisions the cut's decisions; the branches of this shard that are to be committed count
     */
    static RowExpectation of(
            ClusterHistory history,
            String shard,
            Lsn from,
            long countAtFrom,
            RelationFile fileAtFrom,
            Lsn to,
            RelationFile fileAtTo,
            Collection<Decision> decisions) {
        return CommittedRows.between(history.shard(shard), from, to, decisions)
                .expect(countAtFrom, fileAtFrom, fileAtTo);
    }

    /**
     * The same for many tables: the committed work between two positions is looked up once.
     *
     * @param history as in {@link #of}
     */
    static CommittedRows between(
            ClusterHistory history, String shard, Lsn from, Lsn to, Collection<Decision> decisions) {
        return CommittedRows.between(history.shard(shard), from, to, decisions);
    }
}
