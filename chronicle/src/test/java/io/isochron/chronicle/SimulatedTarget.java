package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Truth;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import io.isochron.wal.Lsn;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A target in terms that stay right when the history is made smaller. */
sealed interface SimulatedTarget {
    record Moment(long micros) implements SimulatedTarget {}

    record Latest() implements SimulatedTarget {}

    record Before(int transaction, int branch) implements SimulatedTarget {}

    record After(int transaction, int branch) implements SimulatedTarget {}

    record Fence(long id, long micros) implements SimulatedTarget {}

    record LastFence(long micros) implements SimulatedTarget {}

    record Point(String name, long micros) implements SimulatedTarget {}

    /** For each shard the last boundary at a moment that differs a little from shard to shard, and some bytes more. */
    record Positions(long micros, long spread, int beyond) implements SimulatedTarget {}

    /** Real time at which a shard must be a member to be looked at. */
    default long membersAt(SimulatedCluster cluster) {
        return switch (this) {
            case Moment moment -> moment.micros();
            case Latest latest -> SimulatedTransaction.NEVER - 1;
            case Before before -> firstCommit(cluster, before.transaction());
            case After after -> firstCommit(cluster, after.transaction());
            case Fence fence -> fence.micros();
            case LastFence fence -> fence.micros();
            case Point point -> point.micros();
            case Positions positions -> positions.micros();
        };
    }

    private static long firstCommit(SimulatedCluster cluster, int id) {
        return cluster.transactions().stream()
                .filter(transaction -> transaction.id() == id)
                .mapToLong(SimulatedTransaction::firstCommit)
                .map(at -> Math.min(at, SimulatedTransaction.NEVER - 1))
                .findFirst()
                .orElse(0);
    }

    default Optional<Target> in(SimulatedCluster cluster, List<List<Truth>> truths) {
        return switch (this) {
            case Moment moment -> Optional.of(new Target.Time(ClusterHistory.instant(moment.micros())));
            case Latest latest -> Optional.of(new Target.Latest());
            case Before before ->
                branch(cluster, before.transaction(), before.branch())
                        .map(named -> new Target.BeforeTransaction(named.shard(), named.xid()));
            case After after ->
                branch(cluster, after.transaction(), after.branch())
                        .map(named -> new Target.AfterTransaction(named.shard(), named.xid()));
            case Fence fence -> Optional.of(new Target.AtFence(fence.id()));
            case LastFence fence -> Optional.of(new Target.FenceBefore(ClusterHistory.instant(fence.micros())));
            case Point point -> Optional.of(new Target.NamedRestorePoint(point.name()));
            case Positions positions -> Optional.of(positions(cluster, truths, positions));
        };
    }

    private static Target positions(SimulatedCluster cluster, List<List<Truth>> truths, Positions positions) {
        Map<String, Lsn> byShard = new TreeMap<>();
        for (SimulatedShard shard : cluster.shards()) {
            if (!cluster.absent().contains(shard.index())) {
                long at = positions.micros() + positions.spread() * (shard.index() * 7 % 5 - 2) / 2;
                Lsn end = SimulatedCapture.end(truths.get(shard.index()), at);
                byShard.put(shard.name(), end.plus(positions.beyond()));
            }
        }
        return Target.Positions.of(byShard);
    }

    /** A committed branch of a transaction, as a user could name it. */
    record Named(String shard, int xid) {}

    private static Optional<Named> branch(SimulatedCluster cluster, int id, int which) {
        for (SimulatedTransaction transaction : cluster.transactions()) {
            List<SimulatedBranch> committed = transaction.branches().stream()
                    .filter(branch -> branch.commits() && branch.endedAt() != SimulatedTransaction.NEVER)
                    .toList();
            if (transaction.id() == id && !committed.isEmpty()) {
                SimulatedBranch branch = committed.get(which % committed.size());
                return Optional.of(
                        new Named(cluster.shards().get(branch.shard()).name(), transaction.xid(branch)));
            }
        }
        return Optional.empty();
    }
}
