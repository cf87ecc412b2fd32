package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one range of a shard's WAL. A record belongs to the segment in whose range its last byte lies. Segments of a shard follow each other without a gap in sequence and, unless WAL was lost, in position; each names the hash of the
 * one before. One that begins before the end of the segment before it supersedes what reaches beyond its beginning ({@link Lineage}). An idle shard makes segments with an empty range, so that its safe time moves.
 *
 * @param shard name of the shard
 * @param sequence from 0, one more for each segment of the shard
 * @param previousSha256 SHA-256 of the previous segment's encoded bytes, 64 lower-case hexadecimal digits; 64 zeros for sequence 0
 * @param timeline PostgreSQL timeline of the range
 * @param start where the range begins
 * @param end where it ends; equal to the start if the shard wrote nothing
 * @param lastRecordEnd end of the last complete record, possibly of an earlier segment; by padding (up to 7 bytes, after a segment switch
 *     more) it may lie beyond the end; the start of the chronicle if there was no record yet
 * @param parserRestart where a parser must start to go on after this segment: the start of the record that the end cuts, or the end of
 *     the last complete one, which may lie beyond the end; the start of the chronicle, a page of which the beginning may belong to an older
 *     record, if no record was complete yet
 * @param records number of complete records
 * @param checkpoints number of checkpoints among them
 * @param referenceFirstMicros reference time when the first of these bytes arrived (or the segment was opened)
 * @param referenceLastMicros reference time when the segment was cut, not before the first
 * @param safePoint the latest safe point that the archive held when the segment was cut; null if none is known yet
 * @param clocks bounds of the shard's clock read while the segment was open, in order of time
 * @param clockSteps jumps of the shard's clock in that time
 * @param events commits, aborts and two-phase records, in LSN order
 * @param rows row counts by transaction id and storage
 * @param storage storage that came, shrank or went, in LSN order
 * @param openPrepared all transactions prepared and undecided at the end, in order of their PREPARE
 * @param oldestOpenStart a position at or before the first record of every transaction still open at the end; the last record's end if
 *     none is open; null if not known (transactions may be open that began before the chronicle)
 * @param running the shard's own pictures of its running transactions
 * @param relations what catalogs said in that time
 * @param parameters changes of settings that replay must match
 * @param tablespaces tablespaces created
 * @param restorePoints named restore points
 * @param fences fences that became known, ascending
 * @param decisionRecords gids that transactions committed in this segment had written into a coordinator's log table, in order of commit
 * @param openDecisionRecords the same of transactions still open at the end, by transaction id
 * @param customResourceManagers ids (128 to 255) of extensions' own resource managers seen, ascending
 * @param ddl what the SQL helper, where there is one, wrote about statements, whatever became of their transactions
 */
public record Segment(
        String shard,
        long sequence,
        String previousSha256,
        int timeline,
        Lsn start,
        Lsn end,
        Lsn lastRecordEnd,
        Lsn parserRestart,
        long records,
        int checkpoints,
        long referenceFirstMicros,
        long referenceLastMicros,
        @Nullable SafePoint safePoint,
        List<ClockBounds> clocks,
        List<ClockStep> clockSteps,
        List<Event> events,
        List<RowCounts> rows,
        List<StorageChange> storage,
        List<OpenPrepared> openPrepared,
        @Nullable Lsn oldestOpenStart,
        List<RunningTransactions> running,
        List<RelationObservation> relations,
        List<ParameterChange> parameters,
        List<TablespaceCreated> tablespaces,
        List<RestorePoint> restorePoints,
        List<FenceMark> fences,
        List<RecordedGids> decisionRecords,
        List<RecordedGids> openDecisionRecords,
        List<Integer> customResourceManagers,
        DdlMessages ddl) {
    /** What the first segment of a shard has for the hash of its predecessor. */
    public static final String NO_PREVIOUS = "0".repeat(64);

    private static final int SHA256_DIGITS = 64;

    /** @throws IllegalArgumentException if positions, times or the chain contradict each other */
    public Segment {
        clocks = List.copyOf(clocks);
        clockSteps = List.copyOf(clockSteps);
        boolean read = !(events instanceof SegmentEvents);
        events = read ? List.copyOf(events) : events;
        rows = List.copyOf(rows);
        storage = List.copyOf(storage);
        openPrepared = List.copyOf(openPrepared);
        running = List.copyOf(running);
        relations = List.copyOf(relations);
        parameters = List.copyOf(parameters);
        tablespaces = List.copyOf(tablespaces);
        restorePoints = List.copyOf(restorePoints);
        fences = List.copyOf(fences);
        decisionRecords = List.copyOf(decisionRecords);
        openDecisionRecords = List.copyOf(openDecisionRecords);
        customResourceManagers = List.copyOf(customResourceManagers);
        require(sequence >= 0, shard, () -> "sequence " + sequence);
        require(isSha256(previousSha256), shard, () -> "previous hash '" + previousSha256 + "'");
        require(
                (sequence == 0) == previousSha256.equals(NO_PREVIOUS),
                shard,
                () -> "hash of no predecessor at " + sequence);
        require(!end.isBefore(start), shard, () -> "range " + start + " to " + end);
        require(referenceLastMicros >= referenceFirstMicros, shard, () -> "reference times out of order");
        require(
                safePoint == null || !safePoint.upTo().isAfter(end),
                shard,
                () -> "safe point beyond the segment's end " + end);
        for (FenceMark fence : fences) {
            require(!fence.at().isAfter(end), shard, () -> "fence " + fence.id() + " beyond the segment's end " + end);
        }
        if (read) {
            Lsn last = start;
            for (Event event : events) {
                require(event.end().isAfter(last), shard, () -> "event at " + event.start() + " out of order or range");
                last = event.end();
            }
            require(!last.isAfter(Lsn.max(end, lastRecordEnd)), shard, () -> "event beyond " + end);
        }
    }

    private static void require(boolean holds, String shard, Supplier<String> what) {
        if (!holds) {
            throw new IllegalArgumentException("segment of shard '" + shard + "' is not sound: " + what.get());
        }
    }

    private static boolean isSha256(String text) {
        boolean digits = text.length() == SHA256_DIGITS;
        for (int i = 0; i < text.length() && digits; i++) {
            char c = text.charAt(i);
            digits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        }
        return digits;
    }
}
