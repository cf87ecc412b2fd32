package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One computation of a cut for a moment, following consistency.md from the boundaries by time to the decisions. */
final class CutComputation {
    private final ClusterHistory history;
    private final Dialect dialect;
    private final CutRules rules;
    private final CutRequest request;
    private final long moment;
    private final List<ShardHistory> shards;
    /** First segment of the run that the moment lies in, by shard. */
    private final int[] run;
    /** The segment at whose end the horizon is known, by shard. */
    private final int[] horizon;

    private long epsilon;

    CutComputation(ClusterHistory history, Dialect dialect, CutRules rules, CutRequest request) {
        this.history = history;
        this.dialect = dialect;
        this.rules = rules;
        this.request = request;
        this.moment = request.momentMicros();
        this.shards = List.copyOf(history.all());
        this.run = new int[shards.size()];
        this.horizon = new int[shards.size()];
    }

    Solution solve() {
        Unreachable refused = locate();
        if (refused != null) {
            return refused;
        }
        Lsn[] initial = new Lsn[shards.size()];
        // each on its own, and on every core: events are read here that nobody has read yet
        Arrays.parallelSetAll(initial, i -> {
            Lsn exact = request.exact().get(shards.get(i).shard);
            return exact != null ? exact : boundaryByTime(i);
        });
        long from = rules.readFrom(moment, epsilon);
        int[] atLatest = new int[shards.size()];
        Arrays.setAll(atLatest, i -> Math.max(run[i], shards.get(i).segmentOf(initial[i])));
        Read read = null;
        while (true) {
            int[] first = new int[shards.size()];
            BranchTable table = new BranchTable(dialect, rules, from);
            for (int i = 0; i < first.length; i++) {
                first[i] = Math.min(atLatest[i], shards.get(i).firstSegmentWithEventFrom(run[i], from));
            }
            if (read != null && list(first).equals(read.first) && !read.table.goesByTime()) {
                // the same segments again, of which nothing depends on since when they were to be read
                return verdict(read, doubtful(read.transactions, read.table, read.boundaries));
            }
            table.read(IntStream.range(0, first.length)
                    .mapToObj(i -> new ShardBranches.Stretch(shards.get(i), i, first[i], horizon[i]))
                    .toList());
            List<GlobalTransaction> transactions = table.transactions();
            BoundarySet boundaries = new BoundarySet(rules, moment, initial);
            if (request.grade() != Grade.SHARD) {
                boundaries.lower(transactions);
            }
            long needed = Math.min(
                    neededBy(transactions, table.records(), boundaries, from), table.neededForRecords(2 * epsilon));
            boolean below = neededBelow(boundaries, first, atLatest);
            read = new Read(list(first), table, transactions, boundaries);
            if (needed >= from && !below) {
                refused = doubtful(transactions, table, boundaries);
                if (refused != null && readOn(transactions)) {
                    // what was read ends earlier than what is wanted now
                    read = null;
                    continue;
                }
                return verdict(read, refused);
            }
            if (needed < from) {
                from = needed == Long.MIN_VALUE ? needed : Math.min(needed, moment - 2 * (moment - from));
            }
        }
    }

    /** What came of reading every shard from some segment on. */
    private record Read(
            List<Integer> first, BranchTable table, List<GlobalTransaction> transactions, BoundarySet boundaries) {}

    private static List<Integer> list(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    private Solution verdict(Read read, @Nullable Unreachable refused) {
        int[] first = read.first.stream().mapToInt(Integer::intValue).toArray();
        return refused != null
                ? refused
                : new CutReport(history, rules, request, epsilon, shards, run, first, horizon, read.boundaries)
                        .write(dialect, read.table, read.transactions);
    }

    /** Finds the runs, the uncertainty and the horizon, or why there are none. */
    private @Nullable Unreachable locate() {
        for (int i = 0; i < run.length; i++) {
            ShardHistory shard = shards.get(i);
            Lsn exact = request.exact().get(shard.shard);
            int found = exact != null ? runOf(shard, exact) : runAt(shard);
            if (found < 0) {
                return outOfRuns(shard);
            }
            run[i] = found;
        }
        epsilon = Reachability.uncertainty(history, run, moment);
        long needed = Reachability.horizon(history, moment, epsilon, rules::horizonMargin);
        for (int i = 0; i < run.length; i++) {
            ShardHistory shard = shards.get(i);
            horizon[i] = shard.coveringSegment(run[i], needed);
            if (horizon[i] < 0 && !rules.needsHorizon()) {
                horizon[i] = shard.runEnd(run[i]);
            }
            if (horizon[i] < 0) {
                return beyond(shard, run[i]);
            }
            Lsn exact = request.exact().get(shard.shard);
            if (exact != null) {
                horizon[i] = Math.max(horizon[i], shard.segmentOf(exact));
            }
        }
        return null;
    }

    private static int runOf(ShardHistory shard, Lsn position) {
        int segment = shard.segmentOf(position);
        return segment < 0 ? (shard.segment(0).start().equals(position) ? 0 : -1) : shard.runStart(segment);
    }

    private int runAt(ShardHistory shard) {
        int found = -1;
        for (int[] bounds : shard.runs()) {
            if (shard.runBeginsBy(bounds[0], moment)) {
                found = bounds[0];
            }
        }
        return found;
    }

    private Unreachable outOfRuns(ShardHistory shard) {
        return BeforeWindow.of(
                history,
                moment,
                "moment " + ClusterHistory.instant(moment) + " lies before the chronicle of shard '" + shard.shard
                        + "' begins (" + ClusterHistory.instant(shard.runBeginMicros(0)) + ")");
    }

    private Unreachable beyond(ShardHistory shard, int runFirst) {
        Reachability reachability = new Reachability(history);
        int last = shard.runEnd(runFirst);
        long safe = shard.safeMicros(last);
        String asked = "moment " + ClusterHistory.instant(moment);
        String known = safe == Long.MIN_VALUE
                ? "has no safe time yet"
                : "is known to be archived until " + ClusterHistory.instant(safe);
        boolean gap = last + 1 < shard.size();
        String where = gap
                ? " lies in a gap: WAL of shard '"
                : safe > moment ? " is not certain yet: shard '" : " lies after the safe time: shard '";
        return new Unreachable(
                gap ? Why.GAP : Why.AFTER_SAFE_TIME,
                asked
                        + where
                        + shard.shard
                        + (gap
                                ? "' is missing between " + shard.segment(last).end() + " and "
                                        + shard.segment(last + 1).start()
                                : "' " + known + ", times there are known to ± " + epsilon + " µs"),
                reachability.nearestBefore(ClusterHistory.instant(moment - 1)),
                reachability.nearestAfter(ClusterHistory.instant(moment + 1)));
    }

    private Lsn boundaryByTime(int index) {
        ShardHistory shard = shards.get(index);
        for (int i = Math.max(run[index], shard.firstSegmentWithEventFrom(run[index], moment));
                i <= horizon[index];
                i++) {
            SegmentEvents events = shard.events(i);
            for (int e = 0; e < events.size(); e++) {
                if (events.commits(e) && rules.after(events.timeMicros(e), shard.micros(i, e), moment)) {
                    return rules.boundaryBefore(events.get(e));
                }
            }
        }
        return endOfLastRecord(shard, index);
    }

    /** Of the horizon's segment, or the next whose range holds all of its last record with its padding; else within that padding. */
    private Lsn endOfLastRecord(ShardHistory shard, int index) {
        int last = shard.runEnd(run[index]);
        for (int i = horizon[index]; i <= last; i++) {
            Segment segment = shard.segment(i);
            if (!segment.lastRecordEnd().isAfter(segment.end())) {
                horizon[index] = i;
                return segment.lastRecordEnd();
            }
        }
        return shard.segment(horizon[index]).end();
    }

    /** How far back one must read to know what became of every transaction in doubt. */
    private long neededBy(
            List<GlobalTransaction> transactions, List<Branch> records, BoundarySet boundaries, long from) {
        long needed = from;
        for (Branch record : records) {
            // Branches may have been committed since, inside boundaries that are not of the same time.
            if (!record.preparedInside(boundaries.boundary(record.shardIndex))) {
                needed = Math.min(needed, readFrom(record));
            }
        }
        for (GlobalTransaction transaction : transactions) {
            if (!committedInside(transaction, boundaries)) {
                for (Branch branch : transaction.branches()) {
                    if (open(branch, boundaries)) {
                        needed = Math.min(needed, readFrom(branch));
                    }
                }
            }
        }
        return needed;
    }

    private long readFrom(Branch branch) {
        return rules.readFrom(branch, epsilon);
    }

    /** A branch not committed inside: what must become of others, or of it, depends on what all shards did since its PREPARE. */
    static boolean open(Branch branch, BoundarySet boundaries) {
        return branch.known
                && !branch.record
                && !branch.rolledBack()
                && branch.commitInside(boundaries.boundary(branch.shardIndex)) == null;
    }

    static boolean committedInside(GlobalTransaction transaction, BoundarySet boundaries) {
        for (Branch branch : transaction.branches()) {
            if (branch.commitInside(boundaries.boundary(branch.shardIndex)) != null) {
                return true;
            }
        }
        return false;
    }

    /** A boundary that was lowered out of what was read needs more; answers whether any was. */
    private boolean neededBelow(BoundarySet boundaries, int[] first, int[] atLatest) {
        boolean below = false;
        for (int i = 0; i < first.length; i++) {
            int segment = Math.max(run[i], shards.get(i).segmentOf(boundaries.boundary(i)));
            if (segment < first[i]) {
                atLatest[i] = segment;
                below = true;
            }
        }
        return below;
    }

    /**
     * Moves the horizon to the ends of the branches of which several decision records may be: when they ended, and what else was prepared and decided under their numbers until then,
     * may tell. All shards are read on to the same time. Answers whether there was anything to read.
     */
    private boolean readOn(List<GlobalTransaction> transactions) {
        Set<String> doubtful = new HashSet<>();
        for (GlobalTransaction transaction : transactions) {
            if (!transaction.doubts().isEmpty()) {
                doubtful.add(transaction.name());
            }
        }
        long latest = Long.MIN_VALUE;
        boolean further = false;
        for (GlobalTransaction transaction : transactions) {
            for (Branch branch : transaction.branches()) {
                if (doubtful.contains(transaction.name()) && branch.decision() == null) {
                    ShardHistory shard = shards.get(branch.shardIndex);
                    int[] end = shard.endOfPrepared(branch.xid, horizon[branch.shardIndex] + 1);
                    if (end != null) {
                        latest = Math.max(latest, shard.time(end[0], end[1]).high());
                        further |= end[0] > horizon[branch.shardIndex];
                        horizon[branch.shardIndex] = Math.max(horizon[branch.shardIndex], end[0]);
                    }
                }
            }
        }
        for (int i = 0; further && i < run.length; i++) {
            int covering = shards.get(i).coveringSegment(run[i], latest + 2 * epsilon);
            horizon[i] = Math.max(horizon[i], covering < 0 ? shards.get(i).runEnd(run[i]) : covering);
        }
        return further;
    }

    /** Why the cut cannot be vouched for although all that is known has been read. */
    private @Nullable Unreachable doubtful(
            List<GlobalTransaction> transactions, BranchTable table, BoundarySet boundaries) {
        for (int i = 0; i < run.length; i++) {
            if (boundaries.boundary(i).isBefore(shards.get(i).segment(run[i]).start())) {
                return BeforeWindow.of(
                        history,
                        moment,
                        "the cut would lie before the chronicle of shard '" + shards.get(i).shard + "' begins");
            }
        }
        if (request.grade() == Grade.SHARD) {
            return null;
        }
        Unreachable recurring = rules.refusesWhatIsUncertain()
                ? new RecurringNumbers(history, shards, run).refusal(transactions, boundaries, epsilon)
                : null;
        return recurring != null
                ? recurring
                : new BeforeChronicles(history, rules, shards, run, epsilon).refusal(transactions, table, boundaries);
    }
}
