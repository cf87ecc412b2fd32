package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A simulated cluster and what happened in it; everything follows from the lists, so that it can be made smaller.
 *
 * @param shards all that ever were members
 * @param transactions what happened
 * @param fences fences that were made
 * @param points restore points that were made
 * @param forget how many segments at the beginning of each shard's chronicle are not read
 * @param absent shards that are not looked at, because they are no members at the moment that is asked for
 */
record SimulatedCluster(
        List<SimulatedShard> shards,
        List<SimulatedTransaction> transactions,
        List<SimulatedFence> fences,
        List<SimulatedPoint> points,
        int forget,
        Set<Integer> absent) {
    static final Dialect DIALECT =
            Dialect.anyOf(List.of(Dialect.xa(), Dialect.citus(), Dialect.pgDog(), Dialect.pattern("shop-(\\d+)-\\d+")));

    /**
     * A fence.
     *
     * @param at real time of the instant at which all receivers withheld
     * @param without a shard whose capture never wrote its mark, or -1
     * @param beyond by how many bytes the confirmed position reaches into the record behind it
     */
    record SimulatedFence(long id, long at, int without, int beyond) {}

    /** A named restore point on some shards. */
    record SimulatedPoint(String name, long at, List<Integer> on) {}

    SimulatedCluster with(List<SimulatedTransaction> fewer) {
        return new SimulatedCluster(shards, fewer, fences, points, forget, absent);
    }

    /** What is left of it when only the shards count that are members at a moment. */
    SimulatedCluster members(long real) {
        Set<Integer> gone = new TreeSet<>();
        for (SimulatedShard shard : shards) {
            if (!shard.alive(real, real)) {
                gone.add(shard.index());
            }
        }
        if (gone.isEmpty()) {
            return this;
        }
        List<SimulatedTransaction> seen = transactions.stream()
                .map(transaction -> transaction.with(transaction.branches().stream()
                        .filter(branch -> !gone.contains(branch.shard()))
                        .toList()))
                .toList();
        return new SimulatedCluster(shards, seen, fences, points, forget, gone);
    }

    /** Empty for a shard that is absent. */
    List<List<Truth>> truths() {
        return shards.stream()
                .map(shard -> absent.contains(shard.index()) ? List.<Truth>of() : shard.events(transactions))
                .toList();
    }

    ClusterHistory history(List<List<Truth>> truths) {
        return history(truths, new CutRules());
    }

    ClusterHistory history(List<List<Truth>> truths, CutRules rules) {
        List<Segment> segments = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (SimulatedShard shard : shards) {
            if (!absent.contains(shard.index())) {
                names.add(shard.name());
                List<Segment> all = new SimulatedCapture(shard, this).segments(truths.get(shard.index()));
                segments.addAll(all.subList(Math.min(forget, all.size() - 1), all.size()));
            }
        }
        return ClusterHistory.of(names, segments, rules);
    }
}
