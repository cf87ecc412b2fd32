package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction with its parts on all shards.
 *
 * @param name what its coordinator calls it; null for a transaction of one shard
 * @param parts the committed parts, earliest corrected commit first; a coordinator's decision record is one
 * @param certain whether these are its parts for certain, and not those of another transaction with the same numbers
 */
record CommittedTransaction(@Nullable String name, List<Part> parts, boolean certain) {
    /** One shard's commit. */
    record Part(String shard, Event commit, Corrected committed) {}

    private static final Comparator<Part> EARLIEST_FIRST =
            Comparator.<Part>comparingLong(part -> part.committed().micros()).thenComparing(Part::shard);

    /**
     * The transaction that a shard committed under an id, the latest if the id recurred; null if there is none. Parts that were committed later
     * than the one named may be left out.
     */
    static @Nullable CommittedTransaction find(
            ClusterHistory history, Dialect dialect, CutRules rules, ShardHistory shard, int xid) {
        for (int i = shard.size() - 1; i >= 0; i--) {
            List<Event> events = shard.segment(i).events();
            for (int e = events.size() - 1; e >= 0; e--) {
                if (events.get(e).commits() && events.get(e).xid() == xid) {
                    return of(history, dialect, rules, shard, i, e);
                }
            }
        }
        return null;
    }

    private static CommittedTransaction of(
            ClusterHistory history, Dialect dialect, CutRules rules, ShardHistory shard, int segment, int event) {
        Event commit = shard.segment(segment).events().get(event);
        Part self = new Part(shard.shard, commit, shard.time(segment, event));
        Optional<String> gid = gid(dialect, shard.segment(segment), commit);
        if (gid.isEmpty()) {
            return new CommittedTransaction(commit.gid(), List.of(self), true);
        }
        long slack = 2 * self.committed.uncertaintyMicros();
        // Every branch was prepared before the first commit, so that whatever is open a little before the commit, or
        // prepared since, is all.
        long from = self.committed.low() - slack;
        while (true) {
            BranchTable table = read(history, dialect, rules, from, self.committed.high() + slack);
            GlobalTransaction found = null;
            for (GlobalTransaction transaction : table.transactions()) {
                if (transaction.branches().stream()
                        .anyMatch(branch -> commit.equals(branch.commit()) && branch.shard.equals(shard.shard))) {
                    found = transaction;
                }
            }
            if (found == null) {
                return new CommittedTransaction(gid.get(), List.of(self), true);
            }
            long prepared = table.neededForRecords(slack);
            for (Branch branch : found.branches()) {
                Corrected at = branch.prepared;
                prepared = Math.min(prepared, at == null ? Long.MIN_VALUE : at.low() - slack);
            }
            if (prepared >= from) {
                return of(found);
            }
            from = prepared;
        }
    }

    /** What names its global transaction: its own gid, or one that it had written into its coordinator's log table. */
    private static Optional<String> gid(Dialect dialect, Segment segment, Event commit) {
        String own = commit.gid();
        if (own != null) {
            return Optional.of(own).filter(gid -> dialect.globalTransaction(gid).isPresent());
        }
        return segment.decisionRecords().stream()
                .filter(recorded -> recorded.xid() == commit.xid())
                .flatMap(recorded -> recorded.gids().stream())
                .filter(gid -> dialect.globalTransaction(gid).isPresent() && dialect.recordsDecision(gid))
                .findFirst();
    }

    private static BranchTable read(ClusterHistory history, Dialect dialect, CutRules rules, long from, long to) {
        BranchTable table = new BranchTable(dialect, rules, from);
        List<ShardBranches.Stretch> stretches = new ArrayList<>();
        int index = 0;
        for (ShardHistory shard : history.all()) {
            for (int[] run : shard.runs()) {
                int covering = shard.coveringSegment(run[0], to);
                int last = covering < 0 ? run[1] : covering;
                stretches.add(new ShardBranches.Stretch(
                        shard, index, Math.min(last, shard.firstSegmentWithEventFrom(run[0], from)), last));
            }
            index++;
        }
        table.read(stretches);
        return table;
    }

    /** The committed parts of a global transaction; none if no branch is known to be committed. */
    static CommittedTransaction of(GlobalTransaction transaction) {
        List<Part> parts = new ArrayList<>();
        for (Branch branch : transaction.branches()) {
            Event commit = branch.commit();
            Corrected committed = branch.decided();
            if (commit != null && committed != null) {
                parts.add(new Part(branch.shard, commit, committed));
            }
        }
        parts.sort(EARLIEST_FIRST);
        boolean certain =
                transaction.doubts().stream().noneMatch(doubt -> doubt.branch().commit() != null);
        return new CommittedTransaction(transaction.name(), List.copyOf(parts), certain);
    }
}
