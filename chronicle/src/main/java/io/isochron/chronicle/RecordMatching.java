package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction.Cause;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Assigns the branches of one key to the decision records of that key. A coordinator counts from 1 again only after a restart, so transactions
 * of one key come strictly one after the other: all PREPAREs of a later one are written after the record of an earlier one, on every shard. A
 * record names each of its branches once. Within the uncertainty of the clocks several assignments may hold; what all of them agree on is
 * certain, the rest is told.
 */
final class RecordMatching {
    /** Assignments tried before everything that clocks alone leave open counts as open. */
    private static final int TRIES_MAX = 20_000;

    /** A branch without a record. */
    static final int NONE = -1;

    /** A decision record and the gids that it holds. */
    record Recorded(Branch record, Set<String> gids) {}

    /** Whether the records of a branch's origin are known for all the time since its PREPARE. */
    interface Coverage {
        /** Whether every record that may be that of the branch was read. */
        boolean covers(Branch branch);
    }

    private final CutRules rules;
    private final List<Recorded> records;
    /** By shard and PREPARE. */
    private final List<Branch> branches;
    /** For each branch the records it may have, ascending, and {@link #NONE} last if it may have none. */
    private final int[][] options;
    /** What must be found: a branch for each gid of a record, as indices of the branches that may be it. */
    private final List<Place> demanded = new ArrayList<>();

    private final int[] assigned;
    private final List<Set<Integer>> seen = new ArrayList<>();
    private int[] first = new int[0];
    private boolean solved;
    private int tries;

    private record Place(int record, List<Integer> branches) {}

    /**
     * @param records all of the key that were read
     * @param allKnownSince since when every shard's branches are known, reference time
     * @param allKnownUntil until when
     */
    RecordMatching(
            CutRules rules,
            Collection<Branch> branches,
            Collection<Recorded> records,
            long allKnownSince,
            long allKnownUntil,
            Coverage coverage) {
        this.rules = rules;
        Comparator<Recorded> byLog = Comparator.comparing(recorded -> recorded.record.prepareEnd);
        Comparator<Recorded> byTime = Comparator.comparingLong(recorded -> recorded.record.preparedMicros());
        boolean oneLog = records.stream()
                        .map(recorded -> recorded.record.shardIndex)
                        .distinct()
                        .count()
                == 1;
        this.records = records.stream()
                .sorted(oneLog ? byLog : byTime.thenComparing(byLog))
                .toList();
        this.branches = branches.stream()
                .sorted(Comparator.comparingInt((Branch branch) -> branch.shardIndex)
                        .thenComparing(branch -> branch.prepareEnd))
                .toList();
        this.options = new int[this.branches.size()][];
        this.assigned = new int[this.branches.size()];
        Map<List<Object>, List<Integer>> places = new HashMap<>();
        for (int b = 0; b < options.length; b++) {
            Branch branch = this.branches.get(b);
            seen.add(new HashSet<>());
            List<Integer> possible = new ArrayList<>();
            for (int r = 0; r < this.records.size(); r++) {
                if (possible(branch, r)) {
                    possible.add(r);
                    places.computeIfAbsent(List.of(r, branch.gid), k -> new ArrayList<>())
                            .add(b);
                }
            }
            if (possible.isEmpty() || branch.commit() == null || !coverage.covers(branch)) {
                possible.add(NONE);
            }
            options[b] = possible.stream().mapToInt(Integer::intValue).toArray();
        }
        places.forEach((place, of) -> {
            Corrected at = this.records.get((int) place.getFirst()).record.prepared;
            if (at != null && at.low() >= allKnownSince && at.high() <= allKnownUntil) {
                demanded.add(new Place((int) place.getFirst(), of));
            }
        });
        solve(0);
        if (!solved || tries > TRIES_MAX) {
            // What was read contradicts itself, or is too much: nothing is certain.
            for (int b = 0; b < options.length; b++) {
                Set<Integer> all = seen.get(b);
                Arrays.stream(options[b]).forEach(all::add);
                all.add(NONE);
            }
            first = solved
                    ? first
                    : Arrays.stream(options).mapToInt(option -> option[0]).toArray();
        }
    }

    /** Whether a record may be a branch's as far as these two and the record before it tell. */
    private boolean possible(Branch branch, int r) {
        Recorded recorded = records.get(r);
        return recorded.gids.contains(branch.gid)
                && rules.decides(recorded.record, branch)
                && (!branch.rolledBack() || !outside(recorded.record, branch))
                && (r == 0 || mayFollow(branch, records.get(r - 1).record));
    }

    /** Whether a branch may have been prepared after a record: it was not, for certain, before. */
    private static boolean mayFollow(Branch branch, Branch earlier) {
        if (branch.shardIndex == earlier.shardIndex) {
            return branch.prepareEnd.isAfter(earlier.prepareEnd);
        }
        Corrected prepared = branch.prepared;
        Corrected at = earlier.prepared;
        return prepared == null || at == null || prepared.high() >= at.low();
    }

    /** Whether a record's time surely lies outside the time in which a branch was open. */
    private static boolean outside(Branch record, Branch branch) {
        Corrected at = record.prepared;
        Corrected prepared = branch.prepared;
        Corrected decided = branch.decided();
        return at != null
                && ((prepared != null && prepared.low() > at.high()) || (decided != null && at.low() > decided.high()));
    }

    private void solve(int b) {
        if (tries++ > TRIES_MAX) {
            return;
        }
        if (b == assigned.length) {
            if (demanded.stream().allMatch(this::met)) {
                first = solved ? first : assigned.clone();
                solved = true;
                for (int i = 0; i < assigned.length; i++) {
                    seen.get(i).add(assigned[i]);
                }
            }
            return;
        }
        for (int option : options[b]) {
            if (fits(b, option)) {
                assigned[b] = option;
                solve(b + 1);
            }
        }
    }

    private boolean met(Place place) {
        for (int b : place.branches) {
            if (assigned[b] == place.record) {
                return true;
            }
        }
        return false;
    }

    /** Each gid once in a record; in one log PREPAREs go by records, and what was prepared after another's end has a later one. */
    private boolean fits(int b, int record) {
        if (record == NONE) {
            return true;
        }
        Branch branch = branches.get(b);
        for (int i = 0; i < b; i++) {
            Branch other = branches.get(i);
            if (assigned[i] == NONE) {
                continue;
            }
            Event end = other.decision();
            boolean twice = assigned[i] == record && other.gid.equals(branch.gid);
            boolean sameLog = other.shardIndex == branch.shardIndex;
            boolean ended = sameLog && end != null && end.end().isBefore(branch.prepareEnd);
            if (twice || (sameLog && (ended ? assigned[i] >= record : assigned[i] > record))) {
                return false;
            }
        }
        return true;
    }

    /** Why what is not certain is not. */
    Cause cause() {
        return tries > TRIES_MAX ? Cause.TOO_MANY : solved ? Cause.CLOCKS : Cause.CONTRADICTION;
    }

    /** All branches, by shard and PREPARE. */
    List<Branch> branches() {
        return branches;
    }

    /** All records, by time. */
    List<Recorded> records() {
        return records;
    }

    /** The record that a branch has in the first assignment that holds, or {@link #NONE}. */
    int chosen(int branch) {
        return first[branch];
    }

    /** All that a branch has in any assignment that holds; one element if it is certain. */
    Set<Integer> possible(int branch) {
        return seen.get(branch);
    }
}
