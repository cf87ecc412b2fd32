package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Writes down a computed cut: boundaries with their surroundings, decisions with reasons, what is left out. */
final class CutReport {
    private static final long FENCE_CLOSE_MICROS = 60_000_000;

    private final ClusterHistory history;
    private final CutRules rules;
    private final CutRequest request;
    private final long epsilon;
    private final List<ShardHistory> shards;
    private final int[] run;
    private final int[] first;
    private final int[] horizon;
    private final BoundarySet boundaries;

    CutReport(
            ClusterHistory history,
            CutRules rules,
            CutRequest request,
            long epsilon,
            List<ShardHistory> shards,
            int[] run,
            int[] first,
            int[] horizon,
            BoundarySet boundaries) {
        this.history = history;
        this.rules = rules;
        this.request = request;
        this.epsilon = epsilon;
        this.shards = shards;
        this.run = run;
        this.first = first;
        this.horizon = horizon;
        this.boundaries = boundaries;
    }

    Solution write(Dialect dialect, BranchTable table, List<GlobalTransaction> transactions) {
        List<Decision> decisions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (GlobalTransaction transaction : transactions) {
            decide(transaction, decisions, notes);
        }
        noteFence(notes);
        decisions.sort(Comparator.comparing(Decision::shard).thenComparing(Decision::prepareEnd));
        Set<LateCommit> late = new LinkedHashSet<>();
        List<ShardBoundary> written = new ArrayList<>();
        List<SegmentId> used = new ArrayList<>();
        Map<String, Set<Integer>> kept = kept(decisions);
        // each on its own, and on every core: many events are looked at
        List<Map.Entry<ShardBoundary, List<LateCommit>>> parts = IntStream.range(0, shards.size())
                .parallel()
                .mapToObj(i -> Map.entry(boundary(i), lateCommits(i, kept.getOrDefault(shards.get(i).shard, Set.of()))))
                .toList();
        for (int i = 0; i < shards.size(); i++) {
            written.add(parts.get(i).getKey());
            late.addAll(parts.get(i).getValue());
            for (int s = first[i]; s <= horizon[i]; s++) {
                used.add(shards.get(i).id(s));
            }
        }
        Cut cut = new Cut(
                request.target(),
                request.momentMicros(),
                grade(),
                gradeReason(),
                epsilon,
                dialect.name(),
                written,
                decisions,
                List.copyOf(late),
                List.copyOf(table.unknownGids()),
                notes,
                used);
        if (history.restorableFrom() != null && history.usableSnapshots(cut).isEmpty()) {
            return noSnapshot(cut);
        }
        return cut;
    }

    /** Who asks for a time may want the fence just before it. */
    private void noteFence(List<String> notes) {
        long moment = request.momentMicros();
        Fence fence = request.target() instanceof Target.Time || request.target() instanceof Target.Latest
                ? new Fences(history).latest(moment, moment - FENCE_CLOSE_MICROS)
                : null;
        if (fence != null) {
            notes.add("fence " + fence.id() + " lies " + (moment - fence.referenceMicros())
                    + " µs before this moment; a cut there has grade external");
        }
    }

    private Grade grade() {
        return request.grade() == Grade.EXTERNAL && boundaries.lowered() ? Grade.ATOMIC : request.grade();
    }

    private String gradeReason() {
        return switch (request.grade()) {
            case SHARD -> "asked for by name: each shard is cut by itself, global transactions may be torn";
            case ATOMIC ->
                "every global transaction is in on all its shards or on none; single-shard commits are placed by measured clocks within ± "
                        + epsilon + " µs; no fence lies here";
            case EXTERNAL ->
                boundaries.lowered()
                        ? "the positions contradict each other and were lowered, so the cut is atomic only"
                        : "the cut lies on a fence: nothing beyond it was visible to anyone";
        };
    }

    private Unreachable noSnapshot(Cut cut) {
        for (ShardBoundary boundary : cut.boundaries()) {
            if (!boundary.lowerings().isEmpty()) {
                Lowering last = boundary.lowerings().getLast();
                return BeforeWindow.of(
                        history,
                        request.momentMicros(),
                        "the cut for " + cut.moment() + " lies at " + boundary.lsn() + " on shard '" + boundary.shard()
                                + "', because transaction '" + last.gid() + "' was not yet prepared on shard '"
                                + last.missingShard() + "'; no snapshot is that old");
            }
        }
        return BeforeWindow.of(
                history, request.momentMicros(), "no snapshot was complete at " + cut.moment() + " on every shard");
    }

    private void decide(GlobalTransaction transaction, List<Decision> decisions, List<String> notes) {
        Branch committed = null;
        Branch rolledBack = null;
        for (Branch branch : transaction.branches()) {
            if (branch.commitInside(boundaries.boundary(branch.shardIndex)) != null
                    && (committed == null || branch.record)) {
                committed = branch;
            }
            if (branch.rolledBack() && rolledBack == null) {
                rolledBack = branch;
            }
        }
        for (Branch branch : transaction.branches()) {
            if (branch.inDoubt(boundaries.boundary(branch.shardIndex))) {
                Decision.Action action = rules.decide(branch, committed != null);
                decisions.add(new Decision(
                        branch.shard,
                        branch.gid,
                        branch.xid,
                        branch.prepareEnd,
                        action,
                        reason(transaction, branch, committed)));
            }
        }
        if (committed != null && rolledBack != null) {
            notes.add("global transaction '" + transaction.name() + "' was committed on shard '" + committed.shard
                    + "' and rolled back on shard '" + rolledBack.shard
                    + "' by its coordinator: it is torn in production itself");
        }
    }

    private static String reason(GlobalTransaction transaction, Branch branch, @Nullable Branch committed) {
        if (committed != null) {
            Event commit = committed.commit();
            if (committed.record) {
                return "its coordinator's decision record is committed inside the cut on shard '" + committed.shard
                        + "'" + (commit == null ? "" : " at " + commit.start());
            }
            return "branch '" + committed.gid + "' of the same transaction is committed inside the cut on shard '"
                    + committed.shard + "'" + (commit == null ? "" : " at " + commit.start());
        }
        String scope = !branch.known
                ? "its gid belongs to no known coordinator, so it is a transaction of its own, and it is"
                : transaction.branches().size() == 1
                        ? "no other branch of its transaction is prepared or committed on any shard, and it is"
                        : "none of the " + transaction.branches().size()
                                + " branches of its transaction is committed inside the cut; it is";
        for (Branch record : transaction.branches()) {
            Event commit = record.commit();
            if (record.record && commit != null) {
                return "its coordinator's decision record, the commit of transaction "
                        + Integer.toUnsignedString(record.xid) + " of shard '" + record.shard + "' at "
                        + commit.start() + ", lies outside the cut";
            }
        }
        Event decision = branch.decision();
        if (decision == null) {
            return scope + " not decided up to the horizon";
        }
        return scope + (decision.commits() ? " committed" : " rolled back") + " only at " + decision.start()
                + ", after the cut";
    }

    private ShardBoundary boundary(int index) {
        ShardHistory shard = shards.get(index);
        Lsn lsn = boundaries.boundary(index);
        int at = Math.max(run[index], shard.segmentOf(lsn));
        return new ShardBoundary(
                shard.shard,
                shard.segment(at).timeline(),
                lsn,
                boundaries.initial(index),
                request.exact().containsKey(shard.shard),
                lastInside(shard, run[index], at, lsn),
                firstOutside(shard, at, horizon[index], lsn),
                shard.clock.readings.at(request.momentMicros()),
                boundaries.lowerings(index));
    }

    private static @Nullable Event lastInside(ShardHistory shard, int runFirst, int at, Lsn lsn) {
        for (int i = at; i >= runFirst; i--) {
            SegmentEvents events = shard.events(i);
            for (int e = events.size() - 1; e >= 0; e--) {
                if (events.commits(e) && events.inside(e, lsn)) {
                    return events.get(e);
                }
            }
        }
        return null;
    }

    private static @Nullable Event firstOutside(ShardHistory shard, int at, int horizon, Lsn lsn) {
        for (int i = at; i <= horizon; i++) {
            SegmentEvents events = shard.events(i);
            for (int e = 0; e < events.size(); e++) {
                if (events.commits(e) && !events.inside(e, lsn)) {
                    return events.get(e);
                }
            }
        }
        return null;
    }

    /** The prepared transactions that are committed although their COMMIT PREPARED lies outside, by shard. */
    private static Map<String, Set<Integer>> kept(List<Decision> decisions) {
        Map<String, Set<Integer>> kept = new HashMap<>();
        for (Decision decision : decisions) {
            if (decision.action() == Decision.Action.COMMIT) {
                kept.computeIfAbsent(decision.shard(), shard -> new HashSet<>()).add(decision.xid());
            }
        }
        return kept;
    }

    private List<LateCommit> lateCommits(int index, Set<Integer> kept) {
        ShardHistory shard = shards.get(index);
        Lsn lsn = boundaries.boundary(index);
        List<LateCommit> late = new ArrayList<>();
        for (int i = Math.max(run[index], shard.segmentOf(lsn)); i <= horizon[index]; i++) {
            if (shard.noneBeforeMicros(i) > request.momentMicros()) {
                break;
            }
            SegmentEvents events = shard.events(i);
            for (int e = 0; e < events.size(); e++) {
                if (!events.commits(e) || events.inside(e, lsn)) {
                    continue;
                }
                long micros = shard.micros(i, e);
                boolean lowered = events.inside(e, boundaries.initial(index));
                if (micros <= request.momentMicros() && (lowered || !request.byPosition(shard.shard))) {
                    Event event = events.get(e);
                    late.add(new LateCommit(
                            shard.shard,
                            event,
                            micros,
                            lowered ? LateCommit.Why.ATOMICITY : LateCommit.Why.LOG_ORDER,
                            event.kind() == Event.Kind.COMMIT_PREPARED && kept.contains(event.xid())));
                }
            }
        }
        return late;
    }
}
