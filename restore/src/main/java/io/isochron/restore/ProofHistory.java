package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Segment;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the part of the chronicle that says how row counts changed between the snapshots and the cut. */
final class ProofHistory {

    private static final Duration MARGIN = Duration.ofMinutes(2);

    private ProofHistory() {}

    static ClusterHistory load(Repository repository, RestorePlan plan) throws IOException {
        ChronicleReader reader = new ChronicleReader(
                repository, plan.shards().stream().map(ShardPlan::shard).toList());
        Instant oldest = Instant.MAX;
        for (String id :
                plan.shards().stream().map(ShardPlan::snapshotId).distinct().toList()) {
            Instant created = repository.snapshots().open(id).info().created();
            oldest = created.isBefore(oldest) ? created : oldest;
        }
        Instant moment = plan.moment();
        Instant to = moment == null ? null : moment.plus(MARGIN);
        ClusterHistory window = reader.window(oldest.minus(MARGIN), to);
        return complete(window, plan) ? window : reader.window(null, beyond(to));
    }

    private static @Nullable Instant beyond(@Nullable Instant to) {
        return to == null ? null : to.plus(MARGIN);
    }

    /** Whether it begins before everything that was still open at the snapshots' ends, and reaches the cut. */
    private static boolean complete(ClusterHistory history, RestorePlan plan) {
        for (ShardPlan shard : plan.shards()) {
            List<Segment> segments = history.segments(shard.shard());
            if (segments.isEmpty() || segments.getLast().end().isBefore(shard.boundary())) {
                return false;
            }
            for (Segment segment : segments) {
                if (!segment.end().isBefore(shard.consistent())) {
                    if (segment.oldestOpenStart() == null
                            || segments.getFirst().start().isAfter(segment.oldestOpenStart())) {
                        return false;
                    }
                    break;
                }
            }
        }
        return true;
    }
}
