package io.isochron.chronicle;

/**
 * A commit with a corrected time at or before T* that lies behind its shard's boundary and is therefore not in the cut.
 *
 * @param shard name of the shard
 * @param event the COMMIT or COMMIT PREPARED
 * @param correctedMicros its corrected time, microseconds since the Unix epoch
 * @param why {@link Why}
 * @param keptByDecision whether its transaction is in the cut all the same, because it was prepared inside and is decided to commit
 */
public record LateCommit(String shard, Event event, long correctedMicros, Why why, boolean keptByDecision) {
    /** Why it is behind. */
    public enum Why {
        /** An earlier record of the log already carries a time after T*. */
        LOG_ORDER,
        /** The boundary was lowered for atomicity. */
        ATOMICITY
    }
}
