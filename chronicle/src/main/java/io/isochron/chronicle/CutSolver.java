package io.isochron.chronicle;

import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds the cut for a target. A pure function of a history and a dialect; its work is linear in the events near the moment and since the
 * oldest transaction that is in doubt there, once the history has been made.
 */
public final class CutSolver {
    private static final int LATEST_TRIES = 8;

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
        return solve(target, target instanceof Target.Fence ? Grade.EXTERNAL : Grade.ATOMIC);
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
        return switch (target) {
            case Target.Time time -> at(target, ClusterHistory.micros(time.moment()), Map.of(), grade);
            case Target.Latest latest -> latest(latest, grade);
            case Target.BeforeTransaction before -> before(before, grade);
            case Target.Positions positions -> positions(target, positions.byShard(), grade);
            case Target.Fence fence -> positions(target, fence.byShard(), grade);
        };
    }

    private Solution at(Target target, long momentMicros, Map<String, Lsn> exact, Grade grade) {
        Solution solution =
                new CutComputation(history, dialect, rules, new CutRequest(target, momentMicros, exact, grade)).solve();
        if (solution instanceof Unreachable || history.restorableFrom() == null || !exact.isEmpty()) {
            return solution;
        }
        Instant moment = ClusterHistory.instant(momentMicros);
        List<RecoverableRange> ranges = history.recoverableRanges();
        return ranges.isEmpty() || moment.isBefore(ranges.getFirst().from())
                ? BeforeWindow.of(
                        history, momentMicros, "moment " + moment + " lies before what any snapshot can restore")
                : solution;
    }

    /** A commit near the end may be known less well than the clock is; then a little earlier. */
    private Solution latest(Target.Latest target, Grade grade) {
        long moment = latestMicros();
        Solution solution = at(target, moment, Map.of(), grade);
        for (int i = 0; i < LATEST_TRIES && tooLate(solution); i++) {
            moment -= Math.max(1000, 2 * Reachability.uncertainty(history, moment)) << i;
            solution = at(target, moment, Map.of(), grade);
        }
        return solution;
    }

    private static boolean tooLate(Solution solution) {
        return solution instanceof Unreachable unreachable && unreachable.why() == Why.AFTER_SAFE_TIME;
    }

    /** The last moment whose horizon every shard covers. */
    private long latestMicros() {
        long safe = Long.MAX_VALUE;
        for (ShardHistory shard : history.all()) {
            safe = Math.min(safe, shard.safeMicros(shard.size() - 1));
        }
        if (safe == Long.MIN_VALUE) {
            return history.all().iterator().next().runBeginMicros(0);
        }
        return Reachability.lastMoment(history, safe);
    }

    private Solution positions(Target target, SortedMap<String, Lsn> byShard, Grade grade) {
        Map<String, Lsn> exact = new TreeMap<>();
        long moment = Long.MIN_VALUE;
        for (String given : byShard.keySet()) {
            if (!history.contains(given)) {
                return unknown("shard '" + given + "' of the target is not in the cluster");
            }
        }
        for (ShardHistory shard : history.all()) {
            Lsn asked = byShard.get(shard.shard);
            int segment = asked == null ? -1 : shard.segmentOf(asked);
            if (asked == null
                    || segment < 0
                    || asked.isAfter(shard.segment(segment).end())) {
                return unknown(
                        asked == null
                                ? "the target gives no position for shard '" + shard.shard + "'"
                                : "position " + asked + " of shard '" + shard.shard + "' is not in its chronicle");
            }
            exact.put(shard.shard, recordBoundary(shard, segment, asked));
            moment = Math.max(moment, latestCommitInside(shard, segment, asked));
        }
        return at(target, moment, exact, grade);
    }

    /** A position within an event's record, or at its start behind a page header, means the boundary before it. */
    private static Lsn recordBoundary(ShardHistory shard, int segment, Lsn asked) {
        for (int i = segment; i <= Math.min(segment + 1, shard.size() - 1); i++) {
            for (Event event : shard.segment(i).events()) {
                if (event.before().isBefore(asked) && asked.isBefore(event.end())) {
                    return event.before();
                }
            }
        }
        return asked;
    }

    /** Nothing inside was committed after this; what was committed before the run was before its beginning. */
    private static long latestCommitInside(ShardHistory shard, int segment, Lsn position) {
        int run = shard.runStart(segment);
        long latest = shard.runBeginMicros(run);
        if (segment > run) {
            latest = Math.max(latest, shard.latestCommitMicros(segment - 1));
        }
        List<Event> events = shard.segment(segment).events();
        for (int e = 0; e < events.size(); e++) {
            if (events.get(e).commits() && events.get(e).inside(position)) {
                latest = Math.max(latest, shard.time(segment, e).micros());
            }
        }
        return latest;
    }

    private Solution before(Target.BeforeTransaction target, Grade grade) {
        if (!history.contains(target.shard())) {
            return unknown("shard '" + target.shard() + "' is not in the cluster");
        }
        ShardHistory shard = history.shard(target.shard());
        CommittedTransaction transaction = CommittedTransaction.find(history, dialect, shard, target.xid());
        if (transaction == null) {
            return unknown("no commit of transaction " + Integer.toUnsignedString(target.xid()) + " is known on shard '"
                    + target.shard() + "'");
        }
        CommittedTransaction.Part earliest = transaction.parts().getFirst();
        Lsn directlyBefore = earliest.commit().before();
        for (CommittedTransaction.Part part : transaction.parts()) {
            // A shard may hold several branches, and their order in the log is not that of their times.
            if (part.shard().equals(earliest.shard())) {
                directlyBefore = Lsn.min(directlyBefore, part.commit().before());
            }
        }
        return at(target, earliest.committed().micros() - 1, Map.of(earliest.shard(), directlyBefore), grade);
    }

    private static Unreachable unknown(String reason) {
        return new Unreachable(Why.UNKNOWN_TARGET, reason, null, null);
    }
}
