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
 * One shard's segments in order, without superseded ones ({@link Lineage}), with their corrected times, and running extremes of those over the segments, so that a moment is found by
 * binary search. WAL that is missing splits the segments into runs.
 */
final class ShardHistory {
    final String shard;
    final List<Segment> segments;
    final ShardClock clock;
    /** For each segment the index of the first one of its run. */
    private final int[] runStart;
    /** For each segment the corrected times of its events. */
    private final Corrected[][] times;
    /** Over all segments from the first of the run: the latest corrected commit time. */
    private final long[] latestCommit;
    /** Over all segments from the first of the run: the latest time that any event may have happened. */
    private final long[] latestEvent;
    /** Over all segments to the last of the run: the earliest time that any commit may have happened. */
    private final long[] earliestCommitAfter;
    /** Over all segments from the first of the run: the latest horizon that a commit asks for, beyond itself and twice its uncertainty. */
    private final long[] latestHorizon;
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
        times = new Corrected[count][];
        sha256 = new @Nullable String[count];
        latestCommit = new long[count];
        latestEvent = new long[count];
        latestHorizon = new long[count];
        earliestCommitAfter = new long[count];
        safe = new long[count];
        for (int i = 0; i < count; i++) {
            runStart[i] = lineage.joins(i) ? runStart[i - 1] : i;
            correct(i);
            sha256[i] = known.get(segments.get(i));
            fences.addAll(segments.get(i).fences());
            for (RecordedGids recorded : segments.get(i).decisionRecords()) {
                String gid = recorded.gids().getFirst();
                recordedGids.add(gid.substring(0, Math.max(0, gid.indexOf('_', gid.indexOf('_') + 1))) + "_");
            }
        }
        fences.sort(Comparator.comparingLong(FenceMark::id));
        for (int i = count - 2; i >= 0; i--) {
            if (runStart[i] == runStart[i + 1]) {
                earliestCommitAfter[i] = Math.min(earliestCommitAfter[i], earliestCommitAfter[i + 1]);
            }
        }
    }

    private void correct(int i) {
        Segment segment = segments.get(i);
        boolean inRun = runStart[i] < i;
        latestCommit[i] = inRun ? latestCommit[i - 1] : Long.MIN_VALUE;
        latestEvent[i] = inRun ? latestEvent[i - 1] : Long.MIN_VALUE;
        latestHorizon[i] = inRun ? latestHorizon[i - 1] : Long.MIN_VALUE;
        safe[i] = inRun ? safe[i - 1] : Long.MIN_VALUE;
        earliestCommitAfter[i] = Long.MAX_VALUE;
        Corrected[] corrected = new Corrected[segment.events().size()];
        for (int e = 0; e < corrected.length; e++) {
            Event event = segment.events().get(e);
            Corrected time = clock.correct(i, event.timeMicros());
            corrected[e] = time;
            latestEvent[i] = Math.max(latestEvent[i], time.high());
            if (event.commits()) {
                latestCommit[i] = Math.max(latestCommit[i], time.micros());
                earliestCommitAfter[i] = Math.min(earliestCommitAfter[i], time.low());
                latestHorizon[i] = Math.max(latestHorizon[i], time.high() + 2 * time.uncertaintyMicros());
            }
        }
        times[i] = corrected;
        SafePoint point = segment.safePoint();
        if (point != null) {
            safe[i] = Math.max(safe[i], point.referenceMicros());
        }
    }

    int size() {
        return segments.size();
    }

    Segment segment(int index) {
        return segments.get(index);
    }

    Corrected time(int segment, int event) {
        return times[segment][event];
    }

    int runStart(int segment) {
        return runStart[segment];
    }

    int runEnd(int segment) {
        int last = segment;
        while (last + 1 < size() && runStart[last + 1] == runStart[segment]) {
            last++;
        }
        return last;
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
        long begin = segments.get(first).referenceFirstMicros();
        for (int i = first; i <= runEnd(first); i++) {
            if (times[i].length > 0) {
                return Math.min(begin, times[i][0].high());
            }
        }
        return begin;
    }

    /** The safe time at the end of a segment; {@code Long.MIN_VALUE} if its run has none yet. */
    long safeMicros(int segment) {
        return safe[segment];
    }

    /** Latest corrected commit time from the run's beginning through a segment; {@code Long.MIN_VALUE} if there is no commit. */
    long latestCommitMicros(int segment) {
        return latestCommit[segment];
    }

    /** The earliest that a commit of this segment or a later one of the run may have happened. */
    long earliestCommitAfterMicros(int segment) {
        return earliestCommitAfter[segment];
    }

    /** The first segment of a run at whose end all WAL written up to a moment is known, or -1. */
    int coveringSegment(int first, long micros) {
        return firstAbove(safe, first, micros);
    }

    /** The first segment of a run through which a commit has a corrected time after a moment, or -1. */
    int firstSegmentWithCommitAfter(int first, long micros) {
        return firstAbove(latestCommit, first, micros);
    }

    /** The first segment of a run that may hold an event of a moment or later; the run's last if none does. */
    int firstSegmentWithEventFrom(int first, long micros) {
        int found = micros == Long.MIN_VALUE ? first : firstAbove(latestEvent, first, micros - 1);
        return found < 0 ? runEnd(first) : found;
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
        for (int i = firstSegmentWithEventFrom(runFirst, micros); i <= last && earliestCommitAfter[i] <= micros; i++) {
            for (int e = 0; e < times[i].length; e++) {
                Corrected time = times[i][e];
                if (segment(i).events().get(e).commits() && time.low() <= micros && time.high() >= micros) {
                    uncertainty = Math.max(uncertainty, time.uncertaintyMicros());
                }
            }
        }
        return uncertainty;
    }

    /** The moments (first and last) at which {@link #commitUncertaintyMicros} asks for a horizon at or beyond a safe time. */
    List<long[]> commitsUnknownAt(int runFirst, long safeMicros) {
        List<long[]> unknown = new ArrayList<>();
        for (int i = runEnd(runFirst); i >= runFirst && latestHorizon[i] >= safeMicros; i--) {
            for (int e = 0; e < times[i].length; e++) {
                Corrected time = times[i][e];
                long first = Math.max(time.low(), safeMicros - 2 * time.uncertaintyMicros());
                if (segment(i).events().get(e).commits() && first <= time.high()) {
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
