package io.isochron.workload;

import java.time.Duration;

/**
 * How the traffic is. Shares are between 0 and 1; what is neither a transfer nor an order inserted is an order changed.
 *
 * @param seed of every random choice; the interleaving of clients is still the machine's
 * @param clients concurrent clients, each with one connection to each shard
 * @param acrossShare share of transfers between shards
 * @param withinShare share of transfers within a shard
 * @param orderShare share of new orders
 * @param rollbackShare share of transfers that roll back, half of them after all branches were prepared
 * @param stallShare share of transfers across that wait between prepare and commit
 * @param stall how long those wait at most
 * @param ratePerSecond transactions per second of all clients together; 0 is as fast as possible
 * @param twoPhase by what means branches are prepared
 * @param recordAcknowledged whether every acknowledged commit is remembered (about 100 bytes each)
 */
public record WorkloadOptions(
        long seed,
        int clients,
        double acrossShare,
        double withinShare,
        double orderShare,
        double rollbackShare,
        double stallShare,
        Duration stall,
        int ratePerSecond,
        TwoPhase twoPhase,
        boolean recordAcknowledged) {

    /** By what means branches are prepared; the gids are the same. */
    public enum TwoPhase {
        /** {@code XAResource} of pgjdbc. */
        XA,
        /** {@code PREPARE TRANSACTION} spelt out. */
        LITERAL
    }

    /** 8 clients at full speed: 45 % transfers across, 15 % within, 30 % new orders, 10 % changed ones; 5 % roll back, 1 % stall. */
    public static WorkloadOptions of(long seed) {
        return new WorkloadOptions(seed, 8, 0.45, 0.15, 0.30, 0.05, 0.01, Duration.ofMillis(40), 0, TwoPhase.XA, true);
    }

    public WorkloadOptions withClients(int value) {
        return new WorkloadOptions(
                seed,
                value,
                acrossShare,
                withinShare,
                orderShare,
                rollbackShare,
                stallShare,
                stall,
                ratePerSecond,
                twoPhase,
                recordAcknowledged);
    }

    public WorkloadOptions withRate(int perSecond) {
        return new WorkloadOptions(
                seed,
                clients,
                acrossShare,
                withinShare,
                orderShare,
                rollbackShare,
                stallShare,
                stall,
                perSecond,
                twoPhase,
                recordAcknowledged);
    }

    public WorkloadOptions withTwoPhase(TwoPhase value) {
        return new WorkloadOptions(
                seed,
                clients,
                acrossShare,
                withinShare,
                orderShare,
                rollbackShare,
                stallShare,
                stall,
                ratePerSecond,
                value,
                recordAcknowledged);
    }

    /** The share of transfers across that wait between prepare and commit, and how long at most. */
    public WorkloadOptions withStalls(double share, Duration most) {
        return new WorkloadOptions(
                seed,
                clients,
                acrossShare,
                withinShare,
                orderShare,
                rollbackShare,
                share,
                most,
                ratePerSecond,
                twoPhase,
                recordAcknowledged);
    }

    /** Without the memory of acknowledged commits, for long runs. */
    public WorkloadOptions withoutRecords() {
        return new WorkloadOptions(
                seed,
                clients,
                acrossShare,
                withinShare,
                orderShare,
                rollbackShare,
                stallShare,
                stall,
                ratePerSecond,
                twoPhase,
                false);
    }
}
