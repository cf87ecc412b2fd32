package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the transactions did that became visible on one shard between two positions. Made by {@link RowExpectation#between}. */
public final class CommittedRows {
    private final String shard;
    private final Lsn from;
    private final Lsn to;
    private final @Nullable String unknown;
    /** Every id (subtransactions included) that was committed in between, to its top-level id. */
    private final Map<Integer, Integer> topOf = new HashMap<>();

    private final Map<RelationFile, Long> balance = new HashMap<>();
    private final Map<RelationFile, Integer> creator = new HashMap<>();
    private final Map<Integer, Set<RelationFile>> createdBy = new HashMap<>();
    private final Map<Integer, Set<RelationFile>> droppedBy = new HashMap<>();
    private final Set<RelationFile> writtenByPage = new HashSet<>();
    private final Set<RelationFile> truncatedInPlace = new HashSet<>();

    private CommittedRows(ShardHistory history, Lsn from, Lsn to, Collection<Decision> decisions) {
        this.shard = history.shard;
        this.from = from;
        this.to = to;
        int last = history.segmentOf(to);
        if (to.isBefore(from) || !history.covers(from, to)) {
            unknown = "the chronicle of shard '" + shard + "' does not cover " + from + " to " + to;
            return;
        }
        int first = history.runStart(last);
        int doubtful = collectCommitted(history, first, last, decisions);
        unknown = doubtful == 0
                ? null
                : "transaction " + Integer.toUnsignedString(doubtful) + " of shard '" + shard
                        + "' may have begun before what is known of the shard, at "
                        + history.segment(first).start();
        if (unknown == null) {
            for (int i = first; i <= last; i++) {
                add(history.segment(i));
            }
        }
    }

    static CommittedRows between(ShardHistory history, Lsn from, Lsn to, Collection<Decision> decisions) {
        return new CommittedRows(history, from, to, decisions);
    }

    /** Finds the committed ids; answers one that may have written before the first segment, or 0. */
    private int collectCommitted(ShardHistory history, int first, int last, Collection<Decision> decisions) {
        Set<Integer> decided = new HashSet<>();
        for (Decision decision : decisions) {
            if (decision.shard().equals(shard) && decision.action() == Decision.Action.COMMIT) {
                decided.add(decision.xid());
            }
        }
        RunningTransactions picture = null;
        boolean whole = false;
        int doubtful = 0;
        Lsn start = history.segment(first).start();
        for (int i = first; i <= last; i++) {
            Segment segment = history.segment(i);
            if (picture == null && !segment.running().isEmpty()) {
                picture = segment.running().getFirst();
            }
            for (OpenPrepared open : segment.openPrepared()) {
                if (decided.contains(open.xid())) {
                    commit(open.xid(), open.subxids());
                    if (!open.end().isAfter(start)) {
                        doubtful = open.xid();
                    }
                }
            }
            for (Event event : segment.events()) {
                boolean counts = event.commits() && event.end().isAfter(from) && event.inside(to);
                boolean byDecision = event.kind() == Event.Kind.PREPARE && decided.contains(event.xid());
                if (counts || byDecision) {
                    commit(event.xid(), event.subxids());
                    if (!whole && (picture == null || RunningTransactions.precedes(event.xid(), picture.nextXid()))) {
                        doubtful = event.xid();
                    }
                }
            }
            Lsn oldest = segment.oldestOpenStart();
            if (oldest != null && !oldest.isBefore(start)) {
                whole = true;
            }
        }
        return doubtful;
    }

    private void commit(int xid, List<Integer> subxids) {
        topOf.put(xid, xid);
        subxids.forEach(subxid -> topOf.put(subxid, xid));
    }

    private void add(Segment segment) {
        for (RowCounts rows : segment.rows()) {
            if (topOf.containsKey(rows.xid())) {
                balance.merge(rows.relation(), rows.inserted() - rows.deleted(), Long::sum);
                if (rows.pagesWritten() > 0) {
                    writtenByPage.add(rows.relation());
                }
            }
        }
        for (StorageChange change : segment.storage()) {
            Integer top = topOf.get(change.xid());
            if (top == null) {
                continue;
            }
            switch (change.kind()) {
                case CREATED -> {
                    creator.put(change.relation(), top);
                    createdBy.computeIfAbsent(top, key -> new HashSet<>()).add(change.relation());
                }
                case DROPPED ->
                    droppedBy.computeIfAbsent(top, key -> new HashSet<>()).add(change.relation());
                case TRUNCATED -> truncatedInPlace.add(change.relation());
                case CREATION_UNDONE -> {}
            }
        }
    }

    /**
     * The rows a table must have at the later position.
     *
     * @param countAtFrom rows visible at the earlier position
     * @param fileAtFrom its storage there, with its real tablespace
     * @param fileAtTo its storage at the later position
     */
    public RowExpectation expect(long countAtFrom, RelationFile fileAtFrom, RelationFile fileAtTo) {
        if (unknown != null) {
            return new RowExpectation.NotComputable(unknown);
        }
        if (truncatedInPlace.contains(fileAtTo)) {
            return new RowExpectation.NotComputable(
                    "storage " + fileAtTo + " was truncated in place by the transaction that made it");
        }
        if (fileAtFrom.equals(fileAtTo)) {
            return new RowExpectation.Rows(countAtFrom + balance(fileAtTo));
        }
        return sinceCreation(fileAtTo, countAtFrom, fileAtFrom);
    }

    /**
     * The rows that a table made between the two positions must have at the later one.
     *
     * @param fileAtTo its storage there
     */
    public RowExpectation expectNew(RelationFile fileAtTo) {
        if (unknown != null) {
            return new RowExpectation.NotComputable(unknown);
        }
        return truncatedInPlace.contains(fileAtTo)
                ? new RowExpectation.NotComputable(
                        "storage " + fileAtTo + " was truncated in place by the transaction that made it")
                : sinceCreation(fileAtTo, 0, null);
    }

    private RowExpectation sinceCreation(RelationFile file, long countBefore, @Nullable RelationFile before) {
        Integer made = creator.get(file);
        if (made == null) {
            return new RowExpectation.NotComputable("storage " + file + " was not seen being created between " + from
                    + " and " + to + " on shard '" + shard + "'");
        }
        if (!writtenByPage.contains(file)) {
            return new RowExpectation.Rows(balance(file));
        }
        if (before != null && replaces(made, before)) {
            return new RowExpectation.Rows(countBefore + balance(before) + balance(file));
        }
        return new RowExpectation.NotComputable(
                "storage " + file + " was written page by page (a rewrite by VACUUM FULL, CLUSTER or ALTER TABLE)");
    }

    /** A plain rewrite: the storage counted is dropped by the very transaction, which made no other storage to drop it again. */
    private boolean replaces(int transaction, RelationFile before) {
        Set<RelationFile> dropped = droppedBy.getOrDefault(transaction, Set.of());
        Set<RelationFile> created = createdBy.getOrDefault(transaction, Set.of());
        return dropped.contains(before) && dropped.stream().noneMatch(created::contains);
    }

    private long balance(RelationFile file) {
        return balance.getOrDefault(file, 0L);
    }
}
