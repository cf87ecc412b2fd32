package io.isochron.handover;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What a back-fill found and did.
 *
 * @param id name of this run; part of the names of its prepared transactions
 * @param table the table
 * @param applied whether rows were written; false for a dry run
 * @param columns the columns whose values are compared and moved, in the order of the restored table
 * @param notes what a reader should know: columns that were added or dropped since, triggers that ran
 * @param settled prepared transactions of an earlier, crashed run that were settled first, one sentence each
 * @param shards one result per shard, in the order asked
 * @param elapsedMicros duration in microseconds
 */
public record BackfillReport(
        String id,
        TableName table,
        boolean applied,
        List<String> columns,
        List<String> notes,
        List<String> settled,
        List<ShardResult> shards,
        long elapsedMicros) {

    public BackfillReport {
        columns = List.copyOf(columns);
        notes = List.copyOf(notes);
        settled = List.copyOf(settled);
        shards = List.copyOf(shards);
    }

    /**
     * One shard's result. Counts are rows.
     *
     * @param shard the shard's name
     * @param restoredRows rows of the restored table
     * @param liveRows rows of the live table when it was compared
     * @param missing rows that the live side lacks
     * @param leftDeleted rows of {@code missing} that are not given back, because they are not among the damaged ones
     * @param inserted rows given back (dry run: rows that would be)
     * @param presentMeanwhile rows that were not inserted because a row with the same key, or the same value of another
     *     unique or exclusion constraint, was there by then
     * @param differing rows on both sides whose values differ
     * @param setBack rows of {@code differing} that were set back (dry run: would be)
     * @param conflicts rows of {@code differing} that were left alone
     * @param onlyLive rows that only the live side has; never touched
     * @param conflictExamples keys of up to 10 rows that were left alone or were present meanwhile
     */
    public record ShardResult(
            String shard,
            long restoredRows,
            long liveRows,
            long missing,
            long leftDeleted,
            long inserted,
            long presentMeanwhile,
            long differing,
            long setBack,
            long conflicts,
            long onlyLive,
            List<String> conflictExamples) {
        public ShardResult {
            conflictExamples = List.copyOf(conflictExamples);
        }
    }

    /** The sum of one count over all shards, for example {@code total(ShardResult::inserted)}. */
    public long total(ToLongFunction<ShardResult> count) {
        return shards.stream().mapToLong(count).sum();
    }
}
