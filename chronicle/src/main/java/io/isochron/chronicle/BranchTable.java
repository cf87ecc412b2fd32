package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** Reads one shard's segments {@code first} to {@code last} of one run. */
    void read(ShardHistory shard, int shardIndex, int first, int last) {
        long since = first > shard.runStart(first) ? fromMicros : shard.runBeginMicros(first);
        allKnownSince = Math.max(allKnownSince, since);
        allKnownUntil = Math.min(allKnownUntil, shard.safeMicros(last));
        if (rules.readsDecisionRecords()) {
            shard.recordedGids.forEach(gid -> {
                origins.merge(origin(gid), since, Math::max);
                originsUntil.merge(origin(gid), shard.safeMicros(last), Math::min);
            });
        }
        Map<Integer, Branch> open = new HashMap<>();
        Lsn begin = shard.segment(first).start();
        boolean continued = first > shard.runStart(first);
        for (OpenPrepared prepared :
                shard.segment(continued ? first - 1 : first).openPrepared()) {
            // what the server was asked for when the chronicle began may have been prepared after its first byte
            if (rules.carriesForward()
                    && (continued
                            || (!prepared.end().isAfter(begin) && !preparedWithin(shard, prepared, first, last)))) {
                Corrected at = preparedAt(shard, first, prepared);
                open.put(prepared.xid(), add(shard, shardIndex, prepared.xid(), prepared.gid(), prepared.end(), at));
            }
        }
        for (int i = first; i <= last; i++) {
            SegmentEvents events = shard.events(i);
            for (int e = 0; e < events.size(); e++) {
                if (events.twoPhase(e)) {
                    take(shard, shardIndex, events.get(e), shard.time(i, e), begin, open);
                }
            }
            if (!shard.segment(i).decisionRecords().isEmpty() && rules.readsDecisionRecords()) {
                records(shard, shardIndex, i);
            }
        }
    }

    private void records(ShardHistory shard, int shardIndex, int segment) {
        List<Event> events = shard.segment(segment).events();
        int e = 0;
        for (RecordedGids recorded : shard.segment(segment).decisionRecords()) {
            while (!events.get(e).commits() || events.get(e).xid() != recorded.xid()) {
                e++;
            }
            Map<String, Branch> names = new LinkedHashMap<>();
            for (String gid : recorded.gids()) {
                Optional<String> key = dialect.globalTransaction(gid);
                if (key.isPresent() && dialect.recordsDecision(gid)) {
                    Event commit = events.get(e);
                    Corrected at = shard.time(segment, e);
                    names.computeIfAbsent(
                            "k" + key.get(), k -> Branch.ofRecord(shard.shard, shardIndex, key.get(), commit, at));
                }
            }
            names.forEach((key, record) -> recordsByKey
                    .computeIfAbsent(key, k -> new ArrayList<>())
                    .add(new RecordMatching.Recorded(record, Set.copyOf(recorded.gids()))));
        }
    }

    private static boolean preparedWithin(ShardHistory shard, OpenPrepared prepared, int first, int last) {
        for (int i = first; i <= last; i++) {
            for (Event event : shard.segment(i).events()) {
                if (event.kind() == Event.Kind.PREPARE
                        && event.xid() == prepared.xid()
                        && prepared.gid().equals(event.gid())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Corrected by the clock as it was where the PREPARE lies: it may have stepped since. Null if that is not known. */
    private static @Nullable Corrected preparedAt(ShardHistory shard, int first, OpenPrepared prepared) {
        int segment = shard.segmentOf(prepared.end());
        return segment < shard.runStart(first)
                        || !prepared.end().isAfter(shard.segment(segment).start())
                ? null
                : shard.clock.correct(segment, prepared.timeMicros());
    }

    private void take(
            ShardHistory shard, int shardIndex, Event event, Corrected at, Lsn begin, Map<Integer, Branch> open) {
        String gid = Optional.ofNullable(event.gid()).orElse("");
        if (event.kind() == Event.Kind.PREPARE) {
            open.put(event.xid(), add(shard, shardIndex, event.xid(), gid, event.end(), at));
            return;
        }
        Branch branch = open.remove(event.xid());
        if (branch == null) {
            branch = add(shard, shardIndex, event.xid(), gid, begin, null);
        }
        branch.decide(event, at);
    }

    private Branch add(
            ShardHistory shard, int shardIndex, int xid, String gid, Lsn prepareEnd, @Nullable Corrected at) {
        Optional<String> key = Dialects.isLogicalReplication(gid) ? Optional.empty() : dialect.globalTransaction(gid);
        Branch branch = new Branch(shard.shard, shardIndex, xid, gid, key.isPresent(), prepareEnd, at);
        if (key.isEmpty() && !Dialects.isLogicalReplication(gid)) {
            unknownGids.add(
                    gid.isEmpty()
                            ? "(unknown, transaction " + Integer.toUnsignedString(xid) + " of shard '" + shard.shard
                                    + "')"
                            : gid);
        }
        byKey.computeIfAbsent(
                        key.map(known -> "k" + known).orElseGet(() -> "s" + shardIndex + "/" + all.size()),
                        k -> new ArrayList<>())
                .add(branch);
        all.add(branch);
        return branch;
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
        List<GlobalTransaction> found = new ArrayList<>(byKey.size());
        byKey.forEach((key, branches) -> {
            Branch first = branches.getFirst();
            String name = first.known ? key.substring(1) : first.gid;
            BranchJoining joining = new BranchJoining(name, rules);
            if (!first.known || !dialect.recordsDecision(first.gid)) {
                found.addAll(joining.join(branches));
                return;
            }
            recorded = true;
            String origin = origin(first.gid);
            found.addAll(joining.join(
                    branches,
                    recordsByKey.getOrDefault(key, List.of()),
                    origins.containsKey(origin),
                    allKnownSince,
                    allKnownUntil,
                    branch -> covers(origin, branch)));
        });
        return found;
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
         */
        record Doubt(Branch branch, List<Branch> among, boolean none) {}
    }
}
