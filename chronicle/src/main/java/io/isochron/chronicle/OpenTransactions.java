package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The transactions of one shard that have begun to write or are prepared, and have not ended. */
final class OpenTransactions {
    private final Map<Integer, OpenPrepared> prepared = new HashMap<>();
    /** First record of every id that writes; subtransactions have their own entry until their end or that of the whole is seen. */
    private final Map<Integer, Lsn> firstRecord = new HashMap<>();
    /** The id last entered there, 0 if it may have been removed: often the next record is its too. */
    private int lastWrote;

    /** Lower bound for transactions that began before this program looked; null if there is none known. */
    private @Nullable Lsn inherited;
    /** Whether transactions older than what was seen may be open. */
    private boolean inheritedMayBeOpen = true;
    /** First id not given out at the first picture of running transactions since the beginning. */
    private @Nullable Integer horizonXid;

    OpenTransactions(Collection<OpenPrepared> prepared, @Nullable Lsn inherited) {
        prepared.forEach(open -> this.prepared.put(open.xid(), open));
        this.inherited = inherited;
    }

    void wrote(int xid, Lsn start) {
        if (xid != lastWrote) {
            firstRecord.putIfAbsent(xid, start);
            lastWrote = xid;
        }
    }

    void prepared(OpenPrepared open) {
        prepared.put(open.xid(), open);
    }

    /** The gid of a prepared transaction that is decided now: what the record says, else what its PREPARE said. */
    @Nullable
    String decided(int xid, @Nullable String recorded) {
        OpenPrepared known = prepared.remove(xid);
        if (recorded != null) {
            return recorded;
        }
        return known == null ? null : known.gid();
    }

    void ended(int xid, List<Integer> subxids) {
        lastWrote = 0;
        firstRecord.remove(xid);
        subxids.forEach(firstRecord::remove);
    }

    /** Nothing survives a server's stop but what is prepared. */
    void serverStopped() {
        lastWrote = 0;
        firstRecord.keySet().retainAll(prepared.keySet());
        if (prepared.isEmpty()) {
            inherited = null;
            inheritedMayBeOpen = false;
        }
    }

    void running(int nextXid, int oldestRunningXid) {
        lastWrote = 0;
        firstRecord
                .keySet()
                .removeIf(xid -> RunningTransactions.precedes(xid, oldestRunningXid) && !prepared.containsKey(xid));
        if (horizonXid == null) {
            horizonXid = nextXid;
        }
        if (!RunningTransactions.precedes(oldestRunningXid, horizonXid)) {
            inherited = null;
            inheritedMayBeOpen = false;
        }
    }

    List<OpenPrepared> allPrepared() {
        return prepared.values().stream()
                .sorted(Comparator.comparing(OpenPrepared::end).thenComparingInt(OpenPrepared::xid))
                .toList();
    }

    /** A position at or before every open transaction's first record; null if not known. */
    @Nullable
    Lsn oldestStart(Lsn lastRecordEnd) {
        if (inheritedMayBeOpen && inherited == null) {
            return null;
        }
        Lsn oldest = inherited == null ? lastRecordEnd : Lsn.min(inherited, lastRecordEnd);
        for (Lsn first : firstRecord.values()) {
            oldest = Lsn.min(oldest, first);
        }
        return oldest;
    }
}
