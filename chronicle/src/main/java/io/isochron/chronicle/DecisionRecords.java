package io.isochron.chronicle;

import io.isochron.wal.CoordinatorLog;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Collects the gids that transactions write into a coordinator's log table until these commit. */
final class DecisionRecords {
    private final Map<Integer, Set<String>> open = new HashMap<>();
    private List<RecordedGids> committed = new ArrayList<>();

    /** @param inherited what transactions open at the last segment's end had written */
    DecisionRecords(List<RecordedGids> inherited) {
        inherited.forEach(gids -> open.put(gids.xid(), new LinkedHashSet<>(gids.gids())));
    }

    void record(WalFormat format, WalRecord record) throws WalDamagedException {
        String gid = CoordinatorLog.gidWritten(format, record);
        if (gid != null && record.xid() != 0) {
            open.computeIfAbsent(record.xid(), xid -> new LinkedHashSet<>()).add(gid);
        }
    }

    void committed(int xid, List<Integer> subxids) {
        if (open.isEmpty()) {
            return;
        }
        Set<String> gids = new LinkedHashSet<>();
        Set<String> own = open.remove(xid);
        if (own != null) {
            gids.addAll(own);
        }
        for (int subxid : subxids) {
            Set<String> more = open.remove(subxid);
            if (more != null) {
                gids.addAll(more);
            }
        }
        if (!gids.isEmpty()) {
            committed.add(new RecordedGids(xid, List.copyOf(gids)));
        }
    }

    void aborted(int xid, List<Integer> subxids) {
        open.remove(xid);
        subxids.forEach(open::remove);
    }

    /** The server stopped: only prepared transactions are still open. */
    void retain(Collection<OpenPrepared> prepared) {
        if (!open.isEmpty()) {
            Set<Integer> kept = new LinkedHashSet<>();
            for (OpenPrepared one : prepared) {
                kept.add(one.xid());
                kept.addAll(one.subxids());
            }
            open.keySet().retainAll(kept);
        }
    }

    /** Those committed since the last call, in order of commit. */
    List<RecordedGids> take() {
        List<RecordedGids> taken = committed;
        committed = new ArrayList<>();
        return taken;
    }

    /** Those not ended. */
    List<RecordedGids> open() {
        return open.entrySet().stream()
                .map(entry -> new RecordedGids(entry.getKey(), List.copyOf(entry.getValue())))
                .sorted(Comparator.comparingInt(RecordedGids::xid))
                .toList();
    }
}
