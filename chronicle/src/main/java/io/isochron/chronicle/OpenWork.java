package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the transactions of one shard did that have not ended, by transaction id and storage, subtransactions by their own id. */
final class OpenWork {
    /** What a transaction did to one relation's storage. */
    static final class Work {
        long inserted;
        long updated;
        long deleted;
        long pagesWritten;
        boolean created;
        boolean dropped;

        private void add(Work other) {
            inserted += other.inserted;
            updated += other.updated;
            deleted += other.deleted;
            pagesWritten += other.pagesWritten;
            created |= other.created;
            dropped |= other.dropped;
        }
    }

    /** One id's work. */
    private static final class Of {
        private final Map<RelationFile, Work> byFile = new LinkedHashMap<>();
        private final Lsn firstSeen;
        private final long firstSeenMicros;

        private Of(Lsn firstSeen, long firstSeenMicros) {
            this.firstSeen = firstSeen;
            this.firstSeenMicros = firstSeenMicros;
        }
    }

    /**
     * A whole transaction.
     *
     * @param firstSeen null if it changed nothing
     */
    record Whole(Map<RelationFile, Work> work, @Nullable Lsn firstSeen, long firstSeenMicros) {}

    private static final Whole NOTHING = new Whole(Map.of(), null, 0);

    private final Map<Integer, Of> open = new HashMap<>();

    OpenWork(List<CarriedWork> carried) {
        for (CarriedWork one : carried) {
            Work work = open.computeIfAbsent(one.xid(), xid -> new Of(one.firstSeen(), one.firstSeenMicros()))
                    .byFile
                    .computeIfAbsent(one.file(), file -> new Work());
            work.inserted = one.inserted();
            work.updated = one.updated();
            work.deleted = one.deleted();
            work.pagesWritten = one.pagesWritten();
            work.created = one.created();
        }
    }

    /** Takes what a segment adds. */
    void take(Segment segment) {
        for (RowCounts rows : segment.rows()) {
            if (rows.xid() != 0) {
                Work work = work(segment, rows.xid(), rows.relation());
                work.inserted += rows.inserted();
                work.updated += rows.updated();
                work.deleted += rows.deleted();
                work.pagesWritten += rows.pagesWritten();
            }
        }
        for (StorageChange change : segment.storage()) {
            if (change.xid() != 0) {
                switch (change.kind()) {
                    case CREATED -> work(segment, change.xid(), change.relation()).created = true;
                    case DROPPED -> work(segment, change.xid(), change.relation()).dropped = true;
                    case TRUNCATED, CREATION_UNDONE -> {}
                }
            }
        }
    }

    private Work work(Segment segment, int xid, RelationFile file) {
        return open.computeIfAbsent(xid, key -> new Of(segment.start(), segment.referenceFirstMicros()))
                .byFile
                .computeIfAbsent(file, key -> new Work());
    }

    /** All that a transaction did, its subtransactions included; to be used before anything else is taken. */
    Whole whole(Event event) {
        if (event.subxids().isEmpty()) {
            Of of = open.get(event.xid());
            return of == null ? NOTHING : new Whole(of.byFile, of.firstSeen, of.firstSeenMicros);
        }
        Map<RelationFile, Work> all = new LinkedHashMap<>();
        Of first = null;
        List<Integer> xids = new ArrayList<>(event.subxids().size() + 1);
        xids.add(event.xid());
        xids.addAll(event.subxids());
        for (int xid : xids) {
            Of of = open.get(xid);
            if (of != null) {
                first = first == null || of.firstSeen.isBefore(first.firstSeen) ? of : first;
                of.byFile.forEach((file, work) ->
                        all.computeIfAbsent(file, key -> new Work()).add(work));
            }
        }
        return new Whole(all, first == null ? null : first.firstSeen, first == null ? 0 : first.firstSeenMicros);
    }

    void ended(Event event) {
        open.remove(event.xid());
        event.subxids().forEach(open::remove);
    }

    /** Forgets what a picture of the running transactions shows not to run any more: a server's crash ends transactions without a record. */
    void running(RunningTransactions picture, List<OpenPrepared> prepared) {
        Set<Integer> kept = new HashSet<>();
        for (OpenPrepared one : prepared) {
            kept.add(one.xid());
            kept.addAll(one.subxids());
        }
        open.keySet()
                .removeIf(xid -> RunningTransactions.precedes(xid, picture.oldestRunningXid()) && !kept.contains(xid));
    }

    List<CarriedWork> carried() {
        List<CarriedWork> carried = new ArrayList<>();
        open.forEach((xid, of) -> of.byFile.forEach((file, work) -> carried.add(new CarriedWork(
                xid,
                file,
                work.inserted,
                work.updated,
                work.deleted,
                work.pagesWritten,
                work.created,
                of.firstSeen,
                of.firstSeenMicros))));
        return LedgerLimits.carried(carried);
    }
}
