package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes segments for tests by hand, one after the other; only what is set differs from an empty one. */
final class Segments {
    private final String shard;
    private final boolean known;
    private final List<Segment> made = new ArrayList<>();
    private Lsn start = new Lsn(0x1000000);
    private Lsn lastRecordEnd = start;
    private long clockMicros;
    private boolean safe = true;
    private List<Event> events = new ArrayList<>();
    private List<RowCounts> rows = new ArrayList<>();
    private List<StorageChange> storage = new ArrayList<>();
    private List<RunningTransactions> running = new ArrayList<>();
    private List<RelationObservation> relations = new ArrayList<>();
    private List<FenceMark> fences = new ArrayList<>();
    private List<RecordedGids> decisionRecords = new ArrayList<>();
    private List<OpenPrepared> open = new ArrayList<>();

    /** Begins at time 0 with an empty segment that has a safe point, so that the age of all that follows is known. */
    Segments(String shard) {
        this(shard, true);
    }

    private Segments(String shard, boolean known) {
        this.shard = shard;
        this.known = known;
        if (known) {
            cut(0);
        }
    }

    /** Begins with the first events, of which nobody knows how long they had been waiting. */
    static Segments ofUnknownAge(String shard) {
        return new Segments(shard, false);
    }

    /** An event of 48 bytes after the last one; its clock is exact. */
    Segments event(Event.Kind kind, int xid, long micros, String gid, Integer... subxids) {
        Lsn end = lastRecordEnd.plus(48);
        Event event = new Event(kind, lastRecordEnd, lastRecordEnd, end, xid, micros, gid, 5, Arrays.asList(subxids));
        events.add(event);
        lastRecordEnd = end;
        if (kind == Event.Kind.PREPARE) {
            open.add(new OpenPrepared(xid, gid, event.start(), end, micros, 5, event.subxids()));
        } else {
            open.removeIf(prepared -> prepared.xid() == xid);
        }
        return this;
    }

    Segments rows(RowCounts counts) {
        rows.add(counts);
        return this;
    }

    Segments storage(StorageChange.Kind kind, int xid, io.isochron.wal.RelationFile file) {
        storage.add(new StorageChange(kind, xid, file, lastRecordEnd.plus(8), 0));
        return this;
    }

    Segments running(int nextXid) {
        running.add(new RunningTransactions(lastRecordEnd, nextXid, nextXid));
        return this;
    }

    Segments observed(RelationObservation observation) {
        relations.add(observation);
        return this;
    }

    /** A fence at the current end. */
    Segments fence(long id, long micros) {
        fences.add(new FenceMark(id, lastRecordEnd, micros));
        return this;
    }

    /** A plain commit that had written gids into the log table of its coordinator. */
    Segments decides(int xid, long micros, String... gids) {
        decisionRecords.add(new RecordedGids(xid, List.of(gids)));
        return event(Event.Kind.COMMIT, xid, micros, null);
    }

    Segments withoutSafePoint() {
        safe = false;
        return this;
    }

    Lsn position() {
        return lastRecordEnd;
    }

    /** Leaves a hole in the log and the sequence. */
    Segments gap(int bytes) {
        start = start.plus(bytes);
        lastRecordEnd = start;
        made.add(null);
        return this;
    }

    /** Cuts a segment at a reference time; its safe point is 100 ms before, and the clock is exact within 10 µs. */
    Segments cut(long micros) {
        Lsn end = Lsn.max(start, lastRecordEnd);
        made.add(new Segment(
                shard,
                made.size(),
                made.isEmpty() ? Segment.NO_PREVIOUS : "%064x".formatted(made.size()),
                1,
                start,
                end,
                lastRecordEnd,
                lastRecordEnd,
                events.size(),
                0,
                clockMicros,
                micros,
                safe ? new SafePoint(end, micros - 100_000, micros - 100_000) : null,
                List.of(new ClockBounds(micros, -10, 10)),
                List.of(),
                events,
                rows,
                storage,
                open,
                null,
                running,
                relations,
                List.of(),
                List.of(),
                List.of(),
                fences,
                decisionRecords,
                List.of(),
                List.of(),
                DdlMessages.NONE));
        start = end;
        clockMicros = micros;
        safe = true;
        events = new ArrayList<>();
        rows = new ArrayList<>();
        storage = new ArrayList<>();
        running = new ArrayList<>();
        relations = new ArrayList<>();
        fences = new ArrayList<>();
        decisionRecords = new ArrayList<>();
        return this;
    }

    /** None if there is only the one that it began with. */
    List<Segment> all() {
        if (known && made.size() == 1) {
            return List.of();
        }
        return made.stream().filter(java.util.Objects::nonNull).toList();
    }
}
