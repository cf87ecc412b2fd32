package io.isochron.restore;

/**
 * One thing that was checked on the restored cluster.
 *
 * @param name what was checked, for example {@code row counts}
 * @param subject a shard's name, or {@code cluster}
 * @param outcome whether it held
 * @param detail what was compared, with figures; for a failure what differs
 * @param millis how long the check took
 */
public record Proof(String name, String subject, Outcome outcome, String detail, long millis) {

    /** The subject of a proof about all shards together. */
    public static final String CLUSTER = "cluster";

    /** Whether a proof held. */
    public enum Outcome {
        HELD,
        FAILED,
        /** It cannot be said, and the detail says why; never counted as a success or as a failure. */
        NOT_COMPUTABLE
    }
}
