package io.isochron.chronicle;

/** Finds the cut for a target. Give it a history and a dialect; it is a pure function of the two. */
@SuppressWarnings("DoNotCallSuggester")
public final class CutSolver {
    public CutSolver(ClusterHistory history, Dialect dialect) {
        java.util.Objects.requireNonNull(history);
        java.util.Objects.requireNonNull(dialect);
    }

    /** The cut of grade {@code atomic} (or {@code external} on a fence) for a target, or why there is none. */
    public Solution solve(Target target) {
        throw new UnsupportedOperationException();
    }

    /** The cut without any promise across shards, for those who ask for grade {@code shard} by name. */
    public Solution solveEachShardByItself(Target target) {
        throw new UnsupportedOperationException();
    }
}
