package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All branches that are open or decided in a stretch of every shard's segments, joined to global transactions.
 *
 * <p>A key may recur over time (a coordinator that counts from 1 again, a client that reuses its gids). Where one gid was prepared twice on
 * one shard, the branches of that key are told apart by time: all PREPAREs of a transaction precede its first COMMIT PREPARED.
 */
final class BranchTable {
    private final Dialect dialect;
    private final boolean carriesForward;
    private final Map<String, List<Branch>> byKey = new LinkedHashMap<>();
    private final List<Branch> all = new ArrayList<>();
    private final TreeSet<String> unknownGids = new TreeSet<>();

    /** @param carriesForward whether transactions that a segment carries forward are taken; a reader could not start anywhere otherwise */
    BranchTable(Dialect dialect, boolean carriesForward) {
        this.dialect = dialect;
        this.carriesForward = carriesForward;
    }

    /** Reads one shard's segments {@code first} to {@code last} of one run. */
    void read(ShardHistory shard, int shardIndex, int first, int last) {
        Map<Integer, Branch> open = new HashMap<>();
        Lsn begin = shard.segment(first).start();
        boolean continued = first > shard.runStart(first);
        for (OpenPrepared prepared :
                shard.segment(continued ? first - 1 : first).openPrepared()) {
            // what the server was asked for when the chronicle began may have been prepared after its first byte
            if (carriesForward
                    && (continued
                            || (!prepared.end().isAfter(begin) && !preparedWithin(shard, prepared, first, last)))) {
                Corrected at = preparedAt(shard, first, prepared);
                open.put(prepared.xid(), add(shard, shardIndex, prepared.xid(), prepared.gid(), prepared.end(), at));
            }
        }
        for (int i = first; i <= last; i++) {
            List<Event> events = shard.segment(i).events();
            for (int e = 0; e < events.size(); e++) {
                Event event = events.get(e);
                if (event.twoPhase()) {
                    take(shard, shardIndex, event, shard.time(i, e), begin, open);
                }
            }
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

    /**
     * The global transactions.
     *
     * @param slackMicros how far corrected times of two shards may contradict their order
     */
    List<GlobalTransaction> transactions(long slackMicros) {
        List<GlobalTransaction> found = new ArrayList<>(byKey.size());
        byKey.forEach((key, branches) -> {
            String name = branches.getFirst().known ? key.substring(1) : branches.getFirst().gid;
            if (recurs(branches)) {
                split(branches, slackMicros).forEach(part -> found.add(new GlobalTransaction(name, part)));
            } else {
                found.add(new GlobalTransaction(name, branches));
            }
        });
        return found;
    }

    private record Place(int shardIndex, String gid) {}

    private static boolean recurs(List<Branch> branches) {
        if (branches.size() == 1) {
            return false;
        }
        Set<Place> seen = new HashSet<>();
        return branches.stream().anyMatch(branch -> !seen.add(new Place(branch.shardIndex, branch.gid)));
    }

    private static List<List<Branch>> split(List<Branch> branches, long slackMicros) {
        List<List<Branch>> parts = new ArrayList<>();
        List<Branch> ordered = new ArrayList<>();
        for (Branch branch : branches) {
            if (branch.rolledBack()) {
                // Tried again under the same gid: what became of the others was decided by the later try.
                parts.add(List.of(branch));
            } else {
                ordered.add(branch);
            }
        }
        ordered.sort(Comparator.comparingLong(Branch::preparedMicros));
        List<Branch> current = new ArrayList<>();
        Set<Place> places = new HashSet<>();
        long firstCommit = Long.MAX_VALUE;
        for (Branch branch : ordered) {
            boolean another = !places.add(new Place(branch.shardIndex, branch.gid));
            if (another || branch.preparedMicros() > addSaturated(firstCommit, slackMicros)) {
                parts.add(current);
                current = new ArrayList<>();
                places = new HashSet<>(Set.of(new Place(branch.shardIndex, branch.gid)));
                firstCommit = Long.MAX_VALUE;
            }
            current.add(branch);
            Corrected decided = branch.decided();
            if (branch.commit() != null && decided != null) {
                firstCommit = Math.min(firstCommit, decided.micros());
            }
        }
        if (!current.isEmpty()) {
            parts.add(current);
        }
        return parts;
    }

    private static long addSaturated(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    /** Branches that stand or fall together. */
    record GlobalTransaction(String name, List<Branch> branches) {}
}
