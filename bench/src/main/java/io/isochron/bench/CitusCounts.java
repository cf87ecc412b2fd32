package io.isochron.bench;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often what a Citus-shaped load is for took place. */
final class CitusCounts {
    final LongAdder twoPhase = new LongAdder();
    final LongAdder severalOnOneNode = new LongAdder();
    final LongAdder goneBeforeCommit = new LongAdder();
    final LongAdder goneAfterCommit = new LongAdder();
    final LongAdder lostCommits = new LongAdder();
    final LongAdder aborted = new LongAdder();
    final LongAdder namesInUse = new LongAdder();
    final LongAdder recoveredByCommit = new LongAdder();
    final LongAdder recoveredByRollback = new LongAdder();
    final LongAdder restarts = new LongAdder();
    private final LongAdder branches = new LongAdder();
    private final LongAdder recurring = new LongAdder();
    private final Set<String> names = ConcurrentHashMap.newKeySet();

    void prepared(String gid) {
        branches.increment();
        if (!names.add(gid)) {
            recurring.increment();
        }
    }

    @Override
    public String toString() {
        return ("%d distributed transactions (%d with several branches on one node), %d branches, %d of them under a gid that had been used before, "
                        + "%d restarts of origins; origin gone before its commit %d, after it %d; COMMIT PREPARED lost %d; "
                        + "recovered by COMMIT PREPARED %d, by ROLLBACK PREPARED %d; aborted %d, %d of them because the gid was in use")
                .formatted(
                        twoPhase.sum(),
                        severalOnOneNode.sum(),
                        branches.sum(),
                        recurring.sum(),
                        restarts.sum(),
                        goneBeforeCommit.sum(),
                        goneAfterCommit.sum(),
                        lostCommits.sum(),
                        recoveredByCommit.sum(),
                        recoveredByRollback.sum(),
                        aborted.sum(),
                        namesInUse.sum());
    }
}
