package io.isochron.upkeep;

import io.isochron.store.Horizon;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What retention decides from.
 *
 * @param now the moment from which promises count back
 * @param periods who was a member when, oldest first
 * @param snapshots every published snapshot that is not given up, with the start of replay of each of its shards (beginning of a WAL segment file)
 * @param undecided shards that are no members yet: everything of them is kept
 * @param shards all shards that ever were announced
 * @param horizon what is kept so far
 */
record RetentionFacts(
        Instant now,
        List<PeriodFacts> periods,
        Map<String, Map<String, Long>> snapshots,
        Set<String> undecided,
        List<String> shards,
        Horizon horizon) {
    /**
     * A stretch of time in which the members were the same.
     *
     * @param from its first moment
     * @param to the first one after it
     * @param shards the members
     * @param points what they can be restored from, in the order of their positions
     */
    record PeriodFacts(Instant from, Instant to, List<String> shards, List<RetentionPoint> points) {
        PeriodFacts {
            shards = List.copyOf(shards);
            points = List.copyOf(points);
        }
    }
}
