package io.isochron.restore;

/** How far the restore of a shard has come; each phase includes the ones before it. */
public enum RestorePhase {
    /** Nothing but the journal exists. */
    STARTED,
    /** Every file of the snapshot is there and equals PostgreSQL's own backup manifest. */
    FETCHED,
    /** WAL up to the snapshot's end was replayed and rows were counted there. */
    CONSISTENT,
    /** WAL was replayed exactly up to the cut. */
    REPLAYED,
    /** Recovery has ended, and the prepared transactions are exactly those of the cut. */
    PROMOTED,
    /** Every prepared transaction was committed or rolled back as the cut says. */
    DECIDED,
    /** The proofs were made and none failed; everything is durable on disk. */
    PROVEN,
    /** The cluster accepts writes. */
    RELEASED;

    /** True if this phase includes the other. */
    public boolean reached(RestorePhase other) {
        return compareTo(other) >= 0;
    }
}
