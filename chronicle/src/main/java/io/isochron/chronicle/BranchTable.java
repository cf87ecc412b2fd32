package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All branches that are open or decided in a stretch of every shard's segments, and the decision records there, joined to global
 * transactions.
 */
final class BranchTable {
    private final Dialect dialect;
    private final CutRules rules;
    private final Map<String, List<Branch>> byKey = new LinkedHashMap<>();
    private final Map<String, List<RecordMatching.Recorded>> recordsByKey = new HashMap<>();
    private final List<Branch> all = new ArrayList<>();
    private final long fromMicros;
    /** Nodes of which decision records are known, because they are among the shards: since when. */
    private final Map<String, Long> origins = new HashMap<>();
    /** The same nodes: until when. */
    private final Map<String, Long> originsUntil = new HashMap<>();
    /** Since when the branches of all shards are known. */
    private long allKnownSince = Long.MIN_VALUE;
    /** Until when they are. */
    private long allKnownUntil = Long.MAX_VALUE;

    private final TreeSet<String> unknownGids = new TreeSet<>();
    /** Whether a coordinator keeps records of any transaction here. */
    private boolean recorded;

    /** @param fromMicros since when all events of all shards will be read, where their runs go back so far */
    BranchTable(Dialect dialect, CutRules rules, long fromMicros) {
        this.dialect = dialect;
        this.rules = rules;
        this.fromMicros = fromMicros;
    }

    /** Reads stretches of the shards, in this order, on every core. */
    void read(List<ShardBranches.Stretch> stretches) {
        List<ShardBranches> read = stretches.parallelStream()
                .map(stretch -> ShardBranches.read(dialect, rules, stretch))
                .toList();
        for (int i = 0; i < read.size(); i++) {
            known(stretches.get(i));
            add(read.get(i));
        }
    }

    private void known(ShardBranches.Stretch stretch) {
        ShardHistory shard = stretch.shard();
        int first = stretch.first();
        int last = stretch.last();
        long since = first > shard.runStart(first) ? fromMicros : shard.runBeginMicros(first);
        allKnownSince = Math.max(allKnownSince, since);
        allKnownUntil = Math.min(allKnownUntil, shard.safeMicros(last));
        if (rules.readsDecisionRecords()) {
            shard.recordedGids.forEach(gid -> {
                origins.merge(origin(gid), since, Math::max);
                originsUntil.merge(origin(gid), shard.safeMicros(last), Math::min);
            });
        }
    }

    private void add(ShardBranches read) {
        for (int i = 0; i < read.all.size(); i++) {
            String key = read.keys.get(i);
            byKey.computeIfAbsent(key == null ? "s" + all.size() : key, k -> new ArrayList<>(2))
                    .add(read.all.get(i));
            all.add(read.all.get(i));
        }
        unknownGids.addAll(read.unknownGids);
        read.recordsByKey.forEach((key, records) ->
                recordsByKey.computeIfAbsent(key, k -> new ArrayList<>()).addAll(records));
    }

    /** All branches, by shard and then in LSN order of their appearance. */
    List<Branch> branches() {
        return all;
    }

    /** gids that the dialect does not know, sorted. */
    Collection<String> unknownGids() {
        return unknownGids;
    }

    /** The coordinators' decision records that were read. */
    List<Branch> records() {
        return recorded().stream().map(RecordMatching.Recorded::record).toList();
    }

    /** The same, with the gids that they decide. */
    List<RecordMatching.Recorded> recorded() {
        return recordsByKey.values().stream().flatMap(List::stream).toList();
    }

    /**
     * How far back one must read so that no branch is taken for that of another record than its own: to the PREPARE of every branch that a record
     * may decide, because its own may be an older one, and to the record, because its own branches may be others.
     *
     * @return the time since when all events of all shards were read, or an earlier one
     */
    long neededForRecords(long slackMicros) {
        long needed = fromMicros;
        for (Map.Entry<String, List<RecordMatching.Recorded>> entry : recordsByKey.entrySet()) {
            for (RecordMatching.Recorded recorded : entry.getValue()) {
                for (Branch branch : byKey.getOrDefault(entry.getKey(), List.of())) {
                    if (recorded.gids().contains(branch.gid) && rules.decides(recorded.record(), branch)) {
                        needed = Math.min(needed, since(recorded.record().prepared, slackMicros));
                        needed = Math.min(needed, since(branch.prepared, slackMicros));
                    }
                }
            }
        }
        return needed;
    }

    /** Whether {@link #transactions} may have come out otherwise if the same segments had been read as known since another moment: where decision records tell them apart. */
    boolean goesByTime() {
        return recorded || !recordsByKey.isEmpty();
    }

    private static long since(@Nullable Corrected at, long slackMicros) {
        return at == null ? Long.MIN_VALUE : at.low() - slackMicros;
    }

    /** The global transactions. */
    List<GlobalTransaction> transactions() {
        recorded |= byKey.values().stream()
                .map(List::getFirst)
                .anyMatch(first -> first.known && dialect.recordsDecision(first.gid));
        return List.copyOf(byKey.entrySet()).parallelStream()
                .map(entry -> joined(entry.getKey(), entry.getValue()))
                .flatMap(List::stream)
                .toList();
    }

    private List<GlobalTransaction> joined(String key, List<Branch> branches) {
        Branch first = branches.getFirst();
        BranchJoining joining = new BranchJoining(first.known ? key.substring(1) : first.gid, rules);
        if (!first.known || !dialect.recordsDecision(first.gid)) {
            return joining.join(branches);
        }
        String origin = origin(first.gid);
        return joining.join(
                branches,
                recordsByKey.getOrDefault(key, List.of()),
                origins.containsKey(origin),
                allKnownSince,
                allKnownUntil,
                branch -> covers(origin, branch));
    }

    /** Whether the origin's log was read from before the PREPARE to behind the end of a branch. */
    private boolean covers(String origin, Branch branch) {
        Long since = origins.get(origin);
        Long until = originsUntil.get(origin);
        Corrected prepared = branch.prepared;
        Corrected decided = branch.decided();
        return since != null
                && until != null
                && prepared != null
                && decided != null
                && prepared.low() >= since
                && decided.high() <= until;
    }

    /** The part of a gid that names the node that coordinates. */
    private static String origin(String gid) {
        int second = gid.indexOf('_', gid.indexOf('_') + 1);
        return second < 0 ? gid : gid.substring(0, second);
    }

    /**
     * Branches that stand or fall together.
     *
     * @param doubts which of the branches may belong elsewhere
     */
    record GlobalTransaction(String name, List<Branch> branches, List<Doubt> doubts) {
        /**
         * A branch that may have been decided by one of several commits, as far as clocks and logs tell.
         *
         * @param among decision records, or committed branches where no record is known
         * @param none whether it may also be of another transaction than all of these
         * @param cause why this is not known
         */
        record Doubt(Branch branch, List<Branch> among, boolean none, Cause cause) {}

        /** Why it is not known which commit decided a branch. */
        enum Cause {
            /** Clocks and logs allow for several. */
            CLOCKS("and clocks (± %d µs) do not tell which"),
            /** They allow for none. */
            CONTRADICTION(
                    "and what was read contradicts itself: no way of giving every branch its decision agrees with the logs and the clocks (± %d µs); it may be"),
            /** There are too many possibilities to try them all. */
            TOO_MANY(
                    "and there are more ways of giving every branch its decision, as clocks go (± %d µs), than are tried");

            /** What a message says of it, with a place for the uncertainty in microseconds. */
            final String text;

            Cause(String text) {
                this.text = text;
            }
        }
    }
}
