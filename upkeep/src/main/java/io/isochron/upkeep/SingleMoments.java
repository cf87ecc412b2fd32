package io.isochron.upkeep;

import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.StoredName;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Says which of the single moments that retention keeps can be restored: each needs its own snapshots, WAL and segments, and nothing that lies around them. */
final class SingleMoments {
    /** Knows when a shard's WAL was written. */
    interface Times {
        SegmentTimes of(String shard) throws IOException;
    }

    private final Repository repository;
    private final Times times;

    SingleMoments(Repository repository, Times times) {
        this.repository = repository;
        this.times = times;
    }

    /** The single moments that retention keeps, each with what it needs and is not whole. */
    List<Verdict.Moment> judge(List<SnapshotInfo> snapshots, Damage damage, long margin) throws IOException {
        List<Verdict.Moment> moments = new ArrayList<>();
        Map<String, Long> begun = new HashMap<>();
        snapshots.forEach(snapshot -> begun.put(snapshot.id(), VerdictFinder.micros(snapshot.created())));
        for (KeptMoment kept : repository.horizon().moments()) {
            Set<String> because = new TreeSet<>();
            for (String part : kept.parts()) {
                if (!begun.containsKey(part)) {
                    because.add("snapshot/" + part);
                }
            }
            for (Map.Entry<String, StoredName> damaged : damage.objects().entrySet()) {
                if (needs(kept, begun, damaged.getValue(), margin)) {
                    because.add(damaged.getKey());
                }
            }
            moments.add(new Verdict.Moment(kept.moment(), kept.rule(), List.copyOf(because)));
        }
        return moments;
    }

    private boolean needs(KeptMoment kept, Map<String, Long> begun, StoredName object, long margin) throws IOException {
        long moment = VerdictFinder.micros(kept.moment());
        return switch (object) {
            case StoredName.SnapshotPart part -> kept.parts().contains(part.snapshot());
            case StoredName.Wal wal -> {
                Positions needed = kept.wal().get(wal.shard());
                yield needed != null && needed.meets(wal.start(), wal.end());
            }
            case StoredName.History history -> {
                Positions needed = kept.wal().get(history.shard());
                long at = branch(repository, history).value();
                yield needed != null && Long.compareUnsigned(at, needed.to()) < 0;
            }
            case StoredName.Segment segment -> {
                SegmentTimes of = times.of(segment.shard());
                long before = begun.getOrDefault(kept.snapshot(), Long.MIN_VALUE)
                        - VerdictFinder.micros(VerdictFinder.BEFORE_SNAPSHOT)
                        - margin;
                yield kept.wal().containsKey(segment.shard())
                        && VerdictFinder.minus(
                                        of.notBefore(segment.sequence() - 1),
                                        VerdictFinder.micros(VerdictFinder.BEHIND_MOMENT) + margin)
                                <= moment
                        && of.notAfter(segment.sequence()) >= before;
            }
            case StoredName.Foundation _, StoredName.Other _ -> false;
        };
    }

    /** Where a timeline's own WAL begins, as far as it is there. */
    static Lsn branch(Repository repository, StoredName.History history) throws IOException {
        try (var pieces = repository.wal().list(history.shard(), history.timeline())) {
            return pieces.findFirst().map(piece -> new Lsn(piece.start())).orElse(new Lsn(0));
        }
    }
}
