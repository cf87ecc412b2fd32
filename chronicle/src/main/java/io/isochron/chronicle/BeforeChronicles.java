package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.chronicle.Unreachable.Why;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Refuses a cut that depends on what a shard did before anything that is known of it. */
final class BeforeChronicles {
    private final ClusterHistory history;
    private final CutRules rules;
    private final List<ShardHistory> shards;
    /** First segment of the run that the moment lies in, by shard. */
    private final int[] run;

    private final long epsilonMicros;
    /** All chronicles begin at this moment or before. */
    private final long youngest;

    BeforeChronicles(ClusterHistory history, CutRules rules, List<ShardHistory> shards, int[] run, long epsilonMicros) {
        this.history = history;
        this.rules = rules;
        this.shards = shards;
        this.run = run;
        this.epsilonMicros = epsilonMicros;
        long latest = Long.MIN_VALUE;
        for (int i = 0; i < run.length; i++) {
            latest = Math.max(latest, shards.get(i).segment(run[i]).referenceFirstMicros());
        }
        this.youngest = latest;
    }

    /** Why the cut cannot be vouched for; null if all that it depends on is known. */
    @Nullable
    Unreachable refusal(List<GlobalTransaction> transactions, BranchTable table, BoundarySet boundaries) {
        for (GlobalTransaction transaction : transactions) {
            if (CutComputation.committedInside(transaction, boundaries)) {
                continue;
            }
            for (Branch branch : transaction.branches()) {
                if (CutComputation.open(branch, boundaries)) {
                    ShardHistory other = tooYoung(branch);
                    if (other != null) {
                        return inDoubt(branch, other);
                    }
                }
            }
        }
        for (RecordMatching.Recorded recorded : table.recorded()) {
            Branch record = recorded.record();
            ShardHistory other =
                    record.preparedInside(boundaries.boundary(record.shardIndex)) ? null : tooYoung(record);
            Set<String> unseen = other == null ? Set.of() : unseen(recorded, transactions);
            if (other != null && !unseen.isEmpty()) {
                return decidedOutside(record, unseen, other);
            }
        }
        return null;
    }

    /** A shard whose chronicle does not go back to a branch or record. */
    private @Nullable ShardHistory tooYoung(Branch branch) {
        long since = rules.readFrom(branch, epsilonMicros);
        if (since >= youngest) {
            return null;
        }
        for (int i = 0; i < run.length; i++) {
            if (i != branch.shardIndex && since < shards.get(i).runBeginMicros(run[i])) {
                return shards.get(i);
            }
        }
        return null;
    }

    /** The gids of a decision record of which no branch is known: prepared and ended where nothing is known, inside, or elsewhere. */
    private static Set<String> unseen(RecordMatching.Recorded recorded, List<GlobalTransaction> transactions) {
        Set<String> seen = transactions.stream()
                .filter(transaction -> transaction.branches().contains(recorded.record()))
                .flatMap(transaction -> transaction.branches().stream())
                .filter(branch -> !branch.record)
                .map(branch -> branch.gid)
                .collect(Collectors.toSet());
        return recorded.gids().stream().filter(gid -> !seen.contains(gid)).collect(Collectors.toSet());
    }

    /** A branch in doubt that is older than another shard's chronicle: nobody knows whether it was committed there. */
    private Unreachable inDoubt(Branch branch, ShardHistory other) {
        Corrected prepared = branch.prepared;
        return unreachable(
                branch,
                other,
                "shard '" + branch.shard + "' holds prepared transaction '" + branch.gid + "' "
                        + (prepared == null ? "since before its chronicle" : prepared.since())
                        + ", and the chronicle of shard '" + other.shard + "' is known only from "
                        + ClusterHistory.instant(begin(other))
                        + ": whether it was committed there before cannot be told");
    }

    /** A decision outside whose branch may have been committed inside, where nothing is known: positions given by hand need not be of one time. */
    private Unreachable decidedOutside(Branch record, Set<String> unseen, ShardHistory other) {
        Corrected at = record.prepared;
        return unreachable(
                record,
                other,
                "shard '" + record.shard + "' decided "
                        + unseen.stream().sorted().map(gid -> "'" + gid + "'").collect(Collectors.joining(", "))
                        + (at == null ? "" : " " + at.at())
                        + ", outside the cut, and the chronicle of shard '" + other.shard + "' is known only from "
                        + ClusterHistory.instant(begin(other))
                        + ": whether it was committed there before, inside the cut, cannot be told");
    }

    private Unreachable unreachable(Branch branch, ShardHistory other, String message) {
        Corrected decided = branch.decided();
        boolean notLoaded = runOf(other) == 0 && other.segment(0).sequence() > 0;
        return new Unreachable(
                notLoaded ? Why.NOT_LOADED : Why.IN_DOUBT_UNKNOWN,
                message,
                null,
                decided == null
                        ? null
                        : new Reachability(history)
                                .nearestAfter(ClusterHistory.instant(decided.micros() + epsilonMicros)));
    }

    private long begin(ShardHistory shard) {
        return shard.runBeginMicros(runOf(shard));
    }

    private int runOf(ShardHistory shard) {
        return run[shards.indexOf(shard)];
    }
}
