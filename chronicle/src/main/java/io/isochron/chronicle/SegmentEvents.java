package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.AbstractList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * A segment's events in columns: what a cut asks of most of them (kind, time, position) is answered without an object for each. Of a stored segment they are read when they are first asked for: of
 * many segments around a moment only the clock readings are of interest.
 */
final class SegmentEvents extends AbstractList<Event> implements RandomAccess {
    private static final Event.Kind[] KINDS = Event.Kind.values();

    /** Reads the events of a stored segment. */
    @FunctionalInterface
    interface Stored {
        Columns read() throws SegmentFormatException;
    }

    /** The fields of all events, by index. */
    static final class Columns {
        final byte[] kind;
        /** Null if every record begins where the one before it ends. */
        long @Nullable [] before;

        final long[] start;
        final long[] end;
        final int[] xid;
        final long[] timeMicros;
        final @Nullable String[] gid;
        final int[] databaseOid;
        /** By index, of the few events that have any. */
        final Map<Integer, List<Integer>> subxids = new HashMap<>(0);

        /** Columns to be filled; {@link #before} and {@link #subxids} by {@link #before(int, long)} and adding. */
        Columns(int count) {
            kind = new byte[count];
            start = new long[count];
            end = new long[count];
            xid = new int[count];
            timeMicros = new long[count];
            gid = new @Nullable String[count];
            databaseOid = new int[count];
        }

        /** Sets where the record before one ends; {@link #start} up to there is set already. */
        void before(int index, long position) {
            long[] all = before;
            if (all == null && position != start[index]) {
                all = start.clone();
                before = all;
            }
            if (all != null) {
                all[index] = position;
            }
        }
    }

    private final String what;
    private @Nullable Stored stored;
    private volatile @Nullable Columns columns;

    /** @param what the segment, for messages */
    SegmentEvents(String what, Stored stored) {
        this.what = what;
        this.stored = stored;
    }

    SegmentEvents(Columns columns) {
        this.what = "";
        this.columns = columns;
    }

    /** The events of a segment, as they are if they are in columns. */
    static SegmentEvents of(List<Event> events) {
        if (events instanceof SegmentEvents already) {
            return already;
        }
        return new SegmentEvents("segment", () -> columns(events));
    }

    private static Columns columns(List<Event> events) {
        Columns columns = new Columns(events.size());
        for (int i = 0; i < events.size(); i++) {
            Event event = events.get(i);
            columns.kind[i] = (byte) event.kind().code;
            columns.start[i] = event.start().value();
            columns.before(i, event.before().value());
            columns.end[i] = event.end().value();
            columns.xid[i] = event.xid();
            columns.timeMicros[i] = event.timeMicros();
            columns.gid[i] = event.gid();
            columns.databaseOid[i] = event.databaseOid();
            if (!event.subxids().isEmpty()) {
                columns.subxids.put(i, event.subxids());
            }
        }
        return columns;
    }

    /** @throws IllegalStateException if the segment's bytes, though as they were written, are not those of events in order */
    Columns columns() {
        Columns known = columns;
        return known == null ? read() : known;
    }

    private synchronized Columns read() {
        Columns known = columns;
        Stored from = stored;
        if (known != null || from == null) {
            return Objects.requireNonNull(known);
        }
        try {
            Columns read = from.read();
            columns = read;
            stored = null;
            return read;
        } catch (SegmentFormatException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    what + " is not sound: " + e.getMessage() + "\nhint: run verify to see what else is damaged", e);
        }
    }

    @Override
    public int size() {
        return columns().kind.length;
    }

    @Override
    public Event get(int index) {
        Columns all = columns();
        Lsn start = new Lsn(all.start[index]);
        long[] before = all.before;
        return new Event(
                KINDS[all.kind[index]],
                before == null || before[index] == all.start[index] ? start : new Lsn(before[index]),
                start,
                new Lsn(all.end[index]),
                all.xid[index],
                all.timeMicros[index],
                all.gid[index],
                all.databaseOid[index],
                all.subxids.getOrDefault(index, List.of()));
    }

    /** Whether one makes rows visible: {@link Event#commits}. */
    boolean commits(int index) {
        byte kind = columns().kind[index];
        return kind == Event.Kind.COMMIT.code || kind == Event.Kind.COMMIT_PREPARED.code;
    }

    /** Whether one belongs to two-phase commit: {@link Event#twoPhase}. */
    boolean twoPhase(int index) {
        byte kind = columns().kind[index];
        return kind != Event.Kind.COMMIT.code && kind != Event.Kind.ABORT.code;
    }

    /** Whether replay up to a boundary includes one: {@link Event#inside}. */
    boolean inside(int index, Lsn boundary) {
        return Long.compareUnsigned(columns().end[index], boundary.value()) <= 0;
    }

    long timeMicros(int index) {
        return columns().timeMicros[index];
    }
}
