package io.isochron.chronicle;

import io.isochron.wal.ChangeHandler;
import io.isochron.wal.Lsn;
import io.isochron.wal.RecordHandler;
import io.isochron.wal.RelationChange;
import io.isochron.wal.RelationChange.CheckpointWritten;
import io.isochron.wal.RelationChange.CustomRecord;
import io.isochron.wal.RelationChange.ParametersChanged;
import io.isochron.wal.RelationChange.RestorePointCreated;
import io.isochron.wal.RelationChange.StorageCreated;
import io.isochron.wal.RelationChange.StorageDropped;
import io.isochron.wal.RelationChange.StorageTruncated;
import io.isochron.wal.RelationChange.TransactionsRunning;
import io.isochron.wal.RelationChanges;
import io.isochron.wal.RelationFile;
import io.isochron.wal.TransactionEvent;
import io.isochron.wal.TransactionEvents;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Collects what one shard's WAL records say and cuts it into {@link Segment}s. It is the handler of the shard's
 * {@link io.isochron.wal.WalReader}: feed bytes to the reader up to a position, then {@link #cut} there. Memory is bounded by one segment's
 * transactions and relations, and the transactions open. Not thread-safe.
 */
public final class SegmentBuilder implements RecordHandler {
    private final String shard;
    private final WalFormat format;
    private final ChangeHandler changes = new Changes();
    private final OpenTransactions open;
    private final DecisionRecords decisions;
    private final DdlRecords ddl = new DdlRecords();
    private int timeline;
    private long sequence;
    private String previousSha256;
    private Lsn start;
    private Lsn lastRecordEnd;

    private Lsn recordEnd = Lsn.INVALID;
    private int recordXid;
    private long records;
    private int checkpoints;
    private @Nullable SafePoint safePoint;
    private @Nullable ClockBounds clock;
    private List<ClockBounds> clocks = new ArrayList<>();
    private List<ClockStep> clockSteps = new ArrayList<>();
    private List<Event> events = new ArrayList<>();
    private final RowTally rows = new RowTally();
    private List<StorageChange> storage = new ArrayList<>();
    private List<RunningTransactions> running = new ArrayList<>();
    private List<RelationObservation> relations = new ArrayList<>();
    private List<ParameterChange> parameters = new ArrayList<>();
    private List<TablespaceCreated> tablespaces = new ArrayList<>();
    private List<RestorePoint> restorePoints = new ArrayList<>();
    private List<FenceMark> fences = new ArrayList<>();
    private TreeSet<Integer> customResourceManagers = new TreeSet<>();

    /**
     * Begins a shard's chronicle with segment 0.
     *
     * @param shard name of the shard
     * @param format the WAL format of its PostgreSQL major version
     * @param timeline PostgreSQL timeline
     * @param start where the first range begins
     * @param prepared transactions that are prepared at the start, as far as known (from {@code pg_prepared_xacts}); those whose PREPARE
     *     follows in the WAL may be among them
     */
    public SegmentBuilder(String shard, WalFormat format, int timeline, Lsn start, Collection<OpenPrepared> prepared) {
        this.shard = shard;
        this.format = format;
        this.timeline = timeline;
        this.start = start;
        this.lastRecordEnd = start;
        this.previousSha256 = Segment.NO_PREVIOUS;
        this.open = new OpenTransactions(prepared, null);
        this.decisions = new DecisionRecords(List.of());
    }

    private SegmentBuilder(WalFormat format, Segment last, String lastSha256) {
        this.shard = last.shard();
        this.format = format;
        this.timeline = last.timeline();
        this.sequence = last.sequence() + 1;
        this.previousSha256 = lastSha256;
        this.start = last.end();
        this.lastRecordEnd = last.lastRecordEnd();
        this.open = new OpenTransactions(last.openPrepared(), last.oldestOpenStart());
        this.decisions = new DecisionRecords(last.openDecisionRecords());
    }

    /**
     * Goes on after a stored segment. The reader must be started at its {@link Segment#parserRestart}, with the bytes from there.
     *
     * @param last the shard's last segment
     * @param lastEncoded its bytes as stored
     */
    public static SegmentBuilder after(WalFormat format, Segment last, byte[] lastEncoded) {
        return new SegmentBuilder(format, last, SegmentCodec.sha256(lastEncoded));
    }

    /**
     * Goes on after a stored segment that is not the newest: what was archived after it lies on an abandoned branch and is superseded ({@link Lineage}).
     *
     * @param last the segment to go on after
     * @param newest the shard's newest segment, whose sequence and hash the next one continues
     * @param newestEncoded its bytes as stored
     */
    public static SegmentBuilder branchingAfter(WalFormat format, Segment last, Segment newest, byte[] newestEncoded) {
        SegmentBuilder builder = new SegmentBuilder(format, last, SegmentCodec.sha256(newestEncoded));
        builder.sequence = newest.sequence() + 1;
        return builder;
    }

    /** The shard went on on another PostgreSQL timeline, which branches off at the end of the last segment cut. */
    public void timeline(int next) {
        if (records > 0) {
            throw new IllegalStateException("shard '" + shard + "' cannot change its timeline within a segment");
        }
        timeline = next;
    }

    /** Sequence of the segment that is being built. */
    public long sequence() {
        return sequence;
    }

    /** Where the segment that is being built begins. */
    public Lsn start() {
        return start;
    }

    /** Whether the catalog should be read soon: this segment saw storage being created. */
    public boolean storageCreated() {
        return storage.stream().anyMatch(change -> change.kind() == StorageChange.Kind.CREATED);
    }

    /** Takes one record. Records that were taken already (seen again after a restart) are left out. */
    @Override
    public void record(WalRecord record) throws WalDamagedException {
        Lsn before = lastRecordEnd.isAfter(record.start()) ? record.start() : lastRecordEnd;
        recordEnd = record.end();
        if (!recordEnd.isAfter(lastRecordEnd)) {
            return;
        }
        recordXid = record.xid();
        records++;
        if (recordXid != 0) {
            open.wrote(recordXid, record.start());
        }
        decisions.record(format, record);
        ddl.record(record);
        Optional<TransactionEvent> event = TransactionEvents.decode(format, record);
        if (event.isPresent()) {
            event(event.get(), sameBoundary(before, record.start()) ? before : record.start(), record.start());
        }
        RelationChanges.decode(format, record, changes);
        lastRecordEnd = recordEnd;
    }

    /** At the chronicle's beginning, and behind an abandoned record, the previous record's end is not what lies directly before. */
    private static boolean sameBoundary(Lsn before, Lsn start) {
        return start.minus(before) <= Event.PAGE_HEADER_BYTES_MAX;
    }

    private void event(TransactionEvent event, Lsn before, Lsn at) {
        recordXid = event.xid();
        switch (event) {
            case TransactionEvent.Commit commit -> {
                String gid = commit.prepared() ? open.decided(commit.xid(), commit.gid()) : null;
                events.add(new Event(
                        commit.prepared() ? Event.Kind.COMMIT_PREPARED : Event.Kind.COMMIT,
                        before,
                        at,
                        recordEnd,
                        commit.xid(),
                        commit.timeMicros(),
                        gid,
                        commit.databaseOid(),
                        commit.subxids()));
                open.ended(commit.xid(), commit.subxids());
                decisions.committed(commit.xid(), commit.subxids());
            }
            case TransactionEvent.Abort abort -> {
                String gid = abort.prepared() ? open.decided(abort.xid(), abort.gid()) : null;
                events.add(new Event(
                        abort.prepared() ? Event.Kind.ABORT_PREPARED : Event.Kind.ABORT,
                        before,
                        at,
                        recordEnd,
                        abort.xid(),
                        abort.timeMicros(),
                        gid,
                        abort.databaseOid(),
                        abort.subxids()));
                open.ended(abort.xid(), abort.subxids());
                decisions.aborted(abort.xid(), abort.subxids());
            }
            case TransactionEvent.Prepare prepare -> {
                events.add(new Event(
                        Event.Kind.PREPARE,
                        before,
                        at,
                        recordEnd,
                        prepare.xid(),
                        prepare.timeMicros(),
                        prepare.gid(),
                        prepare.databaseOid(),
                        prepare.subxids()));
                open.prepared(new OpenPrepared(
                        prepare.xid(),
                        prepare.gid(),
                        at,
                        recordEnd,
                        prepare.timeMicros(),
                        prepare.databaseOid(),
                        prepare.subxids()));
            }
        }
    }

    private final class Changes implements ChangeHandler {
        @Override
        public void rowsInserted(RelationFile relation, int count) {
            rows.inserted(recordXid, relation, count);
        }

        @Override
        public void rowUpdated(RelationFile relation, boolean hot) {
            rows.updated(recordXid, relation);
        }

        @Override
        public void rowDeleted(RelationFile relation, long block, int offset, boolean movedToOtherPartition) {
            rows.deleted(recordXid, relation);
        }

        @Override
        public void change(RelationChange change) {
            changed(change);
        }
    }

    private void changed(RelationChange change) {
        switch (change) {
            case RelationChange.RowsInserted inserted -> changes.rowsInserted(inserted.relation(), inserted.rows());
            case RelationChange.RowUpdated updated -> changes.rowUpdated(updated.relation(), updated.hot());
            case RelationChange.RowDeleted deleted ->
                changes.rowDeleted(
                        deleted.relation(), deleted.block(), deleted.offset(), deleted.movedToOtherPartition());
            case RelationChange.PagesWritten written -> {
                if (written.fork() == 0) {
                    rows.pagesWritten(recordXid, written.relation(), written.pages());
                }
            }
            case StorageCreated created -> {
                if (created.fork() == 0) {
                    storage.add(
                            new StorageChange(StorageChange.Kind.CREATED, recordXid, created.relation(), recordEnd, 0));
                }
            }
            case StorageTruncated truncated -> {
                if (truncated.main()) {
                    storage.add(new StorageChange(
                            StorageChange.Kind.TRUNCATED,
                            recordXid,
                            truncated.relation(),
                            recordEnd,
                            truncated.blocks()));
                }
            }
            case StorageDropped dropped ->
                storage.add(new StorageChange(
                        dropped.committed() ? StorageChange.Kind.DROPPED : StorageChange.Kind.CREATION_UNDONE,
                        recordXid,
                        dropped.relation(),
                        recordEnd,
                        0));
            case ParametersChanged p ->
                parameters.add(new ParameterChange(
                        recordEnd,
                        p.maxConnections(),
                        p.maxWorkerProcesses(),
                        p.maxWalSenders(),
                        p.maxPreparedTransactions(),
                        p.maxLocksPerTransaction(),
                        p.walLevel(),
                        p.walLogHints(),
                        p.trackCommitTimestamp()));
            case RelationChange.TablespaceCreated created ->
                tablespaces.add(new TablespaceCreated(recordEnd, created.tablespaceOid(), created.path()));
            case RestorePointCreated point ->
                restorePoints.add(new RestorePoint(recordEnd, point.timeMicros(), point.name()));
            case CheckpointWritten checkpoint -> {
                checkpoints++;
                if (checkpoint.shutdown()) {
                    serverStopped();
                }
            }
            case RelationChange.RecoveryEnded ended -> serverStopped();
            case TransactionsRunning picture -> {
                running.add(new RunningTransactions(recordEnd, picture.nextXid(), picture.oldestRunningXid()));
                open.running(picture.nextXid(), picture.oldestRunningXid());
            }
            case CustomRecord custom -> customResourceManagers.add(custom.resourceManager());
            case RelationChange.TablesTruncated ignored -> {}
            case RelationChange.TablespaceDropped ignored -> {}
            case RelationChange.DatabaseCreated ignored -> {}
            case RelationChange.DatabaseDropped ignored -> {}
            case RelationChange.RelationMapUpdated ignored -> {}
            case RelationChange.FullPageWritesChanged ignored -> {}
            case RelationChange.BackupEnded ignored -> {}
        }
    }

    private void serverStopped() {
        open.serverStopped();
        decisions.retain(open.allPrepared());
    }

    /** The shard's clock was read; the last reading of a segment is kept, and those around a step. */
    public void clock(ClockBounds bounds) {
        clock = bounds;
    }

    /** The shard's clock was seen to step; follow it with {@link #clock} for the new bounds. */
    public void clockStep(ClockStep step) {
        clockSteps.add(step);
        clocks.add(step.before());
        clocks.add(step.after());
    }

    /** A safe point became known; it is kept if it is the latest and lies within the archive when the segment is cut. */
    public void safePoint(SafePoint point) {
        if (safePoint == null || point.referenceMicros() > safePoint.referenceMicros()) {
            safePoint = point;
        }
    }

    /** A fence is known; its position must lie within the archive when the segment is cut. */
    public void fence(FenceMark fence) {
        fences.add(fence);
    }

    /** The catalog was read. */
    public void observe(Collection<RelationObservation> observations) {
        relations.addAll(observations);
    }

    /**
     * Ends the segment and begins the next. All WAL up to the end must have been fed to the reader before.
     *
     * @param end where the range ends; may equal the start
     * @param parserRestart the reader's {@code pendingStart()}
     * @param referenceFirstMicros reference time when the first of these bytes arrived
     * @param referenceLastMicros reference time now
     * @return the segment with its bytes
     * @throws IllegalArgumentException if the safe point lies beyond the end: pass only those that the archive covers
     */
    public EncodedSegment cut(Lsn end, Lsn parserRestart, long referenceFirstMicros, long referenceLastMicros) {
        if (clock != null) {
            clocks.add(clock);
        }
        Segment segment = new Segment(
                shard,
                sequence,
                previousSha256,
                timeline,
                start,
                end,
                lastRecordEnd,
                parserRestart,
                records,
                checkpoints,
                referenceFirstMicros,
                referenceLastMicros,
                safePoint,
                clocks,
                clockSteps,
                events,
                rows.take(),
                storage,
                open.allPrepared(),
                open.oldestStart(Lsn.min(lastRecordEnd, end)),
                running,
                relations,
                parameters,
                tablespaces,
                restorePoints,
                fences,
                decisions.take(),
                decisions.open(),
                List.copyOf(customResourceManagers),
                ddl.take());
        EncodedSegment encoded = new EncodedSegment(segment);
        next(encoded);
        return encoded;
    }

    private void next(EncodedSegment cut) {
        previousSha256 = SegmentCodec.sha256(cut.bytes());
        sequence++;
        start = cut.segment().end();
        records = 0;
        checkpoints = 0;
        safePoint = null;
        clock = null;
        clocks = new ArrayList<>();
        clockSteps = new ArrayList<>();
        events = new ArrayList<>();
        storage = new ArrayList<>();
        running = new ArrayList<>();
        relations = new ArrayList<>();
        parameters = new ArrayList<>();
        tablespaces = new ArrayList<>();
        restorePoints = new ArrayList<>();
        fences = new ArrayList<>();
        customResourceManagers = new TreeSet<>();
    }
}
