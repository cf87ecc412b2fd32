package io.isochron.restore;

import io.isochron.chronicle.Dialect;

/**
 * How a cut is looked for.
 *
 * @param dialect how the coordinator names its two-phase transactions
 * @param eachShardByItself true to give up what is promised across shards (grade {@code shard}), asked for by name only
 */
public record PlanOptions(Dialect dialect, boolean eachShardByItself) {

    /** All coordinators whose gids are known by their form, atomic across shards. */
    public static PlanOptions defaults() {
        return new PlanOptions(Dialect.known(), false);
    }
}
