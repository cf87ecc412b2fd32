package io.isochron.chronicle;

import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Brings a target that names something in the history (positions, a transaction, a restore point, a fence) to a moment and positions. */
final class TargetResolver {
    /** Exactly one of the two is there. */
    record Resolved(@Nullable CutRequest request, @Nullable Unreachable refused) {
        private static Resolved unknown(String reason) {
            return new Resolved(null, new Unreachable(Why.UNKNOWN_TARGET, reason, null, null));
        }
    }

    private final ClusterHistory history;
    private final Dialect dialect;
    private final CutRules rules;
    private final Grade grade;

    TargetResolver(ClusterHistory history, Dialect dialect, CutRules rules, Grade grade) {
        this.history = history;
        this.dialect = dialect;
        this.rules = rules;
        this.grade = grade;
    }

    Resolved positions(Target target, SortedMap<String, Lsn> byShard, long notBeforeMicros) {
        Map<String, Lsn> exact = new TreeMap<>();
        long moment = notBeforeMicros;
        for (String given : byShard.keySet()) {
            if (!history.contains(given)) {
                return Resolved.unknown("shard '" + given + "' of the target is not in the cluster");
            }
        }
        for (ShardHistory shard : history.all()) {
            Lsn asked = byShard.get(shard.shard);
            int segment = asked == null ? -1 : shard.segmentOf(asked);
            if (asked == null
                    || segment < 0
                    || asked.isAfter(shard.segment(segment).end())) {
                return Resolved.unknown(
                        asked == null
                                ? "the target gives no position for shard '" + shard.shard + "'"
                                : "position " + asked + " of shard '" + shard.shard + "' is not in its chronicle");
            }
            Lsn boundary = rules.atOrBefore(shard, segment, asked);
            if (boundary == null) {
                return Resolved.unknown(
                        "no record's end is known before position " + asked + " of shard '" + shard.shard
                                + "': its chronicle begins at "
                                + shard.segment(shard.runStart(segment)).start());
            }
            exact.put(shard.shard, boundary);
            moment = Math.max(moment, latestCommitInside(shard, segment, asked));
        }
        return request(target, moment, exact);
    }

    private Resolved request(Target target, long moment, Map<String, Lsn> exact) {
        return new Resolved(new CutRequest(target, moment, exact, grade), null);
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

    Resolved before(Target.BeforeTransaction target) {
        CommittedTransaction transaction = transaction(target.shard(), target.xid());
        if (transaction == null) {
            return unknownTransaction(target.shard(), target.xid());
        }
        if (!transaction.certain()) {
            return uncertain(target.shard(), target.xid());
        }
        CommittedTransaction.Part earliest = rules.first(transaction, target.xid());
        if (!earliest.committed().known()) {
            return tooOld(target.shard(), target.xid(), earliest);
        }
        Lsn directlyBefore = rules.before(earliest.commit());
        for (CommittedTransaction.Part part : transaction.parts()) {
            // A shard may hold several branches, and their order in the log is not that of their times.
            if (part.shard().equals(earliest.shard())) {
                directlyBefore = Lsn.min(directlyBefore, rules.before(part.commit()));
            }
        }
        return request(target, earliest.committed().micros() - 1, Map.of(earliest.shard(), directlyBefore));
    }

    /** Directly behind its first commit: parts prepared by then and not yet committed are decided to commit. */
    Resolved after(Target.AfterTransaction target) {
        CommittedTransaction transaction = transaction(target.shard(), target.xid());
        if (transaction == null) {
            return unknownTransaction(target.shard(), target.xid());
        }
        if (!transaction.certain()) {
            return uncertain(target.shard(), target.xid());
        }
        CommittedTransaction.Part earliest = rules.first(transaction, target.xid());
        if (!earliest.committed().known()) {
            return tooOld(target.shard(), target.xid(), earliest);
        }
        return request(target, earliest.committed().micros(), Map.of(earliest.shard(), rules.after(earliest.commit())));
    }

    private @Nullable CommittedTransaction transaction(String shard, int xid) {
        return history.contains(shard)
                ? CommittedTransaction.find(history, dialect, rules, history.shard(shard), xid)
                : null;
    }

    private Resolved unknownTransaction(String shard, int xid) {
        return Resolved.unknown(
                history.contains(shard)
                        ? "no commit of transaction " + Integer.toUnsignedString(xid) + " is known on shard '" + shard
                                + "'"
                        : "shard '" + shard + "' is not in the cluster");
    }

    private Resolved tooOld(String shard, int xid, CommittedTransaction.Part earliest) {
        return new Resolved(
                null,
                BeforeWindow.of(
                        history,
                        earliest.committed().high(),
                        "transaction " + Integer.toUnsignedString(xid) + " of shard '" + shard
                                + "' had been committed when the clock of shard '" + earliest.shard()
                                + "' was first known, " + earliest.committed().at()));
    }

    private static Resolved uncertain(String shard, int xid) {
        return Resolved.unknown(
                "which commits belong to transaction " + Integer.toUnsignedString(xid) + " of shard '" + shard
                        + "' cannot be told: its coordinator used the same numbers again within the uncertainty of the clocks");
    }

    /** Exact on every shard that has a restore point of this name, by time on the others. */
    Resolved restorePoint(Target.NamedRestorePoint target) {
        Map<String, Lsn> exact = new TreeMap<>();
        long moment = Long.MIN_VALUE;
        for (ShardHistory shard : history.all()) {
            List<String> seen = new ArrayList<>();
            for (int i = 0; i < shard.size(); i++) {
                for (RestorePoint point : shard.segment(i).restorePoints()) {
                    if (point.name().equals(target.name())) {
                        Corrected at = shard.clock.correct(i, point.timeMicros());
                        exact.put(shard.shard, point.at());
                        moment = Math.max(moment, at.micros());
                        moment = Math.max(moment, latestCommitInside(shard, i, point.at()));
                        seen.add(point.at() + " (" + at.at() + ")");
                    }
                }
            }
            if (seen.size() > 1) {
                return Resolved.unknown("restore point '" + target.name() + "' was made " + seen.size()
                        + " times on shard '" + shard.shard + "': at " + String.join(", ", seen)
                        + "; name the moment or the positions instead");
            }
        }
        return exact.isEmpty()
                ? Resolved.unknown("no shard's chronicle has a restore point named '" + target.name() + "'")
                : request(target, moment, exact);
    }

    Resolved fence(Target.AtFence target) {
        Fences fences = new Fences(history);
        Fence fence = fences.byId(target.id());
        if (fence.byShard().isEmpty()) {
            return Resolved.unknown("fence " + target.id() + " is not in the chronicle");
        }
        for (ShardHistory shard : history.all()) {
            if (!fence.byShard().containsKey(shard.shard) && rules.needsEveryMark()) {
                return Resolved.unknown("fence " + target.id() + " has no mark of shard '" + shard.shard
                        + "': it does not hold the whole cluster");
            }
        }
        return new Fences(history).complete(fence)
                ? positions(target, fence.byShard(), fence.referenceMicros())
                : request(target, fence.referenceMicros(), fence.byShard());
    }

    Resolved fenceBefore(Target.FenceBefore target) {
        long moment = ClusterHistory.micros(target.moment());
        Fence fence = new Fences(history).latest(moment, Long.MIN_VALUE);
        return fence == null
                ? Resolved.unknown("no fence of all shards is known at or before " + target.moment())
                : fence(new Target.AtFence(fence.id()));
    }
}
