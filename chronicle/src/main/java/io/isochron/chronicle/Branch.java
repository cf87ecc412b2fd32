package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import org.jspecify.annotations.Nullable;

/**
 * One shard's part of a global transaction, as far as the events that were read tell. A coordinator's decision record is one too: a part that
 * is prepared and committed by one and the same record, so that it must be inside wherever another part is committed, and every other part
 * must be prepared inside where it is.
 */
final class Branch {
    final String shard;
    final int shardIndex;
    final int xid;
    /** Empty text if neither PREPARE nor decision told it. */
    final String gid;
    /** Whether the dialect knows the gid, so that there may be other branches. */
    final boolean known;
    /** End of the PREPARE record; of one that lies before what was read, any position before that. */
    final Lsn prepareEnd;
    /** When it was prepared; null if that is not known. */
    final @Nullable Corrected prepared;

    /** Whether this is the coordinator's decision record and no branch; its gid is then the transaction's name. */
    final boolean record;

    private @Nullable Event decision;
    private @Nullable Corrected decided;

    Branch(
            String shard,
            int shardIndex,
            int xid,
            String gid,
            boolean known,
            Lsn prepareEnd,
            @Nullable Corrected prepared) {
        this(shard, shardIndex, xid, gid, known, prepareEnd, prepared, false);
    }

    private Branch(
            String shard,
            int shardIndex,
            int xid,
            String gid,
            boolean known,
            Lsn prepareEnd,
            @Nullable Corrected prepared,
            boolean record) {
        this.shard = shard;
        this.shardIndex = shardIndex;
        this.xid = xid;
        this.gid = gid;
        this.known = known;
        this.prepareEnd = prepareEnd;
        this.prepared = prepared;
        this.record = record;
    }

    /** A commit that is a coordinator's decision. */
    static Branch ofRecord(String shard, int shardIndex, String name, Event commit, Corrected at) {
        Branch branch = new Branch(shard, shardIndex, commit.xid(), name, true, commit.end(), at, true);
        branch.decide(commit, at);
        return branch;
    }

    void decide(Event event, Corrected at) {
        decision = event;
        decided = at;
    }

    @Nullable
    Event decision() {
        return decision;
    }

    @Nullable
    Corrected decided() {
        return decided;
    }

    boolean preparedInside(Lsn boundary) {
        return !prepareEnd.isAfter(boundary);
    }

    /** The COMMIT PREPARED, if it lies inside. */
    @Nullable
    Event commitInside(Lsn boundary) {
        Event event = decision;
        return event != null && event.commits() && event.inside(boundary) ? event : null;
    }

    /** Prepared inside and not decided inside. */
    boolean inDoubt(Lsn boundary) {
        Event event = decision;
        return preparedInside(boundary) && (event == null || !event.inside(boundary));
    }

    /** The COMMIT PREPARED wherever it lies, if there is one. */
    @Nullable
    Event commit() {
        Event event = decision;
        return event != null && event.commits() ? event : null;
    }

    boolean rolledBack() {
        Event event = decision;
        return event != null && !event.commits();
    }

    long preparedMicros() {
        Corrected at = prepared;
        return at == null ? Long.MIN_VALUE : at.micros();
    }
}
