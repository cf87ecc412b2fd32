package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a cut rests on and no write-ahead log says: when WAL arrived, readings of the shards' clocks, safe points, fences, and where segments begin and end. It is kept as <i>bare</i> segments, whose
 * other fields are empty, so that whoever has the WAL can fill them again.
 */
public final class RecordedParts {
    /** Readings of the clock count this far from the segment whose times they correct, and a little more. */
    private static final long READINGS_MICROS = 3_000_000;

    private RecordedParts() {}

    /**
     * The bare segments of all that a cut was computed from, ordered by shard and position. The first one of a shard names as prepared what was prepared before it.
     *
     * @param history what the cut was computed from
     */
    public static List<Segment> of(ClusterHistory history, Cut cut) {
        List<Segment> bare = new ArrayList<>();
        for (String shard : history.shards()) {
            Set<Long> used = new HashSet<>();
            cut.segments().stream().filter(id -> id.shard().equals(shard)).forEach(id -> used.add(id.sequence()));
            List<Segment> all = history.segments(shard);
            int first = 0;
            while (first < all.size() && !used.contains(all.get(first).sequence())) {
                first++;
            }
            int last = all.size() - 1;
            while (last > first && !used.contains(all.get(last).sequence())) {
                last--;
            }
            Event inside = cut.boundary(shard).map(ShardBoundary::lastInside).orElse(null);
            long from = all.get(first).referenceFirstMicros() - READINGS_MICROS;
            long to = all.get(last).referenceLastMicros() + READINGS_MICROS;
            long arrived = all.get(last).referenceLastMicros();
            int begin = first;
            while (begin > 0
                    && all.get(begin - 1).end().equals(all.get(begin).start())
                    && (begin == first
                            || all.get(begin).referenceFirstMicros() > from
                            || (inside != null && all.get(begin).start().isAfter(inside.start())))) {
                begin--;
            }
            boolean read = false;
            while (last + 1 < all.size()
                    && all.get(last).end().equals(all.get(last + 1).start())
                    && (all.get(last).referenceFirstMicros() <= to || !read)) {
                last++;
                read |= ShardClock.readAfter(all.get(last)) >= arrived;
            }
            bare.add(bare(all.get(begin), before(all, begin)));
            for (int i = begin + 1; i <= last; i++) {
                bare.add(bare(all.get(i), List.of()));
            }
        }
        return List.copyOf(bare);
    }

    private static List<OpenPrepared> before(List<Segment> all, int begin) {
        Segment segment = all.get(begin);
        if (begin > 0 && all.get(begin - 1).end().equals(segment.start())) {
            return all.get(begin - 1).openPrepared();
        }
        List<OpenPrepared> before = new ArrayList<>(segment.openPrepared().stream()
                .filter(prepared -> !prepared.end().isAfter(segment.start()))
                .toList());
        Set<Integer> seen = new HashSet<>();
        for (Event event : segment.events()) {
            String gid = event.gid();
            if (event.kind() == Event.Kind.PREPARE) {
                seen.add(event.xid());
            } else if (event.twoPhase() && gid != null && !seen.contains(event.xid())) {
                before.add(new OpenPrepared(
                        event.xid(),
                        gid,
                        segment.start(),
                        segment.start(),
                        event.timeMicros(),
                        event.databaseOid(),
                        event.subxids()));
            }
        }
        return before;
    }

    private static Segment bare(Segment segment, List<OpenPrepared> preparedBefore) {
        return new Segment(
                segment.shard(),
                segment.sequence(),
                segment.previousSha256(),
                segment.timeline(),
                segment.start(),
                segment.end(),
                segment.start(),
                segment.start(),
                0,
                0,
                segment.referenceFirstMicros(),
                segment.referenceLastMicros(),
                segment.safePoint(),
                segment.clocks(),
                segment.clockSteps(),
                List.of(),
                List.of(),
                List.of(),
                preparedBefore,
                null,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                segment.fences(),
                List.of(),
                List.of(),
                List.of(),
                DdlMessages.NONE);
    }

    /**
     * A bare segment with what its WAL says.
     *
     * @param wal the segment made from the same range of WAL
     */
    public static Segment filled(Segment bare, Segment wal) {
        return new Segment(
                bare.shard(),
                bare.sequence(),
                bare.previousSha256(),
                bare.timeline(),
                bare.start(),
                bare.end(),
                wal.lastRecordEnd(),
                wal.parserRestart(),
                wal.records(),
                wal.checkpoints(),
                bare.referenceFirstMicros(),
                bare.referenceLastMicros(),
                bare.safePoint(),
                bare.clocks(),
                bare.clockSteps(),
                wal.events(),
                List.of(),
                List.of(),
                wal.openPrepared(),
                wal.oldestOpenStart(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                wal.restorePoints(),
                bare.fences(),
                wal.decisionRecords(),
                wal.openDecisionRecords(),
                List.of(),
                DdlMessages.NONE);
    }
}
