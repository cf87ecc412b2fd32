package io.isochron.handover;

import java.util.List;

/** Compares a table of a restored cluster with the live one, row by row, without changing anything. */
public final class TableComparison {
    private TableComparison() {}

    /**
     * Streams both sides of every shard in the order of the primary key and counts what is missing on the live side, what
     * differs and what only the live side has. The live side is read in one snapshot per shard.
     *
     * @throws BackfillRefusedException when the two sides cannot be compared
     * @throws HandoverException when a side failed, or the calling thread was interrupted
     */
    public static BackfillReport compare(List<ShardPair> shards, TableName table, HandoverProgress progress)
            throws HandoverException {
        return Backfill.run(shards, table, BackfillOptions.dryRun().withAcceptSchemaChange(true), progress);
    }
}
