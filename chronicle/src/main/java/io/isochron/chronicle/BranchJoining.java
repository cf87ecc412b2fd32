package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells the global transactions of one key apart. A key may recur over time (a coordinator that counts from 1 again, a client that reuses
 * its gids); all PREPAREs of one transaction precede its decision, and the decision precedes its first COMMIT PREPARED.
 */
final class BranchJoining {
    private record Place(int shardIndex, String gid) {
        static Place of(Branch branch) {
            return new Place(branch.shardIndex, branch.gid);
        }
    }

    /** A decision record and the gids that it holds. */
    record Recorded(Branch record, Set<String> gids) {}

    private final String name;
    private final long slackMicros;
    private final CutRules rules;

    /** @param slackMicros how far corrected times of two shards may contradict their order */
    BranchJoining(String name, long slackMicros, CutRules rules) {
        this.name = name;
        this.slackMicros = slackMicros;
        this.rules = rules;
    }

    /** Without decision records: only where one gid was prepared twice on one shard is the key known to have recurred. */
    List<GlobalTransaction> join(List<Branch> branches) {
        if (!recurs(branches) || !rules.tellsRecurrencesApart()) {
            return List.of(new GlobalTransaction(name, branches));
        }
        return named(split(branches));
    }

    /**
     * With decision records: a branch belongs to the first record with its gid that was committed while it was open. No later one can be its own,
     * because a gid recurs only when the branch that had it before is gone. Shards are gone through in the order of their logs, those whose clocks
     * are known best first. What is left belongs together by time.
     *
     * @param branches all of the key
     * @param records the records that name branches of the key
     * @param recordsKnown whether the origin's records are known, so that a branch without one is committed nowhere, or was long ago everywhere
     */
    List<GlobalTransaction> join(List<Branch> branches, List<Recorded> records, boolean recordsKnown) {
        if (!rules.tellsRecurrencesApart()) {
            List<Branch> all =
                    new ArrayList<>(records.stream().map(Recorded::record).toList());
            all.addAll(branches);
            return named(List.of(all));
        }
        List<Recorded> inOrder = new ArrayList<>(records);
        inOrder.sort(Comparator.comparingLong(recorded -> recorded.record.preparedMicros()));
        List<List<Branch>> parts = new ArrayList<>();
        inOrder.forEach(recorded -> parts.add(new ArrayList<>(List.of(recorded.record))));
        Set<Branch> left = new HashSet<>(branches);
        List<Branch> surestFirst = new ArrayList<>(branches);
        Map<Integer, Long> uncertainty = new HashMap<>();
        branches.forEach(branch -> uncertainty.merge(branch.shardIndex, uncertainty(branch, inOrder), Math::max));
        surestFirst.sort(Comparator.comparing(Branch::rolledBack)
                .thenComparing(branch -> uncertainty.getOrDefault(branch.shardIndex, 0L))
                .thenComparingInt(branch -> branch.shardIndex)
                .thenComparing(branch -> branch.prepareEnd));
        for (Branch branch : surestFirst) {
            for (int r = 0; r < inOrder.size(); r++) {
                Recorded recorded = inOrder.get(r);
                if (recorded.gids.contains(branch.gid) && belongs(recorded.record, branch) && fits(branch, r, parts)) {
                    parts.get(r).add(branch);
                    left.remove(branch);
                    break;
                }
            }
        }
        parts.removeIf(part -> part.size() == 1);
        List<Branch> without = branches.stream().filter(left::contains).toList();
        parts.addAll(recordsKnown ? without.stream().map(List::of).toList() : split(without));
        return named(parts);
    }

    /** A branch that was rolled back has no record, unless somebody rolled it back against the decision. */
    private boolean belongs(Branch record, Branch branch) {
        return rules.decides(record, branch) && (!branch.rolledBack() || contradiction(record, branch) == 0);
    }

    /** How well a branch can be placed among the records: exactly, if one lies in the same log. */
    private static long uncertainty(Branch branch, List<Recorded> records) {
        Corrected prepared = branch.prepared;
        return prepared == null
                        || records.stream().anyMatch(recorded -> recorded.record.shardIndex == branch.shardIndex)
                ? 0
                : prepared.uncertaintyMicros();
    }

    /**
     * Whether a branch may go to a record, given where others went: each gid once, and in one shard's log a branch prepared after another was
     * committed belongs to a later record.
     */
    private static boolean fits(Branch branch, int record, List<List<Branch>> parts) {
        for (int r = 0; r < parts.size(); r++) {
            for (Branch other : parts.get(r)) {
                if (other.record) {
                    continue;
                }
                boolean twice = r == record && other.gid.equals(branch.gid);
                boolean tooEarly = r >= record && precedes(other, branch);
                boolean tooLate = r <= record && precedes(branch, other);
                if (twice || tooEarly || tooLate) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean precedes(Branch first, Branch second) {
        Event commit = first.commit();
        return commit != null
                && first.shardIndex == second.shardIndex
                && commit.end().isBefore(second.prepareEnd);
    }

    private List<GlobalTransaction> named(List<List<Branch>> parts) {
        return parts.stream().map(part -> new GlobalTransaction(name, part)).toList();
    }

    /** How far a record's time lies outside the time in which a branch was open. */
    private static long contradiction(Branch record, Branch branch) {
        long at = record.preparedMicros();
        Corrected decided = branch.decided();
        return Math.max(
                branch.prepared == null ? 0 : Math.max(0, branch.prepared.micros() - at),
                decided == null ? 0 : Math.max(0, at - decided.micros()));
    }

    private static boolean recurs(List<Branch> branches) {
        if (branches.size() == 1) {
            return false;
        }
        Set<Place> seen = new HashSet<>();
        return branches.stream().anyMatch(branch -> !seen.add(Place.of(branch)));
    }

    private List<List<Branch>> split(List<Branch> branches) {
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
            boolean another = !places.add(Place.of(branch));
            if (another || branch.preparedMicros() > addSaturated(firstCommit, slackMicros)) {
                parts.add(current);
                current = new ArrayList<>();
                places = new HashSet<>(Set.of(Place.of(branch)));
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
}
