package io.isochron.chronicle;

import io.isochron.chronicle.Unreachable.Why;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Finds the cut for a target. A pure function of a history and a dialect; its work is linear in the events near the moment and since the
 * oldest transaction that is in doubt there, once the history has been made.
 */
public final class CutSolver {
    private static final int AFTER_TRIES = 8;

    private final ClusterHistory history;
    private final Dialect dialect;
    private final CutRules rules;

    public CutSolver(ClusterHistory history, Dialect dialect) {
        this(history, dialect, new CutRules());
    }

    /** For the simulation, which replaces rules by wrong ones. */
    CutSolver(ClusterHistory history, Dialect dialect, CutRules rules) {
        this.history = history;
        this.dialect = dialect;
        this.rules = rules;
    }

    /** The cut of grade {@code atomic} (or {@code external} on a fence) for a target, or why there is none. */
    public Solution solve(Target target) {
        return solve(
                target,
                target instanceof Target.AtFence || target instanceof Target.FenceBefore
                        ? Grade.EXTERNAL
                        : Grade.ATOMIC);
    }

    /** The cut without any promise across shards, for those who ask for grade {@code shard} by name. */
    public Solution solveEachShardByItself(Target target) {
        return solve(target, Grade.SHARD);
    }

    private Solution solve(Target target, Grade grade) {
        for (ShardHistory shard : history.all()) {
            if (shard.size() == 0 || !shard.clock.known()) {
                return new Unreachable(
                        Why.MISSING_SHARD,
                        shard.size() == 0
                                ? "nothing is known of shard '" + shard.shard + "'"
                                : "the clock of shard '" + shard.shard + "' was never read",
                        null,
                        null);
            }
        }
        TargetResolver resolver = new TargetResolver(history, dialect, rules, grade);
        return switch (target) {
            case Target.Time time -> at(target, ClusterHistory.micros(time.moment()), grade);
            case Target.Latest latest -> latest(latest, grade);
            case Target.BeforeTransaction before -> before(before, resolver);
            case Target.AfterTransaction after -> after(after, grade);
            case Target.NamedRestorePoint point -> resolved(resolver.restorePoint(point));
            case Target.Positions positions ->
                resolved(resolver.positions(target, positions.byShard(), Long.MIN_VALUE));
            case Target.AtFence fence -> resolved(resolver.fence(fence));
            case Target.FenceBefore before -> resolved(resolver.fenceBefore(before));
        };
    }

    private Solution at(Target target, long momentMicros, Grade grade) {
        return compute(new CutRequest(target, momentMicros, Map.of(), grade));
    }

    /** The cut for a request whose target was brought to numbers before. */
    Solution compute(CutRequest request) {
        if (request.momentMicros() < history.memberFrom() || request.momentMicros() >= history.memberTo()) {
            return otherMembers(request);
        }
        Solution solution = new CutComputation(history, dialect, rules, request).solve();
        if (solution instanceof Unreachable
                || history.restorableFrom() == null
                || !request.exact().isEmpty()) {
            return solution;
        }
        long momentMicros = request.momentMicros();
        Instant moment = ClusterHistory.instant(momentMicros);
        List<RecoverableRange> ranges = history.recoverableRanges();
        return ranges.isEmpty() || moment.isBefore(ranges.getFirst().from())
                ? BeforeWindow.of(
                        history, momentMicros, "moment " + moment + " lies before what any snapshot can restore")
                : solution;
    }

    private Unreachable otherMembers(CutRequest request) {
        Reachability reachability = new Reachability(history);
        Instant moment = ClusterHistory.instant(request.momentMicros());
        return new Unreachable(
                Why.OTHER_MEMBERS,
                "the members of the cluster were not " + String.join(", ", history.shards()) + " at " + moment,
                reachability.nearestBefore(moment),
                reachability.nearestAfter(moment));
    }

    private Solution latest(Target.Latest target, Grade grade) {
        long moment = new Reachability(history).lastMoment();
        return at(
                target,
                moment == Long.MIN_VALUE ? history.all().iterator().next().runBeginMicros(0) : moment,
                grade);
    }

    private Solution resolved(TargetResolver.Resolved resolved) {
        Unreachable refused = resolved.refused();
        CutRequest request = resolved.request();
        return request == null ? Objects.requireNonNull(refused) : compute(request);
    }

    private static boolean decidesToCommit(Cut cut, Target.BeforeTransaction target) {
        return cut.decisions().stream()
                .anyMatch(decision -> decision.action() == Decision.Action.COMMIT
                        && decision.shard().equals(target.shard())
                        && decision.xid() == target.xid());
    }

    /** Refused if the named part would be committed after all, because clocks put another part of its transaction before it, and inside. */
    private Solution before(Target.BeforeTransaction target, TargetResolver resolver) {
        Solution solution = resolved(resolver.before(target));
        return solution instanceof Cut cut && decidesToCommit(cut, target) && rules.refusesToCommitWhatIsLeftOut()
                ? new Unreachable(
                        Why.UNKNOWN_TARGET,
                        "transaction " + Integer.toUnsignedString(target.xid()) + " of shard '" + target.shard()
                                + "' cannot be left out: clocks (± " + cut.epsilonMicros()
                                + " µs) do not tell which of its parts was committed first, and one would be inside",
                        new Reachability(history)
                                .nearestBefore(
                                        ClusterHistory.instant(cut.momentMicros() - 2 * cut.epsilonMicros() - 1)),
                        null)
                : solution;
    }

    /** Where a part was not yet prepared at the moment, by the clocks, a little later. */
    private Solution after(Target.AfterTransaction target, Grade grade) {
        TargetResolver.Resolved resolved = new TargetResolver(history, dialect, rules, grade).after(target);
        Solution solution = resolved(resolved);
        CutRequest request = resolved.request();
        for (int i = 0; request != null && i < AFTER_TRIES && !holds(solution, request); i++) {
            long step = Math.max(1000, 2 * Reachability.uncertainty(history, request.momentMicros())) << i;
            request = new CutRequest(target, request.momentMicros() + step, request.exact(), grade);
            solution = compute(request);
        }
        return request == null || holds(solution, request) || solution instanceof Unreachable
                ? solution
                : new Unreachable(
                        Why.UNKNOWN_TARGET,
                        "transaction " + Integer.toUnsignedString(target.xid()) + " of shard '" + target.shard()
                                + "' cannot be the last one inside: a transaction before it on its shard has a part that was prepared too late elsewhere",
                        null,
                        null);
    }

    /** Whether no boundary that was asked for exactly had to be lowered. */
    private static boolean holds(Solution solution, CutRequest request) {
        return solution instanceof Cut cut
                && cut.boundaries().stream()
                        .allMatch(boundary -> !request.exact().containsKey(boundary.shard())
                                || boundary.lsn().equals(boundary.initial()));
    }
}
