package io.isochron.chronicle;

/**
 * A minute of a shard's ledger as it stood before it was over, so that a reader of the newest minute need not read all its segments.
 *
 * @param sixth which sixth of the minute its last segment ends in, 1 to 5
 * @param entry an entry of level minute with the number that the minute will have; lists no catalog
 */
public record LedgerPart(int sixth, LedgerEntry entry) {
    /** How many sixths can have a part: none is made of the first, and the last one's is the minute. */
    public static final int SIXTH_MAX = 5;

    /** Commits, aborts and prepares in which a part is worth an object; segments of an idle shard are read as fast. */
    static final int EVENTS_MIN = 1000;

    static final long SIXTH_MICROS = LedgerLevel.MINUTE.micros() / (SIXTH_MAX + 1);
}
