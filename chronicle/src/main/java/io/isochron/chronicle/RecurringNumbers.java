package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.chronicle.BranchTable.GlobalTransaction.Doubt;
import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses a cut that would be another one if a branch belonged to another decision record that it may have as well. */
final class RecurringNumbers {
    private final ClusterHistory history;
    private final List<ShardHistory> shards;
    /** First segment of the run that the moment lies in, by shard. */
    private final int[] run;

    RecurringNumbers(ClusterHistory history, List<ShardHistory> shards, int[] run) {
        this.history = history;
        this.shards = shards;
        this.run = run;
    }

    /** Why the cut cannot be vouched for; null if every assignment of branches to records leads to the same one. */
    @Nullable
    Unreachable refusal(List<GlobalTransaction> transactions, BoundarySet boundaries, long epsilonMicros) {
        for (GlobalTransaction transaction : transactions) {
            for (Doubt doubt : transaction.doubts()) {
                if (boundaries.forced(transaction) || matters(doubt, boundaries)) {
                    return refuse(doubt, epsilonMicros);
                }
            }
        }
        return null;
    }

    private static boolean matters(Doubt doubt, BoundarySet boundaries) {
        Branch branch = doubt.branch();
        Lsn boundary = boundaries.boundary(branch.shardIndex);
        long inside = doubt.among().stream()
                .filter(record -> record.commitInside(boundaries.boundary(record.shardIndex)) != null)
                .count();
        if (branch.commitInside(boundary) != null) {
            return inside < doubt.among().size();
        }
        if (!branch.preparedInside(boundary)) {
            return inside > 0;
        }
        return branch.inDoubt(boundary)
                && inside > 0
                && (doubt.none() || inside < doubt.among().size());
    }

    private Unreachable refuse(Doubt doubt, long epsilonMicros) {
        Branch branch = doubt.branch();
        Corrected prepared = branch.prepared;
        List<Corrected> times = new ArrayList<>();
        StringBuilder records = new StringBuilder();
        for (Branch record : doubt.among()) {
            Corrected at = record.decided();
            if (at != null) {
                times.add(at);
                records.append(records.isEmpty() ? "" : ", ")
                        .append("the commit on shard '")
                        .append(record.shard)
                        .append("' ")
                        .append(at.at());
            }
        }
        if (doubt.none()) {
            records.append(records.isEmpty() ? "" : ", ").append("none");
        }
        Corrected decided = branch.decided();
        if (prepared != null) {
            times.add(prepared);
        }
        if (decided != null) {
            times.add(decided);
        }
        long earliest = times.stream().mapToLong(Corrected::low).min().orElse(Long.MIN_VALUE);
        long latest = times.stream().mapToLong(Corrected::high).max().orElse(Long.MAX_VALUE);
        Reachability reachability = new Reachability(history);
        return new Unreachable(
                notLoaded(prepared == null ? Long.MIN_VALUE : earliest) ? Why.NOT_LOADED : Why.IN_DOUBT_UNKNOWN,
                "prepared transaction '" + branch.gid + "' of shard '" + branch.shard + "', "
                        + (prepared == null ? "since before its chronicle" : prepared.since())
                        + ", may have been decided by one or another commit under those numbers, "
                        + doubt.cause().text.formatted(epsilonMicros) + ": " + records,
                prepared == null
                        ? null
                        : reachability.nearestBefore(ClusterHistory.instant(earliest - 2 * epsilonMicros - 1)),
                decided == null
                        ? null
                        : reachability.nearestAfter(ClusterHistory.instant(latest + 2 * epsilonMicros + 1)));
    }

    /** Whether a shard has segments of that time or older that were not given. */
    private boolean notLoaded(long since) {
        for (int i = 0; i < run.length; i++) {
            ShardHistory shard = shards.get(i);
            if (run[i] == 0 && shard.segment(0).sequence() > 0 && since < shard.runBeginMicros(0)) {
                return true;
            }
        }
        return false;
    }
}
