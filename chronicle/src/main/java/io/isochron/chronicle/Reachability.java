package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Which moments of a history can be reached. */
final class Reachability {
    private final ClusterHistory history;

    Reachability(ClusterHistory history) {
        this.history = history;
    }

    private record Range(long from, long to) {}

    List<RecoverableRange> ranges() {
        List<Range> found = new ArrayList<>();
        for (ShardHistory shard : history.all()) {
            if (shard.size() == 0 || !shard.clock.known()) {
                return List.of();
            }
        }
        List<SnapshotPoint> snapshots = history.restorableFrom();
        if (snapshots == null) {
            found.addAll(covered());
        } else {
            Map<Runs, List<Range>> known = new HashMap<>();
            for (SnapshotPoint snapshot : snapshots) {
                found.addAll(reachable(snapshot, known));
            }
        }
        found.sort(Comparator.comparingLong(Range::from));
        List<RecoverableRange> merged = new ArrayList<>();
        Range last = null;
        for (Range next : found) {
            if (last != null && next.from <= last.to + 1) {
                last = new Range(last.from, Math.max(last.to, next.to));
                merged.removeLast();
            } else {
                last = next;
            }
            merged.add(new RecoverableRange(ClusterHistory.instant(last.from), ClusterHistory.instant(last.to)));
        }
        return List.copyOf(merged);
    }

    /**
     * One run of each of the first shards.
     *
     * @param first first segment of each
     * @param begin when the knowledge of the last of them begins
     * @param end the first moment of which they do not know all: the least of their safe times, or where a later run begins
     * @param safe the least of their safe times
     */
    private record Runs(List<Integer> first, long begin, long end, long safe) {
        static final Runs NONE = new Runs(List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

        Runs and(ShardHistory shard, int from, int to) {
            List<Integer> more = new ArrayList<>(first);
            more.add(from);
            long known = Math.min(safe, shard.safeMicros(to));
            long next = to + 1 < shard.size() ? shard.runBeginMicros(to + 1) : Long.MAX_VALUE;
            return new Runs(
                    more, Math.max(begin, shard.runBeginMicros(from)), Math.min(Math.min(end, known), next), known);
        }
    }

    /** Where runs of all shards overlap. */
    private List<Range> covered() {
        List<Runs> common = List.of(Runs.NONE);
        for (ShardHistory shard : history.all()) {
            List<Runs> next = new ArrayList<>();
            for (int[] run : shard.runs()) {
                for (Runs before : common) {
                    Runs runs = before.and(shard, run[0], run[1]);
                    if (runs.begin < runs.end) {
                        next.add(runs);
                    }
                }
            }
            common = next;
        }
        List<Range> found = new ArrayList<>();
        common.forEach(runs -> found.addAll(covered(runs)));
        return found;
    }

    /** What lies in a run of every shard, without the moments whose horizon lies beyond the safe time. */
    private List<Range> covered(Runs runs) {
        long end = runs.end;
        if (runs.begin >= end) {
            return List.of();
        }
        List<Range> holes = new ArrayList<>();
        int index = 0;
        for (ShardHistory shard : history.all()) {
            for (long[] hole : shard.clock.readings.unknownAt(runs.safe)) {
                holes.add(new Range(hole[0], hole[1]));
            }
            for (long[] hole : shard.commitsUnknownAt(runs.first.get(index++), runs.safe)) {
                holes.add(new Range(hole[0], hole[1]));
            }
        }
        holes.sort(Comparator.comparingLong(Range::from));
        List<Range> found = new ArrayList<>();
        long from = runs.begin;
        for (Range hole : holes) {
            if (hole.from > from) {
                found.add(new Range(from, Math.min(hole.from, end) - 1));
            }
            from = Math.max(from, hole.to + 1);
            if (from >= end) {
                return found;
            }
        }
        found.add(new Range(from, end - 1));
        return found;
    }

    /**
     * From the moment at which every commit before the snapshot's consistent point counts, as long as WAL goes on without a gap. Empty if
     * there is none.
     */
    private List<Range> reachable(SnapshotPoint snapshot, Map<Runs, List<Range>> known) {
        long from = Long.MIN_VALUE;
        Runs runs = Runs.NONE;
        for (ShardHistory shard : history.all()) {
            Lsn start = snapshot.start().get(shard.shard);
            Lsn stop = snapshot.stop().get(shard.shard);
            if (start == null || stop == null || !shard.covers(start, stop)) {
                return List.of();
            }
            int segment = shard.segmentOf(stop);
            from = Math.max(from, latestCommitUpTo(shard, segment, stop));
            runs = runs.and(shard, shard.runStart(segment), shard.runEnd(segment));
        }
        List<Range> found = new ArrayList<>();
        for (Range range : known.computeIfAbsent(runs, this::covered)) {
            if (range.to >= from) {
                found.add(new Range(Math.max(range.from, from), range.to));
            }
        }
        return found;
    }

    /** Any moment from here on has its boundary at or behind the position; without any commit, the moment when the position arrived. */
    private static long latestCommitUpTo(ShardHistory shard, int segment, Lsn position) {
        long latest = segment > shard.runStart(segment) ? shard.latestCommitMicros(segment - 1) : Long.MIN_VALUE;
        List<Event> events = shard.segment(segment).events();
        for (int i = 0; i < events.size() && events.get(i).inside(position); i++) {
            if (events.get(i).commits()) {
                latest = Math.max(latest, shard.time(segment, i).micros());
            }
        }
        // The boundary of an idle shard is the end of the first segment that covers the horizon: it must not lie before
        // the position.
        long covered = segment > shard.runStart(segment) ? shard.safeMicros(segment - 1) : Long.MIN_VALUE;
        return Math.max(latest, covered);
    }

    /** The last moment of the last runs of all shards whose horizon is known; {@code Long.MIN_VALUE} if there is none. */
    long lastMoment() {
        Runs runs = Runs.NONE;
        for (ShardHistory shard : history.all()) {
            runs = runs.and(shard, shard.runStart(shard.size() - 1), shard.size() - 1);
        }
        long last = Long.MIN_VALUE;
        for (Range range : covered(runs)) {
            long to = Math.min(range.to, history.memberTo() - 1);
            last = to >= Math.max(range.from, history.memberFrom()) ? to : last;
        }
        return last;
    }

    /**
     * How well events at a moment are placed: the greatest uncertainty of any shard's clock then, and of any commit that may lie on either side
     * of it. A moment can be reached if every shard is archived to beyond the moment and twice this; {@link #ranges} are made of the same numbers.
     *
     * @param runs for each shard the first segment of the run that the moment lies in
     */
    static long uncertainty(ClusterHistory history, int[] runs, long micros) {
        List<ShardHistory> shards = List.copyOf(history.all());
        // each on its own, and on every core: events are read here that nobody has read yet
        long ofCommits = IntStream.range(0, runs.length)
                .parallel()
                .mapToLong(i -> shards.get(i).commitUncertaintyMicros(runs[i], micros))
                .max()
                .orElse(0);
        return Math.max(uncertainty(history, micros), ofCommits);
    }

    /**
     * Up to where every shard must be archived for a moment. Between two readings of the clocks it does not go back as the moment goes on.
     *
     * @param uncertaintyMicros {@link #uncertainty} at the moment
     * @param margin what to add to a moment of a given uncertainty
     */
    static long horizon(ClusterHistory history, long micros, long uncertaintyMicros, LongUnaryOperator margin) {
        long horizon = micros + margin.applyAsLong(uncertaintyMicros);
        for (ShardHistory shard : history.all()) {
            long before = shard.clock.known() ? shard.clock.readings.uncertaintyJustBefore(micros) : -1;
            if (before >= 0) {
                horizon = Math.max(horizon, micros - 1 + margin.applyAsLong(before));
            }
        }
        return horizon;
    }

    /** Greatest uncertainty of any shard's clock at a moment. */
    static long uncertainty(ClusterHistory history, long micros) {
        long uncertainty = 0;
        for (ShardHistory shard : history.all()) {
            if (shard.clock.known()) {
                uncertainty =
                        Math.max(uncertainty, shard.clock.readings.at(micros).uncertaintyMicros());
            }
        }
        return uncertainty;
    }

    @Nullable
    Instant nearestBefore(Instant moment) {
        Instant nearest = null;
        for (RecoverableRange range : history.recoverableRanges()) {
            if (!range.from().isAfter(moment)) {
                nearest = range.to().isAfter(moment) ? moment : range.to();
            }
        }
        return nearest;
    }

    @Nullable
    Instant nearestAfter(Instant moment) {
        for (RecoverableRange range : history.recoverableRanges()) {
            if (!range.to().isBefore(moment)) {
                return range.from().isBefore(moment) ? moment : range.from();
            }
        }
        return null;
    }
}
