package io.isochron.workload;

/**
 * What the traffic did so far.
 *
 * @param across acknowledged transfers between shards
 * @param within acknowledged transfers within a shard
 * @param orders acknowledged new orders
 * @param changes acknowledged changes of orders
 * @param rolledBack transactions rolled back on purpose
 * @param failed transactions that failed (a shard was down, a deadlock, ...); they are tried no further
 * @param inDoubt branches whose end is not known yet
 */
public record WorkloadCounts(
        long across, long within, long orders, long changes, long rolledBack, long failed, long inDoubt) {
    /** All acknowledged transactions. */
    public long committed() {
        return across + within + orders + changes;
    }
}
