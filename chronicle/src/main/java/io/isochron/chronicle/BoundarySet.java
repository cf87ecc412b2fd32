package io.isochron.chronicle;

import io.isochron.chronicle.BranchTable.GlobalTransaction;
import io.isochron.wal.Lsn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The boundaries of all shards, and the loop that lowers them until every global transaction is in on all its shards or on none. */
final class BoundarySet {
    private final CutRules rules;
    private final long momentMicros;
    private final Lsn[] initial;
    private final Lsn[] boundary;
    private final List<List<Lowering>> lowerings = new ArrayList<>();
    /** Of every branch, once one fell out of a boundary that was lowered. */
    private @Nullable IdentityHashMap<Branch, GlobalTransaction> transactionOf;

    /** Those that moved a boundary. */
    private final Set<GlobalTransaction> forced = Collections.newSetFromMap(new IdentityHashMap<>());
    /** By shard, latest PREPARE first. */
    private final List<List<Branch>> byPrepare = new ArrayList<>();
    /** By shard, how many of {@link #byPrepare} are known to lie outside. */
    private final int[] outside;

    BoundarySet(CutRules rules, long momentMicros, Lsn[] initial) {
        this.rules = rules;
        this.momentMicros = momentMicros;
        this.initial = initial;
        this.boundary = initial.clone();
        this.outside = new int[initial.length];
        for (int i = 0; i < initial.length; i++) {
            lowerings.add(new ArrayList<>());
            byPrepare.add(new ArrayList<>());
        }
    }

    Lsn boundary(int shard) {
        return boundary[shard];
    }

    Lsn initial(int shard) {
        return initial[shard];
    }

    List<Lowering> lowerings(int shard) {
        return lowerings.get(shard);
    }

    boolean lowered() {
        return !Arrays.equals(initial, boundary);
    }

    /** Whether a transaction moved a boundary. */
    boolean forced(GlobalTransaction transaction) {
        return forced.contains(transaction);
    }

    /** Linear in the branches given: each falls out of its boundary at most once. */
    void lower(List<GlobalTransaction> transactions) {
        Deque<GlobalTransaction> queue = new ArrayDeque<>(transactions);
        for (GlobalTransaction transaction : transactions) {
            for (Branch branch : transaction.branches()) {
                byPrepare.get(branch.shardIndex).add(branch);
            }
        }
        byPrepare.parallelStream()
                .forEach(branches -> branches.sort(Comparator.comparing((Branch branch) -> branch.prepareEnd)
                        .reversed()));
        for (int i = 0; i < boundary.length; i++) {
            fallenOut(i);
        }
        for (GlobalTransaction next = queue.poll(); next != null; next = queue.poll()) {
            GlobalTransaction transaction = next;
            Branch missing = missing(transaction);
            if (missing == null) {
                continue;
            }
            for (Branch branch : transaction.branches()) {
                Event commit = branch.commitInside(boundary[branch.shardIndex]);
                if (commit != null && rules.demands(branch)) {
                    forced.add(transaction);
                    lower(branch, commit, missing);
                    List<Branch> out = fallenOut(branch.shardIndex);
                    if (rules.repeats()) {
                        out.forEach(fallen -> queue.add(transactionOf(fallen, transactions)));
                    }
                }
            }
        }
    }

    private GlobalTransaction transactionOf(Branch branch, List<GlobalTransaction> transactions) {
        IdentityHashMap<Branch, GlobalTransaction> known = transactionOf;
        if (known == null) {
            known = new IdentityHashMap<>();
            for (GlobalTransaction transaction : transactions) {
                for (Branch one : transaction.branches()) {
                    known.put(one, transaction);
                }
            }
            transactionOf = known;
        }
        return Objects.requireNonNull(known.get(branch));
    }

    private @Nullable Branch missing(GlobalTransaction transaction) {
        for (Branch branch : transaction.branches()) {
            if (rules.missing(branch, boundary[branch.shardIndex])) {
                return branch;
            }
        }
        return null;
    }

    private void lower(Branch branch, Event commit, Branch missing) {
        int shard = branch.shardIndex;
        Lsn from = boundary[shard];
        Lsn to = rules.lowerTo(commit);
        Corrected decided = branch.decided();
        long byMicros = decided == null ? 0 : Math.max(0, momentMicros - decided.micros());
        boundary[shard] = to;
        lowerings.get(shard).add(new Lowering(from, to, byMicros, branch.gid, branch.xid, missing.shard, missing.gid));
    }

    /** The branches whose PREPARE has come to lie outside since the last call. */
    private List<Branch> fallenOut(int shard) {
        List<Branch> branches = byPrepare.get(shard);
        int from = outside[shard];
        while (outside[shard] < branches.size() && !branches.get(outside[shard]).preparedInside(boundary[shard])) {
            outside[shard]++;
        }
        return branches.subList(from, outside[shard]);
    }
}
