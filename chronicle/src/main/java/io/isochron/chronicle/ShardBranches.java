package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The branches and decision records of one shard in a stretch of its segments. Shards are read side by side, and joined in {@link BranchTable}. */
final class ShardBranches {
    private final Dialect dialect;
    private final CutRules rules;
    private final ShardHistory shard;
    private final int shardIndex;

    /** In LSN order of their appearance. */
    final List<Branch> all = new ArrayList<>();
    /** For each branch the key of its global transaction; null if it has none. */
    final List<@Nullable String> keys = new ArrayList<>();
    /** gids that the dialect does not know. */
    final List<String> unknownGids = new ArrayList<>();
    /** Decision records by the key that they decide. */
    final Map<String, List<RecordMatching.Recorded>> recordsByKey = new LinkedHashMap<>();

    private ShardBranches(Dialect dialect, CutRules rules, ShardHistory shard, int shardIndex) {
        this.dialect = dialect;
        this.rules = rules;
        this.shard = shard;
        this.shardIndex = shardIndex;
    }

    /**
     * What is to be read of a shard.
     *
     * @param first index of its first segment
     * @param last of its last one, of the same run
     */
    record Stretch(ShardHistory shard, int shardIndex, int first, int last) {}

    static ShardBranches read(Dialect dialect, CutRules rules, Stretch stretch) {
        ShardBranches read = new ShardBranches(dialect, rules, stretch.shard, stretch.shardIndex);
        read.read(stretch.first, stretch.last);
        return read;
    }

    private void read(int first, int last) {
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
                open.put(prepared.xid(), add(prepared.xid(), prepared.gid(), prepared.end(), at));
            }
        }
        for (int i = first; i <= last; i++) {
            SegmentEvents events = shard.events(i);
            for (int e = 0; e < events.size(); e++) {
                if (events.twoPhase(e)) {
                    take(events.get(e), shard.time(i, e), begin, open);
                }
            }
            if (!shard.segment(i).decisionRecords().isEmpty() && rules.readsDecisionRecords()) {
                records(i);
            }
        }
    }

    private void records(int segment) {
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

    private void take(Event event, Corrected at, Lsn begin, Map<Integer, Branch> open) {
        String gid = Optional.ofNullable(event.gid()).orElse("");
        if (event.kind() == Event.Kind.PREPARE) {
            open.put(event.xid(), add(event.xid(), gid, event.end(), at));
            return;
        }
        Branch branch = open.remove(event.xid());
        if (branch == null) {
            branch = add(event.xid(), gid, begin, null);
        }
        branch.decide(event, at);
    }

    private Branch add(int xid, String gid, Lsn prepareEnd, @Nullable Corrected at) {
        Optional<String> key = Dialects.isLogicalReplication(gid) ? Optional.empty() : dialect.globalTransaction(gid);
        Branch branch = new Branch(shard.shard, shardIndex, xid, gid, key.isPresent(), prepareEnd, at);
        if (key.isEmpty() && !Dialects.isLogicalReplication(gid)) {
            unknownGids.add(
                    gid.isEmpty()
                            ? "(unknown, transaction " + Integer.toUnsignedString(xid) + " of shard '" + shard.shard
                                    + "')"
                            : gid);
        }
        keys.add(key.map(known -> "k" + known).orElse(null));
        all.add(branch);
        return branch;
    }
}
