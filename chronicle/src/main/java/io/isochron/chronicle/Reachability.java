package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
            for (SnapshotPoint snapshot : snapshots) {
                Range range = reachable(snapshot);
                if (range != null) {
                    found.add(range);
                }
            }
        }
        found.sort(Comparator.comparingLong(Range::from));
        List<RecoverableRange> merged = new ArrayList<>();
        Range last = null;
        for (Range next : found) {
            if (last != null && next.from <= last.to) {
                last = new Range(last.from, Math.max(last.to, next.to));
                merged.removeLast();
            } else {
                last = next;
            }
            merged.add(new RecoverableRange(ClusterHistory.instant(last.from), ClusterHistory.instant(last.to)));
        }
        return List.copyOf(merged);
    }

    /** Where runs of all shards overlap. */
    private List<Range> covered() {
        List<Range> common = List.of(new Range(Long.MIN_VALUE, Long.MAX_VALUE));
        for (ShardHistory shard : history.all()) {
            List<Range> next = new ArrayList<>();
            for (int[] run : shard.runs()) {
                for (Range range : common) {
                    long from = Math.max(range.from, shard.runBeginMicros(run[0]));
                    long to = Math.min(range.to, lastMoment(shard.safeMicros(run[1])));
                    if (from <= to) {
                        next.add(new Range(from, to));
                    }
                }
            }
            common = next;
        }
        return common;
    }

    /**
     * From the moment at which every commit before the snapshot's consistent point counts, as long as WAL goes on without a gap. Null if
     * there is none.
     */
    private @Nullable Range reachable(SnapshotPoint snapshot) {
        long from = Long.MIN_VALUE;
        long to = Long.MAX_VALUE;
        for (ShardHistory shard : history.all()) {
            Lsn start = snapshot.start().get(shard.shard);
            Lsn stop = snapshot.stop().get(shard.shard);
            if (start == null || stop == null || !shard.covers(start, stop)) {
                return null;
            }
            int segment = shard.segmentOf(stop);
            from = Math.max(from, latestCommitUpTo(shard, segment, stop));
            to = Math.min(to, lastMoment(shard.safeMicros(shard.runEnd(segment))));
        }
        return from <= to ? new Range(from, to) : null;
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

    private long lastMoment(long safeMicros) {
        return lastMoment(history, safeMicros);
    }

    /** The last moment whose horizon lies before a safe time, as far as clock readings tell. */
    static long lastMoment(ClusterHistory history, long safeMicros) {
        if (safeMicros == Long.MIN_VALUE) {
            return Long.MIN_VALUE;
        }
        long moment = safeMicros;
        // An earlier moment may be known less well; the second look finds that, the later ones differ by the drift of a
        // drift.
        for (int i = 0; i < 4; i++) {
            moment = Math.min(moment, safeMicros - 2 * uncertainty(history, moment) - 1);
        }
        return moment;
    }

    /** Greatest uncertainty of any shard's clock at a moment. */
    static long uncertainty(ClusterHistory history, long micros) {
        long uncertainty = 0;
        for (ShardHistory shard : history.all()) {
            if (shard.clock.known()) {
                uncertainty = Math.max(uncertainty, shard.clock.at(micros).uncertaintyMicros());
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
