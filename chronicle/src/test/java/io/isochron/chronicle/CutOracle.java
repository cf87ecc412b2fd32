package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Truth;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Holds a computed cut against the truth: it knows the real-time order of all that ever happened, which the solver does not. Answers the
 * first broken promise in words.
 */
final class CutOracle {
    private final SimulatedCluster cluster;
    private final List<List<Truth>> truths;
    private final Cut cut;
    private final Map<String, Lsn> boundary = new HashMap<>();

    private CutOracle(SimulatedCluster cluster, List<List<Truth>> truths, Cut cut) {
        this.cluster = cluster;
        this.truths = truths;
        this.cut = cut;
        cut.boundaries().forEach(b -> boundary.put(b.shard(), b.lsn()));
    }

    static Optional<String> violation(SimulatedCluster cluster, List<List<Truth>> truths, Cut cut) {
        CutOracle oracle = new CutOracle(cluster, truths, cut);
        return oracle.boundaries()
                .or(oracle::decisions)
                .or(oracle::torn)
                .or(oracle::tooLate)
                .or(oracle::lost)
                .or(oracle::loweredTooFar)
                .or(oracle::targetInside)
                .or(oracle::fence);
    }

    private Lsn of(int shard) {
        return boundary.get(cluster.shards().get(shard).name());
    }

    private Optional<Truth> find(SimulatedTransaction transaction, SimulatedBranch branch, boolean end) {
        return truths.get(branch.shard()).stream()
                .filter(t -> t.transaction().id() == transaction.id()
                        && t.branch().number() == branch.number()
                        && (t.event().kind() == Event.Kind.PREPARE) != end)
                .findFirst();
    }

    private boolean endInside(SimulatedTransaction transaction, SimulatedBranch branch) {
        return find(transaction, branch, true)
                .map(t -> t.event().inside(of(branch.shard())))
                .orElse(false);
    }

    private boolean inDoubt(SimulatedTransaction transaction, SimulatedBranch branch) {
        return find(transaction, branch, false)
                        .map(t -> t.event().inside(of(branch.shard())))
                        .orElse(false)
                && !endInside(transaction, branch);
    }

    private boolean committedAnywhere(SimulatedTransaction transaction) {
        return transaction.branches().stream().anyMatch(b -> b.commits() && endInside(transaction, b));
    }

    private Optional<Decision.Action> decided(SimulatedTransaction transaction, SimulatedBranch branch) {
        return cut.decisions().stream()
                .filter(d ->
                        d.shard().equals(cluster.shards().get(branch.shard()).name())
                                && d.xid() == transaction.xid(branch))
                .map(Decision::action)
                .findFirst();
    }

    private boolean visible(SimulatedTransaction transaction, SimulatedBranch branch) {
        return branch.commits() && endInside(transaction, branch)
                || decided(transaction, branch).equals(Optional.of(Decision.Action.COMMIT));
    }

    /** Every boundary lies between two records. */
    private Optional<String> boundaries() {
        for (int shard = 0; shard < truths.size(); shard++) {
            if (cluster.absent().contains(shard) || of(shard).equals(SimulatedShard.BEGIN)) {
                continue;
            }
            Lsn lsn = of(shard);
            if (truths.get(shard).stream()
                    .noneMatch(t ->
                            t.event().end().equals(lsn) || t.event().before().equals(lsn))) {
                return Optional.of("boundary " + lsn + " of s" + shard + " is no record's end");
            }
        }
        return Optional.empty();
    }

    /** Exactly the branches in doubt are decided, and as the transaction's commits inside say. */
    private Optional<String> decisions() {
        TreeSet<String> expected = new TreeSet<>();
        for (SimulatedTransaction transaction : cluster.transactions()) {
            boolean committed = committedAnywhere(transaction);
            for (SimulatedBranch branch : transaction.branches()) {
                if (branch.preparedAt() != SimulatedTransaction.NEVER && inDoubt(transaction, branch)) {
                    expected.add("s" + branch.shard() + " " + transaction.xid(branch) + " " + transaction.gid(branch)
                            + " " + (committed ? "COMMIT" : "ROLLBACK"));
                }
            }
        }
        TreeSet<String> actual = new TreeSet<>();
        cut.decisions().forEach(d -> actual.add(d.shard() + " " + d.xid() + " " + d.gid() + " " + d.action()));
        return expected.equals(actual)
                ? Optional.empty()
                : Optional.of("decisions are " + actual + " and should be " + expected);
    }

    /** A global transaction is in on all its shards or on none. */
    private Optional<String> torn() {
        for (SimulatedTransaction transaction : cluster.transactions()) {
            long visible = transaction.branches().stream()
                    .filter(b -> visible(transaction, b))
                    .count();
            if (visible != 0 && visible != transaction.branches().size()) {
                return Optional.of("transaction " + transaction.id() + " is torn: " + visible + " of "
                        + transaction.branches().size() + " branches are in");
            }
        }
        return Optional.empty();
    }

    /** Nothing is in that was committed after T* by more than epsilon. */
    private Optional<String> tooLate() {
        if (byPosition()) {
            return Optional.empty();
        }
        for (List<Truth> log : truths) {
            for (Truth truth : log) {
                if (truth.event().commits()
                        && truth.event().inside(of(truth.branch().shard()))
                        && truth.stampedAt() > cut.momentMicros() + cut.epsilonMicros()
                        && !byPosition(truth.branch().shard())
                        && !beforeExactTarget(truth)) {
                    return Optional.of("transaction " + truth.transaction().id() + " committed on s"
                            + truth.branch().shard() + " at " + truth.stampedAt() + ", after T* " + cut.momentMicros()
                            + " ± "
                            + cut.epsilonMicros() + ", and is in");
                }
            }
        }
        return Optional.empty();
    }

    /** Directly before a transaction counts by position on the shard where it committed first. */
    private boolean beforeExactTarget(Truth truth) {
        return (cut.target() instanceof Target.BeforeTransaction || cut.target() instanceof Target.AfterTransaction)
                && truth.stampedAt() <= cut.momentMicros() + cut.epsilonMicros() + 20_000;
    }

    private boolean byPosition() {
        return cut.target() instanceof Target.Positions;
    }

    /** Whether commits of a shard are not placed by time, because the target gives its position. */
    private boolean byPosition(int shard) {
        String name = cluster.shards().get(shard).name();
        return cut.boundary(name).orElseThrow().given()
                && !(cut.target() instanceof Target.BeforeTransaction)
                && !(cut.target() instanceof Target.AfterTransaction);
    }

    /** Nothing committed before T* by more than epsilon is missing, unless it is listed for a reason that holds. */
    private Optional<String> lost() {
        if (byPosition()) {
            return Optional.empty();
        }
        for (List<Truth> log : truths) {
            boolean behindLater = false;
            for (Truth truth : log) {
                Event event = truth.event();
                ShardBoundary shard = cut.boundary(
                                cluster.shards().get(truth.branch().shard()).name())
                        .orElseThrow();
                if (!event.commits()
                        || event.inside(shard.lsn())
                        || byPosition(truth.branch().shard())) {
                    continue;
                }
                behindLater |= truth.stampedAt() >= cut.momentMicros() - cut.epsilonMicros();
                if (truth.stampedAt() < cut.momentMicros() - cut.epsilonMicros()) {
                    Optional<LateCommit> listed = cut.lateCommits().stream()
                            .filter(l ->
                                    l.shard().equals(shard.shard()) && l.event().equals(event))
                            .findFirst();
                    String who = "transaction " + truth.transaction().id() + " committed on " + shard.shard() + " at "
                            + truth.stampedAt() + ", before T* " + cut.momentMicros() + " ± " + cut.epsilonMicros();
                    if (listed.isEmpty()) {
                        return Optional.of(who + ", is not in and not listed");
                    }
                    boolean forced = listed.get().why() == LateCommit.Why.ATOMICITY
                            ? !shard.lowerings().isEmpty() && event.inside(shard.initial())
                            : behindLater
                                    || cut.target() instanceof Target.BeforeTransaction
                                    || cut.target() instanceof Target.AfterTransaction;
                    if (!forced) {
                        return Optional.of(
                                who + ", is left out for " + listed.get().why() + " without need");
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** The loop of the specification, done the plain way over all that ever happened, ends at the same boundaries. */
    private Optional<String> loweredTooFar() {
        Lsn[] plain = new Lsn[truths.size()];
        for (int i = 0; i < plain.length; i++) {
            if (cluster.absent().contains(i)) {
                continue;
            }
            plain[i] =
                    cut.boundary(cluster.shards().get(i).name()).orElseThrow().initial();
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (SimulatedTransaction transaction : cluster.transactions()) {
                List<Truth> commits = new ArrayList<>();
                boolean missing = false;
                for (SimulatedBranch branch : transaction.branches()) {
                    Lsn limit = plain[branch.shard()];
                    find(transaction, branch, true)
                            .filter(t -> t.event().commits() && t.event().inside(limit))
                            .ifPresent(commits::add);
                    missing |= (branch.record() || branch.preparedAt() != SimulatedTransaction.NEVER)
                            && !find(transaction, branch, branch.record())
                                    .map(t -> t.event().inside(limit))
                                    .orElse(false);
                }
                if (missing && transaction.global()) {
                    for (Truth commit : commits) {
                        int shard = commit.branch().shard();
                        plain[shard] = Lsn.min(plain[shard], commit.event().before());
                        changed = true;
                    }
                }
            }
        }
        for (int i = 0; i < plain.length; i++) {
            if (!cluster.absent().contains(i) && !plain[i].equals(of(i))) {
                return Optional.of("boundary of s" + i + " is " + of(i) + ", by the plain loop " + plain[i]);
            }
        }
        return Optional.empty();
    }

    /** The transaction that was to be left out is out, the one that was to be the last is in. */
    private Optional<String> targetInside() {
        return switch (cut.target()) {
            case Target.BeforeTransaction before
            when anyVisible(before.shard(), before.xid()) ->
                Optional.of("transaction " + before.xid() + " is in, which was to be left out");
            case Target.AfterTransaction after
            when !anyVisible(after.shard(), after.xid()) ->
                Optional.of("transaction " + after.xid() + " is out, which was to be in");
            default -> Optional.empty();
        };
    }

    private boolean anyVisible(String shard, int xid) {
        for (SimulatedTransaction transaction : cluster.transactions()) {
            boolean asked = transaction.branches().stream()
                    .anyMatch(b -> transaction.xid(b) == xid && ("s" + b.shard()).equals(shard));
            if (asked && transaction.branches().stream().anyMatch(b -> visible(transaction, b))) {
                return true;
            }
        }
        return false;
    }

    /** At a fence exactly those commits are in that were written before it, in real time. */
    private Optional<String> fence() {
        if (!(cut.target() instanceof Target.AtFence asked)) {
            return Optional.empty();
        }
        SimulatedCluster.SimulatedFence fence = cluster.fences().stream()
                .filter(made -> made.id() == asked.id())
                .findFirst()
                .orElseThrow();
        if (cut.grade() != Grade.EXTERNAL) {
            return Optional.of("the cut at fence " + fence.id() + " has grade " + cut.grade());
        }
        for (List<Truth> log : truths) {
            for (Truth truth : log) {
                boolean inside = truth.event().inside(of(truth.branch().shard()));
                if (truth.event().commits() && inside != truth.writtenAt() <= fence.at()) {
                    return Optional.of("transaction " + truth.transaction().id() + " committed on s"
                            + truth.branch().shard() + " at " + truth.writtenAt() + " is " + (inside ? "in" : "out")
                            + " at fence " + fence.id());
                }
            }
        }
        return Optional.empty();
    }
}
