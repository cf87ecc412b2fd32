package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction with its parts on all shards.
 *
 * @param name what its coordinator calls it; null for a transaction of one shard
 * @param parts the committed parts, earliest corrected commit first
 */
record CommittedTransaction(@Nullable String name, List<Part> parts) {
    /** One shard's commit. */
    record Part(String shard, Event commit, Corrected committed) {}

    private static final Comparator<Part> EARLIEST_FIRST =
            Comparator.<Part>comparingLong(part -> part.committed().micros()).thenComparing(Part::shard);

    /** The transaction that a shard committed under an id, the latest if the id recurred; null if there is none. */
    static @Nullable CommittedTransaction find(ClusterHistory history, Dialect dialect, ShardHistory shard, int xid) {
        for (int i = shard.size() - 1; i >= 0; i--) {
            List<Event> events = shard.segment(i).events();
            for (int e = events.size() - 1; e >= 0; e--) {
                if (events.get(e).commits() && events.get(e).xid() == xid) {
                    return of(history, dialect, shard, i, e);
                }
            }
        }
        return null;
    }

    private static CommittedTransaction of(
            ClusterHistory history, Dialect dialect, ShardHistory shard, int segment, int event) {
        Event commit = shard.segment(segment).events().get(event);
        Part self = new Part(shard.shard, commit, shard.time(segment, event));
        String gid = commit.gid();
        if (commit.kind() == Event.Kind.COMMIT
                || gid == null
                || dialect.globalTransaction(gid).isEmpty()) {
            return new CommittedTransaction(gid, List.of(self));
        }
        BranchTable table = new BranchTable(dialect, true);
        int index = 0;
        for (ShardHistory other : history.all()) {
            for (int[] run : other.runs()) {
                table.read(other, index, run[0], run[1]);
            }
            index++;
        }
        for (GlobalTransaction transaction : table.transactions(2 * self.committed.uncertaintyMicros())) {
            if (transaction.branches().stream()
                    .anyMatch(branch -> commit.equals(branch.commit()) && branch.shard.equals(shard.shard))) {
                return of(transaction);
            }
        }
        return new CommittedTransaction(gid, List.of(self));
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
        return new CommittedTransaction(transaction.name(), List.copyOf(parts));
    }
}
