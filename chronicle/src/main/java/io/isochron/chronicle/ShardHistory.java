package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One shard's segments in order, without superseded ones ({@link Lineage}), with the corrected times of their events, so that a moment is found by binary search. Events are looked at only where one may
 * lie near what is asked for. WAL that is missing splits the segments into runs.
 */
final class ShardHistory {
    final String shard;
    final List<Segment> segments;
    final ShardClock clock;
    /** For each segment the index of the first one of its run. */
    private final int[] runStart;
    /** For each segment the index of the last one of its run. */
    private final int[] runEnd;
    /** For each segment its events, in columns. */
    private final SegmentEvents[] events;
    /** For each segment the corrected times of its events, once somebody asked for them. */
    private final @Nullable Times[] times;
    /** Over all segments from the first of the run: no event happened later, as far as can be said without looking at any. */
    private final long[] noneAfter;
    /** Over all segments to the last of the run: no event happened earlier, in the same sense. */
    private final long[] noneBefore;
    /** Over all segments from the first of the run: the latest corrected commit time. Once somebody asked for it. */
    private volatile long @Nullable [] latestCommit;
    /** Over all segments from the first of the run: the latest safe time. */
    private final long[] safe;
    /** Hashes that were asked for. */
    private final @Nullable String[] sha256;
    /** Beginnings of the gids in decision records, up to the origin: the coordinators whose log this shard's is. */
    final Set<String> recordedGids = new HashSet<>();
    /** All marks of fences, ascending. */
    final List<FenceMark> fences = new ArrayList<>();

    /** @param known hashes of segments, by identity, as far as known */
    ShardHistory(String shard, List<Segment> unordered, IdentityHashMap<Segment, String> known, CutRules rules) {
        this.shard = shard;
        Lineage lineage = new Lineage(unordered.stream()
                .sorted(Comparator.comparingLong(Segment::sequence))
                .toList());
        this.segments = lineage.segments();
        this.clock = new ShardClock(segments, rules);
        int count = segments.size();
        runStart = new int[count];
        runEnd = new int[count];
        events = new SegmentEvents[count];
        times = new @Nullable Times[count];
        sha256 = new @Nullable String[count];
        noneAfter = new long[count];
        noneBefore = new long[count];
        safe = new long[count];
        for (int i = 0; i < count; i++) {
            runStart[i] = lineage.joins(i) ? runStart[i - 1] : i;
            extremes(i);
            sha256[i] = known.get(segments.get(i));
            fences.addAll(segments.get(i).fences());
            for (RecordedGids recorded : segments.get(i).decisionRecords()) {
                String gid = recorded.gids().getFirst();
                recordedGids.add(gid.substring(0, Math.max(0, gid.indexOf('_', gid.indexOf('_') + 1))) + "_");
            }
        }
        fences.sort(Comparator.comparingLong(FenceMark::id));
        for (int i = count - 1; i >= 0; i--) {
            runEnd[i] = i;
            if (i + 1 < count && runStart[i] == runStart[i + 1]) {
                runEnd[i] = runEnd[i + 1];
                noneBefore[i] = Math.min(noneBefore[i], noneBefore[i + 1]);
            }
        }
    }

    private void extremes(int i) {
        Segment segment = segments.get(i);
        boolean inRun = runStart[i] < i;
        events[i] = SegmentEvents.of(segment.events());
        noneAfter[i] = Math.max(clock.noneAfter(i), inRun ? noneAfter[i - 1] : Long.MIN_VALUE);
        noneBefore[i] = clock.noneBefore(i);
        safe[i] = inRun ? safe[i - 1] : Long.MIN_VALUE;
        SafePoint point = segment.safePoint();
        if (point != null) {
            safe[i] = Math.max(safe[i], point.referenceMicros());
        }
    }

    /** Corrected times of a segment's events, by index, and their extremes. */
    private static final class Times {
        final long[] micros;
        final long[] uncertaintyMicros;
        /** The latest corrected commit time. */
        final long latestCommit;
        /** The latest time that any event may have happened. */
        final long latestEvent;
        /** The latest horizon that a commit asks for, beyond itself and twice its uncertainty. */
        final long latestHorizon;

        Times(ShardClock clock, int segment, SegmentEvents events) {
            int count = events.size();
            micros = new long[count];
            uncertaintyMicros = new long[count];
            clock.correct(segment, events, micros, uncertaintyMicros);
            long commit = Long.MIN_VALUE;
            long event = Long.MIN_VALUE;
            long horizon = Long.MIN_VALUE;
            for (int e = 0; e < count; e++) {
                event = Math.max(event, micros[e] + uncertaintyMicros[e]);
                if (events.commits(e)) {
                    commit = Math.max(commit, micros[e]);
                    horizon = Math.max(horizon, micros[e] + 3 * uncertaintyMicros[e]);
                }
            }
            latestCommit = commit;
            latestEvent = event;
            latestHorizon = horizon;
        }
    }

    private Times times(int i) {
        Times known = times[i];
        if (known != null) {
            return known;
        }
        Times found = new Times(clock, i, events[i]);
        times[i] = found;
        return found;
    }

    int size() {
        return segments.size();
    }

    Segment segment(int index) {
        return segments.get(index);
    }

    SegmentEvents events(int segment) {
        return events[segment];
    }

    Corrected time(int segment, int event) {
        Times of = times(segment);
        return new Corrected(of.micros[event], of.uncertaintyMicros[event]);
    }

    /** {@link #time} without the uncertainty. */
    long micros(int segment, int event) {
        return times(segment).micros[event];
    }

    int runStart(int segment) {
        return runStart[segment];
    }

    int runEnd(int segment) {
        return runEnd[segment];
    }

    /** First and last segment of every run. */
    List<int[]> runs() {
        List<int[]> runs = new ArrayList<>();
        for (int i = 0; i < size(); i = runs.getLast()[1] + 1) {
            runs.add(new int[] {i, runEnd(i)});
        }
        return runs;
    }

    /** The moment at which a run's knowledge begins: its opening, or its first event if that is older (WAL kept by a slot). */
    long runBeginMicros(int first) {
        long unknownUntil = clock.unknownUntil(first);
        if (unknownUntil != Long.MIN_VALUE) {
            return unknownUntil;
        }
        long begin = segments.get(first).referenceFirstMicros();
        for (int i = first; i <= runEnd(first); i++) {
            if (events[i].size() > 0) {
                return Math.min(begin, time(i, 0).high());
            }
        }
        return begin;
    }

    /** Whether a run's knowledge begins at a moment or before. */
    boolean runBeginsBy(int first, long micros) {
        return (clock.unknownUntil(first) == Long.MIN_VALUE
                        && segments.get(first).referenceFirstMicros() <= micros)
                || runBeginMicros(first) <= micros;
    }

    /** The safe time at the end of a segment; {@code Long.MIN_VALUE} if its run has none yet. */
    long safeMicros(int segment) {
        return safe[segment];
    }

    /** Latest corrected commit time from the run's beginning through a segment; {@code Long.MIN_VALUE} if there is no commit. */
    long latestCommitMicros(int segment) {
        long[] known = latestCommit;
        if (known == null) {
            known = new long[size()];
            for (int i = 0; i < known.length; i++) {
                known[i] = Math.max(times(i).latestCommit, runStart[i] < i ? known[i - 1] : Long.MIN_VALUE);
            }
            latestCommit = known;
        }
        return known[segment];
    }

    /** No event of this segment or a later one of the run happened before; not the latest such moment. */
    long noneBeforeMicros(int segment) {
        return noneBefore[segment];
    }

    /** The first segment of a run at whose end all WAL written up to a moment is known, or -1. */
    int coveringSegment(int first, long micros) {
        return firstAbove(safe, first, micros);
    }

    /** The first segment of a run that may hold an event of a moment or later; the run's last if none does. */
    int firstSegmentWithEventFrom(int first, long micros) {
        int last = runEnd(first);
        if (micros == Long.MIN_VALUE) {
            return first;
        }
        int from = firstAbove(noneAfter, first, micros - 1);
        for (int i = from < 0 ? last : from; i < last; i++) {
            if (clock.noneAfter(i) >= micros && times(i).latestEvent >= micros) {
                return i;
            }
        }
        return last;
    }

    private int firstAbove(long[] running, int first, long limit) {
        int low = first;
        int end = runEnd(first) + 1;
        int high = end;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (running[middle] > limit) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low < end ? low : -1;
    }

    /** Greatest uncertainty of a commit of a run that may lie on either side of a moment; 0 if there is none. */
    long commitUncertaintyMicros(int runFirst, long micros) {
        long uncertainty = 0;
        int last = runEnd(runFirst);
        for (int i = firstSegmentWithEventFrom(runFirst, micros); i <= last && noneBefore[i] <= micros; i++) {
            Times of = times(i);
            for (int e = 0; e < of.micros.length; e++) {
                if (Math.abs(of.micros[e] - micros) <= of.uncertaintyMicros[e] && events[i].commits(e)) {
                    uncertainty = Math.max(uncertainty, of.uncertaintyMicros[e]);
                }
            }
        }
        return uncertainty;
    }

    /** The moments (first and last) at which {@link #commitUncertaintyMicros} asks for a horizon at or beyond a safe time. */
    List<long[]> commitsUnknownAt(int runFirst, long safeMicros) {
        List<long[]> unknown = new ArrayList<>();
        for (int i = runEnd(runFirst); i >= runFirst; i--) {
            if (clock.noHorizonAfter(i) < safeMicros || times(i).latestHorizon < safeMicros) {
                continue;
            }
            for (int e = 0; e < events[i].size(); e++) {
                Corrected time = time(i, e);
                long first = Math.max(time.low(), safeMicros - 2 * time.uncertaintyMicros());
                if (events[i].commits(e) && first <= time.high()) {
                    unknown.add(new long[] {first, time.high()});
                }
            }
        }
        return unknown;
    }

    /** The segment of which a position is inside ({@code start < position <= end}), or the nearest before it; -1 before all. */
    int segmentOf(Lsn position) {
        int low = 0;
        int high = size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (segments.get(middle).end().isBefore(position)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < size() && !position.isBefore(segments.get(low).start()) ? low : low - 1;
    }

    /** The last end of a record that is known at or before a position; null if none is known in its run and it is not the chronicle's beginning. */
    @Nullable
    Lsn boundaryAtOrBefore(int segment, Lsn asked) {
        Lsn found = Lsn.INVALID;
        for (int i = segment; i >= runStart[segment]; i--) {
            Segment one = segments.get(i);
            for (Event event : one.events()) {
                found = latest(found, event.before(), asked);
                found = latest(found, event.end(), asked);
            }
            for (RestorePoint point : one.restorePoints()) {
                found = latest(found, point.at(), asked);
            }
            found = one.records() > 0 ? latest(found, one.lastRecordEnd(), asked) : found;
            if (!found.equals(Lsn.INVALID)) {
                return found;
            }
        }
        Segment first = segments.get(runStart[segment]);
        // a chronicle begins between records, a later segment or what follows a gap may begin within one
        return first.sequence() == 0 && asked.equals(first.start()) ? asked : null;
    }

    private static Lsn latest(Lsn found, Lsn candidate, Lsn limit) {
        return candidate.isAfter(limit) ? found : Lsn.max(found, candidate);
    }

    /** The event that ends a prepared transaction, as segment and place in it, from a segment on in its run; null if there is none. */
    int @Nullable [] endOfPrepared(int xid, int from) {
        for (int i = from; i < size() && i > 0 && runStart[i] == runStart[i - 1]; i++) {
            List<Event> events = segments.get(i).events();
            for (int e = 0; e < events.size(); e++) {
                Event event = events.get(e);
                if (event.xid() == xid && event.kind() == Event.Kind.PREPARE) {
                    return null;
                }
                if (event.xid() == xid && event.twoPhase()) {
                    return new int[] {i, e};
                }
            }
        }
        return null;
    }

    /** Name and hash of a segment. */
    SegmentId id(int index) {
        String known = sha256[index];
        if (known == null) {
            known = SegmentCodec.sha256(SegmentCodec.encode(segments.get(index)));
            sha256[index] = known;
        }
        return new SegmentId(shard, segments.get(index).sequence(), known);
    }

    /** Whether all WAL between two positions is there, without a gap. */
    boolean covers(Lsn from, Lsn to) {
        int last = segmentOf(to);
        return last >= 0
                && !to.isAfter(segments.get(last).end())
                && !from.isBefore(segments.get(runStart[last]).start());
    }
}
