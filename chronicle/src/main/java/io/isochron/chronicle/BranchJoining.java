package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.chronicle.RecordMatching.Recorded;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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

    private final String name;
    private final CutRules rules;

    BranchJoining(String name, CutRules rules) {
        this.name = name;
        this.rules = rules;
    }

    /** Without decision records: only where one gid was prepared twice on one shard is the key known to have recurred. */
    List<GlobalTransaction> join(List<Branch> branches) {
        if (!recurs(branches) || !rules.tellsRecurrencesApart()) {
            return List.of(new GlobalTransaction(name, branches, List.of()));
        }
        return named(split(branches));
    }

    /**
     * With decision records: as {@link RecordMatching} finds. What has no record is alone, unless records turn out to be unreadable.
     *
     * @param branches all of the key
     * @param records the records that name branches of the key
     * @param recordsKnown whether the origin's records are known, so that a branch without one is committed nowhere, or was long ago everywhere
     * @param allKnownSince since when every shard's branches are known, reference time
     * @param allKnownUntil until when
     */
    List<GlobalTransaction> join(
            List<Branch> branches,
            List<Recorded> records,
            boolean recordsKnown,
            long allKnownSince,
            long allKnownUntil,
            RecordMatching.Coverage coverage) {
        if (!rules.tellsRecurrencesApart()) {
            List<Branch> all =
                    new ArrayList<>(records.stream().map(Recorded::record).toList());
            all.addAll(branches);
            return named(List.of(all));
        }
        RecordMatching matching = new RecordMatching(rules, branches, records, allKnownSince, allKnownUntil, coverage);
        List<List<Branch>> parts = new ArrayList<>();
        List<List<GlobalTransaction.Doubt>> doubts = new ArrayList<>();
        for (Recorded recorded : matching.records()) {
            parts.add(new ArrayList<>(List.of(recorded.record())));
            doubts.add(new ArrayList<>());
        }
        List<Branch> without = new ArrayList<>();
        List<GlobalTransaction.Doubt> withoutDoubts = new ArrayList<>();
        for (int b = 0; b < matching.branches().size(); b++) {
            Branch branch = matching.branches().get(b);
            int chosen = matching.chosen(b);
            (chosen == RecordMatching.NONE ? without : parts.get(chosen)).add(branch);
            Set<Integer> possible = matching.possible(b);
            if (possible.size() > 1) {
                List<Branch> among = possible.stream()
                        .filter(r -> r != RecordMatching.NONE)
                        .map(r -> matching.records().get(r).record())
                        .toList();
                GlobalTransaction.Doubt doubt = new GlobalTransaction.Doubt(
                        branch, among, possible.contains(RecordMatching.NONE), matching.cause());
                possible.forEach(r -> (r == RecordMatching.NONE ? withoutDoubts : doubts.get(r)).add(doubt));
            }
        }
        List<GlobalTransaction> found = new ArrayList<>();
        for (int r = 0; r < parts.size(); r++) {
            if (parts.get(r).size() > 1) {
                found.add(new GlobalTransaction(name, parts.get(r), List.copyOf(doubts.get(r))));
            }
        }
        boolean recurring =
                without.stream().map(branch -> branch.gid).distinct().count() < without.size();
        for (List<Branch> part : withoutRecord(without, recordsKnown, coverage)) {
            List<GlobalTransaction.Doubt> own = withoutDoubts.stream()
                    .filter(doubt -> part.contains(doubt.branch()))
                    .collect(Collectors.toCollection(ArrayList::new));
            own.addAll(ofUnknownAge(part, recurring));
            found.add(new GlobalTransaction(name, part, own));
        }
        return found;
    }

    /** Branches that may be older or younger than a committed one that no record holds together with them. */
    private static List<GlobalTransaction.Doubt> ofUnknownAge(List<Branch> part, boolean recurring) {
        List<Branch> committed =
                part.stream().filter(branch -> branch.commit() != null).toList();
        return part.stream()
                .filter(branch ->
                        (recurring || branch.prepared == null) && branch.commit() == null && !committed.isEmpty())
                .map(branch -> new GlobalTransaction.Doubt(branch, committed, true, GlobalTransaction.Cause.CLOCKS))
                .toList();
    }

    /**
     * Where a branch was committed although all records of the time were read, its record has a form that cannot be read: then time tells. Else what has no
     * record is committed nowhere, or was so before what is known.
     */
    private List<List<Branch>> withoutRecord(
            List<Branch> without, boolean recordsKnown, RecordMatching.Coverage coverage) {
        boolean unreadable = without.stream().anyMatch(branch -> branch.commit() != null && coverage.covers(branch));
        if (recordsKnown && !unreadable) {
            return without.stream().map(List::of).toList();
        }
        return split(without);
    }

    private List<GlobalTransaction> named(List<List<Branch>> parts) {
        return parts.stream()
                .map(part -> new GlobalTransaction(name, part, List.of()))
                .toList();
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
            if (another
                    || lowMicros(branch) > firstCommit
                    || current.stream().anyMatch(other -> oneAfterTheOther(other, branch))) {
                parts.add(current);
                current = new ArrayList<>();
                places = new HashSet<>(Set.of(Place.of(branch)));
                firstCommit = Long.MAX_VALUE;
            }
            current.add(branch);
            Corrected decided = branch.decided();
            if (branch.commit() != null && decided != null) {
                firstCommit = Math.min(firstCommit, decided.high());
            }
        }
        if (!current.isEmpty()) {
            parts.add(current);
        }
        return parts;
    }

    /** Whether one of two branches was prepared after the other had been committed, by their log: clocks may not tell it. */
    private static boolean oneAfterTheOther(Branch one, Branch other) {
        return one.shardIndex == other.shardIndex
                && (committedBefore(one, other.prepareEnd) || committedBefore(other, one.prepareEnd));
    }

    private static boolean committedBefore(Branch branch, Lsn position) {
        Event commit = branch.commit();
        return commit != null && commit.end().isBefore(position);
    }

    /** When a branch was prepared at the earliest. */
    private static long lowMicros(Branch branch) {
        Corrected prepared = branch.prepared;
        return prepared == null ? Long.MIN_VALUE : prepared.low();
    }
}
