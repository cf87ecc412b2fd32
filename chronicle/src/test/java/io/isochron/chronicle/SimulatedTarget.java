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

    record Before(int transaction) implements SimulatedTarget {}

    /** For each shard the last boundary at a moment that differs a little from shard to shard. */
    record Positions(long micros, long spread) implements SimulatedTarget {}

    default Optional<Target> in(SimulatedCluster cluster, List<List<Truth>> truths) {
        return switch (this) {
            case Moment moment -> Optional.of(new Target.Time(ClusterHistory.instant(moment.micros())));
            case Latest latest -> Optional.of(new Target.Latest());
            case Before before -> before(cluster, before.transaction());
            case Positions positions -> {
                Map<String, Lsn> byShard = new TreeMap<>();
                for (SimulatedShard shard : cluster.shards()) {
                    long at = positions.micros() + positions.spread() * (shard.index() * 7 % 5 - 2) / 2;
                    Lsn lsn = SimulatedShard.BEGIN;
                    for (Truth truth : truths.get(shard.index())) {
                        if (truth.writtenAt() <= at) {
                            lsn = truth.event().end();
                        }
                    }
                    byShard.put(shard.name(), lsn);
                }
                yield Optional.of(Target.Positions.of(byShard));
            }
        };
    }

    private static Optional<Target> before(SimulatedCluster cluster, int id) {
        for (SimulatedTransaction transaction : cluster.transactions()) {
            for (SimulatedBranch branch : transaction.branches()) {
                if (transaction.id() == id && branch.commits() && branch.endedAt() != SimulatedTransaction.NEVER) {
                    return Optional.of(new Target.BeforeTransaction(
                            cluster.shards().get(branch.shard()).name(), transaction.xid(branch)));
                }
            }
        }
        return Optional.empty();
    }
}
