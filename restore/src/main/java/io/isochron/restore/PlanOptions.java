package io.isochron.restore;

import io.isochron.chronicle.Dialect;

/**
 * How a cut is looked for, and from where it is restored.
 *
 * @param dialect how the coordinator names its two-phase transactions
 * @param eachShardByItself true to give up what is promised across shards (grade {@code shard}), asked for by name only
 * @param snapshots which snapshots may be restored from; of no meaning where only a cut is computed
 */
public record PlanOptions(Dialect dialect, boolean eachShardByItself, SnapshotChoice snapshots) {

    /** From any snapshot. */
    public PlanOptions(Dialect dialect, boolean eachShardByItself) {
        this(dialect, eachShardByItself, SnapshotChoice.ANY);
    }

    /** All coordinators whose gids are known by their form, atomic across shards, from any snapshot. */
    public static PlanOptions defaults() {
        return new PlanOptions(Dialect.known(), false);
    }

    public PlanOptions withSnapshots(SnapshotChoice choice) {
        return new PlanOptions(dialect, eachShardByItself, choice);
    }
}
