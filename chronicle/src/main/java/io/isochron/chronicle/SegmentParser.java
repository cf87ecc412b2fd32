package io.isochron.chronicle;

import io.isochron.chronicle.StorageChange.Kind;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what {@link SegmentWriter} wrote. */
final class SegmentParser {
    private static final int EVENT_KINDS = Event.Kind.values().length;
    private static final Kind[] STORAGE_KINDS = {Kind.CREATED, Kind.TRUNCATED, Kind.DROPPED, Kind.CREATION_UNDONE};

    private final ByteReader in;
    private final @Nullable CutEvents forCut;
    private long base;
    private long position;
    private long timeMicros;
    private int xid;
    private int databaseOid;

    /** Decides when the events of a segment are read. */
    @FunctionalInterface
    interface CutEvents {
        /**
         * The events, or what reads them when it is asked for them.
         *
         * @param what the segment, for messages
         * @param stored reads them from the bytes that are being parsed
         */
        SegmentEvents of(String what, long referenceFirstMicros, long referenceLastMicros, SegmentEvents.Stored stored)
                throws SegmentFormatException;
    }

    /** @param forCut given if only what a cut needs is wanted: no row counts, storage or relations */
    SegmentParser(ByteReader in, @Nullable CutEvents forCut) {
        this.in = in;
        this.forCut = forCut;
    }

    Segment read() throws SegmentFormatException {
        String shard = in.text();
        long sequence = in.unsigned();
        byte[] previous = new byte[32];
        for (int i = 0; i < previous.length; i++) {
            previous[i] = (byte) in.octet();
        }
        int timeline = in.id();
        base = in.unsigned();
        position = base;
        Lsn end = lsn();
        Lsn lastRecordEnd = lsn();
        Lsn parserRestart = lsn();
        long records = in.unsigned();
        int checkpoints = in.smallInt();
        long referenceFirst = time();
        long referenceLast = time();
        SafePoint safePoint = in.flag() ? safePoint() : null;
        List<ClockBounds> clocks = in.list(i -> clock());
        List<ClockStep> clockSteps = in.list(i -> new ClockStep(clock(), clock()));
        position = base;
        List<OpenPrepared> openPrepared = in.list(i -> openPrepared());
        Lsn oldestOpenStart = in.flag() ? lsn() : null;
        List<RunningTransactions> running = in.list(i -> new RunningTransactions(lsn(), in.id(), in.id()));
        List<ParameterChange> parameters = in.list(i -> parameters());
        List<TablespaceCreated> tablespaces = in.list(i -> new TablespaceCreated(lsn(), in.id(), in.text()));
        List<RestorePoint> restorePoints = in.list(i -> new RestorePoint(lsn(), time(), in.text()));
        List<FenceMark> fences = in.list(i -> new FenceMark(in.unsigned(), lsn(), time()));
        List<RecordedGids> decisionRecords = in.list(i -> recordedGids());
        List<RecordedGids> openDecisionRecords = in.list(i -> recordedGids());
        List<Integer> customResourceManagers = in.list(ByteReader::smallInt);
        position = base;
        List<Event> events = forCut != null
                ? forCut.of(
                        "chronicle segment " + sequence + " of shard '" + shard + "'",
                        referenceFirst,
                        referenceLast,
                        () -> events(Lsn.max(end, lastRecordEnd)))
                : List.copyOf(new SegmentEvents(events(Lsn.max(end, lastRecordEnd))));
        List<RowCounts> rows = List.of();
        List<StorageChange> storage = List.of();
        List<RelationObservation> relations = List.of();
        List<DdlMessage> ddl = List.of();
        long ddlOmitted = 0;
        if (forCut == null) {
            xid = 0;
            rows = in.list(i -> rows());
            position = base;
            storage = in.list(i -> storage());
            relations = in.list(i -> relation());
            xid = 0;
            position = base;
            ddl = in.list(i -> ddl());
            ddlOmitted = in.unsigned();
            in.expectEnd();
        }
        return new Segment(
                shard,
                sequence,
                HexFormat.of().formatHex(previous),
                timeline,
                new Lsn(base),
                end,
                lastRecordEnd,
                parserRestart,
                records,
                checkpoints,
                referenceFirst,
                referenceLast,
                safePoint,
                clocks,
                clockSteps,
                events,
                rows,
                storage,
                openPrepared,
                oldestOpenStart,
                running,
                relations,
                parameters,
                tablespaces,
                restorePoints,
                fences,
                decisionRecords,
                openDecisionRecords,
                customResourceManagers,
                ddl.isEmpty() && ddlOmitted == 0 ? DdlMessages.NONE : new DdlMessages(ddl, ddlOmitted));
    }

    private Lsn lsn() throws SegmentFormatException {
        position += in.signed();
        return new Lsn(position);
    }

    private long time() throws SegmentFormatException {
        timeMicros += in.signed();
        return timeMicros;
    }

    private int xid() throws SegmentFormatException {
        xid += (int) in.signed();
        return xid;
    }

    private int database() throws SegmentFormatException {
        databaseOid += (int) in.signed();
        return databaseOid;
    }

    private SafePoint safePoint() throws SegmentFormatException {
        Lsn upTo = lsn();
        long referenceMicros = time();
        return new SafePoint(upTo, time(), referenceMicros);
    }

    private ClockBounds clock() throws SegmentFormatException {
        long at = time();
        long low = in.signed();
        return new ClockBounds(at, low, low + in.unsigned());
    }

    /** The segment's events; called once, behind all fields before them. */
    private SegmentEvents.Columns events(Lsn limit) throws SegmentFormatException {
        SegmentEvents.Columns all = new SegmentEvents.Columns(in.count());
        long last = base;
        for (int i = 0; i < all.kind.length; i++) {
            int flags = in.octet();
            int kind = flags & 0x07;
            if (kind >= EVENT_KINDS || flags >= 0x40) {
                throw new SegmentFormatException("chronicle segment has an event of kind " + flags);
            }
            all.kind[i] = (byte) kind;
            position += in.signed();
            long start = position;
            long before = (flags & SegmentCodec.FLAG_BEFORE) != 0 ? start - in.unsigned() : start;
            position += in.signed();
            all.start[i] = start;
            all.before(i, before);
            all.end[i] = position;
            all.xid[i] = xid();
            all.timeMicros[i] = time();
            if ((flags & SegmentCodec.FLAG_GID) != 0) {
                all.gid[i] = in.text();
            }
            all.databaseOid[i] = database();
            if ((flags & SegmentCodec.FLAG_SUBXIDS) != 0) {
                all.subxids.put(i, List.copyOf(subxids(all.xid[i])));
            }
            if (Long.compareUnsigned(before, start) > 0
                    || Long.compareUnsigned(start, position) >= 0
                    || Long.compareUnsigned(position, last) <= 0) {
                throw new SegmentFormatException(
                        "chronicle segment has an event at " + new Lsn(start) + " out of order");
            }
            last = position;
        }
        if (new Lsn(last).isAfter(limit)) {
            throw new SegmentFormatException("chronicle segment has an event beyond " + limit);
        }
        return all;
    }

    private List<Integer> subxids(int topXid) throws SegmentFormatException {
        return in.list(i -> topXid + (int) i.signed());
    }

    private RowCounts rows() throws SegmentFormatException {
        int id = xid();
        RelationFile relation = in.relation();
        int present = in.octet();
        if (present > 0x0F) {
            throw new SegmentFormatException("chronicle segment has row counts of kind " + present);
        }
        return new RowCounts(
                id,
                relation,
                (present & 1) != 0 ? in.signed() : 0,
                (present & 2) != 0 ? in.signed() : 0,
                (present & 4) != 0 ? in.signed() : 0,
                (present & 8) != 0 ? in.signed() : 0);
    }

    private StorageChange storage() throws SegmentFormatException {
        int kind = in.octet();
        if (kind >= STORAGE_KINDS.length) {
            throw new SegmentFormatException("chronicle segment has a storage change of kind " + kind);
        }
        return new StorageChange(STORAGE_KINDS[kind], xid(), in.relation(), lsn(), in.unsigned());
    }

    private OpenPrepared openPrepared() throws SegmentFormatException {
        int id = xid();
        return new OpenPrepared(id, in.text(), lsn(), lsn(), time(), database(), subxids(id));
    }

    private RecordedGids recordedGids() throws SegmentFormatException {
        return new RecordedGids(xid(), in.list(ByteReader::text));
    }

    private DdlMessage ddl() throws SegmentFormatException {
        return new DdlMessage(xid(), lsn(), DdlText.read(in));
    }

    private RelationObservation relation() throws SegmentFormatException {
        return new RelationObservation(
                lsn(),
                database(),
                in.text(),
                in.id(),
                in.text(),
                in.text(),
                (char) in.unsigned(),
                in.relation(),
                in.id(),
                in.flag());
    }

    private ParameterChange parameters() throws SegmentFormatException {
        return new ParameterChange(
                lsn(),
                in.smallInt(),
                in.smallInt(),
                in.smallInt(),
                in.smallInt(),
                in.smallInt(),
                in.smallInt(),
                in.flag(),
                in.flag());
    }
}
