package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Truth;
import java.util.ArrayList;
import java.util.List;

/**
 * A simulated cluster and what happened in it; everything follows from the two lists, so that it can be made smaller.
 *
 * @param shards the shards
 * @param transactions what happened
 * @param forget how many segments at the beginning of each shard's chronicle are not read
 */
record SimulatedCluster(List<SimulatedShard> shards, List<SimulatedTransaction> transactions, int forget) {
    static final Dialect DIALECT = Dialect.anyOf(List.of(Dialect.xa(), Dialect.pattern("shop-(\\d+)-\\d+")));

    SimulatedCluster with(List<SimulatedTransaction> fewer) {
        return new SimulatedCluster(shards, fewer, forget);
    }

    List<List<Truth>> truths() {
        return shards.stream().map(shard -> shard.events(transactions)).toList();
    }

    ClusterHistory history(List<List<Truth>> truths) {
        List<Segment> segments = new ArrayList<>();
        for (SimulatedShard shard : shards) {
            List<Segment> all = shard.segments(truths.get(shard.index()));
            segments.addAll(all.subList(Math.min(forget, all.size() - 1), all.size()));
        }
        return ClusterHistory.of(shards.stream().map(SimulatedShard::name).toList(), segments);
    }
}
