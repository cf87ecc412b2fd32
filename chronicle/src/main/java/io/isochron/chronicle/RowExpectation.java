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
     * Computes it.
     *
     * @param history must reach from before {@code from} to {@code to}
     * @param shard name of the shard
     * @param from a position at which rows were counted
     * @param countAtFrom the count, of rows visible there
     * @param fileAtFrom the table's storage there
     * @param to a later position, or the same
     * @param fileAtTo the table's storage there
     * @param decisions the cut's decisions for this shard; branches to be committed count
     */
    @SuppressWarnings("DoNotCallSuggester")
    static RowExpectation of(
            ClusterHistory history,
            String shard,
            Lsn from,
            long countAtFrom,
            RelationFile fileAtFrom,
            Lsn to,
            RelationFile fileAtTo,
            Collection<Decision> decisions) {
        throw new UnsupportedOperationException();
    }
}
