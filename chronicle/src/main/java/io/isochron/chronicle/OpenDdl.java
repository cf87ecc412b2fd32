package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Messages of the SQL helper in transactions of one shard that have not ended, subtransactions by their own id. What is beyond the limits is left out when it comes, so that a ledger that goes on from a
 * stored entry knows exactly what one that never stopped knows.
 */
final class OpenDdl {
    /** Most messages that are held. */
    static final int COUNT_MAX = 1024;

    /** Most characters (UTF-16) in all their texts. */
    static final int SIZE_MAX = 1 << 19;

    private final Map<Integer, List<DdlMessage>> open = new TreeMap<>(Integer::compareUnsigned);
    private int count;
    private int size;

    OpenDdl(List<DdlMessage> carried) {
        carried.forEach(this::add);
    }

    /** Takes what a segment adds; gives how many were left out, in the segment or now. */
    long take(DdlMessages more) {
        long omitted = more.omitted();
        for (DdlMessage message : more.items()) {
            if (count == COUNT_MAX || size + message.ddl().size() > SIZE_MAX) {
                omitted++;
            } else {
                add(message);
            }
        }
        return omitted;
    }

    private void add(DdlMessage message) {
        open.computeIfAbsent(message.xid(), xid -> new ArrayList<>()).add(message);
        count++;
        size += message.ddl().size();
    }

    /** All of a transaction, its subtransactions included, as they were written. */
    List<DdlMessage> of(Event event) {
        if (open.isEmpty()) {
            return List.of();
        }
        List<DdlMessage> all = new ArrayList<>(open.getOrDefault(event.xid(), List.of()));
        event.subxids().forEach(subxid -> all.addAll(open.getOrDefault(subxid, List.of())));
        all.sort(Comparator.comparing(DdlMessage::at));
        return all;
    }

    void ended(Event event) {
        if (!open.isEmpty()) {
            forget(event.xid());
            event.subxids().forEach(this::forget);
        }
    }

    private void forget(int xid) {
        List<DdlMessage> gone = open.remove(xid);
        if (gone != null) {
            count -= gone.size();
            gone.forEach(message -> size -= message.ddl().size());
        }
    }

    /** As {@link OpenWork#running}. */
    void running(RunningTransactions picture, List<OpenPrepared> prepared) {
        if (open.isEmpty()) {
            return;
        }
        Set<Integer> kept = new HashSet<>();
        for (OpenPrepared one : prepared) {
            kept.add(one.xid());
            kept.addAll(one.subxids());
        }
        List<Integer> over = open.keySet().stream()
                .filter(xid -> RunningTransactions.precedes(xid, picture.oldestRunningXid()) && !kept.contains(xid))
                .toList();
        over.forEach(this::forget);
    }

    /** By transaction and position. */
    List<DdlMessage> carried() {
        return open.values().stream().flatMap(List::stream).toList();
    }
}
