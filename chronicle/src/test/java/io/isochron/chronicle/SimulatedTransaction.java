package io.isochron.chronicle;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * A transaction as it happened in real time.
 *
 * @param id number, stable when the history is made smaller
 * @param naming how its gids are made
 * @param origin the node that coordinates it, for Citus
 * @param number what its coordinator counts it by; recurs after a restart of a Citus origin
 * @param branches its parts; one for a transaction of one shard; the origin's decision record is one
 */
record SimulatedTransaction(int id, Naming naming, int origin, int number, List<SimulatedBranch> branches) {
    /** Who coordinates it. */
    enum Naming {
        /** Nobody: one shard, one phase. */
        PLAIN,
        XA,
        OWN,
        CITUS,
        /** Two-phase on one shard, with a gid that no dialect knows. */
        UNKNOWN,
        LOGICAL_REPLICATION
    }

    /**
     * One part.
     *
     * @param number within the transaction; {@link #RECORD} for a Citus origin's plain commit that holds the gids
     * @param preparedAt when PREPARE was written, real time; {@link #NEVER} for one phase
     * @param endedAt when its end was written, real time; {@link #NEVER} if it stays open
     * @param commits whether the end is a commit
     * @param stampDelay how long before being written the end's time was read
     */
    record SimulatedBranch(int shard, int number, long preparedAt, long endedAt, boolean commits, long stampDelay) {
        long stampedAt() {
            return endedAt - stampDelay;
        }

        boolean record() {
            return number == RECORD;
        }

        SimulatedBranch on(int other) {
            return new SimulatedBranch(other, number, preparedAt, endedAt, commits, stampDelay);
        }
    }

    static final long NEVER = Long.MAX_VALUE;

    /** Number of a decision record; a transaction has fewer branches. */
    static final int RECORD = 7;

    SimulatedTransaction with(List<SimulatedBranch> fewer) {
        return new SimulatedTransaction(id, naming, origin, number, fewer);
    }

    SimulatedTransaction of(int another) {
        return new SimulatedTransaction(id, naming, another, number, branches);
    }

    int xid(SimulatedBranch branch) {
        return 1000 + id * 8 + branch.number();
    }

    String gid(SimulatedBranch branch) {
        return switch (naming) {
            case PLAIN -> throw new IllegalStateException("no gid");
            case XA -> "131077_" + base64("tx" + id) + "_" + base64("b" + branch.number());
            case OWN -> "shop-" + id + "-" + branch.number();
            case CITUS -> "citus_" + origin + "_4711_" + number + "_" + (branch.number() + 1);
            case UNKNOWN -> "mine:" + id;
            case LOGICAL_REPLICATION -> "pg_gid_16390_" + id;
        };
    }

    /** What the origin wrote into its log table. */
    List<String> recordedGids() {
        return branches.stream()
                .filter(branch -> !branch.record())
                .map(this::gid)
                .toList();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Whether its branches are held together. */
    boolean global() {
        return naming == Naming.XA || naming == Naming.OWN || naming == Naming.CITUS;
    }

    /** When its first commit was written; {@link #NEVER} if there is none. */
    long firstCommit() {
        return branches.stream()
                .filter(SimulatedBranch::commits)
                .mapToLong(SimulatedBranch::endedAt)
                .min()
                .orElse(NEVER);
    }
}
