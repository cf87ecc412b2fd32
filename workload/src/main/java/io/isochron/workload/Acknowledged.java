package io.isochron.workload;

/**
 * A transaction whose commit the client was told of: from then on it must never be lost.
 *
 * @param id the transfer's or order's id
 * @param shard the shard it is on (of a transfer: the debit's)
 * @param otherShard the credit's shard; the same as {@code shard} unless it went across
 * @param begunMicros when the client began it, microseconds since the Unix epoch, clock of this machine
 * @param decidedMicros when its commit was decided: all branches prepared, or just before COMMIT
 * @param acknowledgedMicros when the last shard's answer to COMMIT had come
 */
public record Acknowledged(
        Kind kind, long id, int shard, int otherShard, long begunMicros, long decidedMicros, long acknowledgedMicros) {
    /** What kind of transaction. */
    public enum Kind {
        /** A transfer between two shards, committed in two phases. */
        ACROSS,
        /** A transfer within one shard. */
        WITHIN,
        /** A new order, on one shard. */
        ORDER
    }
}
