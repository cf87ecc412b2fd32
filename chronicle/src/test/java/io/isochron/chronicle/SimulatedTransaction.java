package io.isochron.chronicle;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * A transaction as it happened in real time.
 *
 * @param id number, stable when the history is made smaller
 * @param naming how its gids are made
 * @param branches its parts; one for a transaction of one shard
 */
record SimulatedTransaction(int id, Naming naming, List<SimulatedBranch> branches) {
    /** Who coordinates it. */
    enum Naming {
        /** Nobody: one shard, one phase. */
        PLAIN,
        XA,
        OWN,
        /** Two-phase on one shard, with a gid that no dialect knows. */
        UNKNOWN,
        LOGICAL_REPLICATION
    }

    /**
     * One part.
     *
     * @param number within the transaction
     * @param preparedAt when PREPARE was written, real time; {@link #NEVER} for one phase
     * @param endedAt when its end was written, real time; {@link #NEVER} if it stays open
     * @param commits whether the end is a commit
     * @param stampDelay how long before being written the end's time was read
     */
    record SimulatedBranch(int shard, int number, long preparedAt, long endedAt, boolean commits, long stampDelay) {
        long stampedAt() {
            return endedAt - stampDelay;
        }
    }

    static final long NEVER = Long.MAX_VALUE;

    int xid(SimulatedBranch branch) {
        return 1000 + id * 8 + branch.number();
    }

    String gid(SimulatedBranch branch) {
        return switch (naming) {
            case PLAIN -> throw new IllegalStateException("no gid");
            case XA -> "131077_" + base64("tx" + id) + "_" + base64("b" + branch.number());
            case OWN -> "shop-" + id + "-" + branch.number();
            case UNKNOWN -> "mine:" + id;
            case LOGICAL_REPLICATION -> "pg_gid_16390_" + id;
        };
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Whether its branches are held together. */
    boolean global() {
        return naming == Naming.XA || naming == Naming.OWN;
    }
}
