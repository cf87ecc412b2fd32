package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Walks one shard's segments and gives every committed transaction with all that it did, subtransactions included. */
final class TransactionScan {
    /** What a transaction did to one relation's storage. */
    static final class Work {
        long inserted;
        long updated;
        long deleted;
        long pagesWritten;
        boolean created;
        boolean truncated;
        boolean dropped;

        private void add(Work other) {
            inserted += other.inserted;
            updated += other.updated;
            deleted += other.deleted;
            pagesWritten += other.pagesWritten;
            created |= other.created;
            truncated |= other.truncated;
            dropped |= other.dropped;
        }
    }

    /** Receives each committed transaction. */
    @FunctionalInterface
    interface Visitor {
        void committed(Event commit, Corrected time, Map<RelationFile, Work> work);
    }

    private final ShardHistory shard;
    private final Map<Integer, Map<RelationFile, Work>> open = new HashMap<>();

    TransactionScan(ShardHistory shard) {
        this.shard = shard;
    }

    void run(Visitor visitor) {
        for (int i = 0; i < shard.size(); i++) {
            Segment segment = shard.segment(i);
            Set<Integer> ended = new LinkedHashSet<>();
            for (RowCounts rows : segment.rows()) {
                if (rows.xid() != 0) {
                    Work work = work(rows.xid(), rows.relation());
                    work.inserted += rows.inserted();
                    work.updated += rows.updated();
                    work.deleted += rows.deleted();
                    work.pagesWritten += rows.pagesWritten();
                }
            }
            for (StorageChange change : segment.storage()) {
                if (change.xid() != 0) {
                    take(change);
                }
            }
            for (int e = 0; e < segment.events().size(); e++) {
                Event event = segment.events().get(e);
                if (event.kind() == Event.Kind.PREPARE) {
                    continue;
                }
                if (event.commits()) {
                    visitor.committed(event, shard.time(i, e), together(event));
                }
                ended.add(event.xid());
                ended.addAll(event.subxids());
            }
            ended.forEach(open::remove);
        }
    }

    private void take(StorageChange change) {
        Work work = work(change.xid(), change.relation());
        switch (change.kind()) {
            case CREATED -> work.created = true;
            case TRUNCATED -> work.truncated = true;
            case DROPPED -> work.dropped = true;
            case CREATION_UNDONE -> {}
        }
    }

    private Work work(int xid, RelationFile relation) {
        return open.computeIfAbsent(xid, key -> new LinkedHashMap<>()).computeIfAbsent(relation, key -> new Work());
    }

    private Map<RelationFile, Work> together(Event event) {
        List<Integer> xids = new ArrayList<>(event.subxids());
        xids.addFirst(event.xid());
        Map<RelationFile, Work> all = new LinkedHashMap<>();
        for (int xid : xids) {
            open.getOrDefault(xid, Map.of())
                    .forEach((relation, work) ->
                            all.computeIfAbsent(relation, key -> new Work()).add(work));
        }
        return all;
    }
}
