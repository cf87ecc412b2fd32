package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * The single rules of consistency.md that the solver applies, each in its own method so that the simulation can replace one by a wrong one
 * and must then find a wrong cut.
 */
class CutRules {
    /** Whether a commit lies after the moment. */
    boolean after(Event event, Corrected time, long momentMicros) {
        return time.micros() > momentMicros;
    }

    /** How far beyond the moment the events of all shards must be known. */
    long horizonMargin(long epsilonMicros) {
        return 2 * epsilonMicros;
    }

    /** Whether a branch is missing inside a boundary, so that its transaction must not be committed inside anywhere. */
    boolean missing(Branch branch, Lsn boundary) {
        return !branch.preparedInside(boundary);
    }

    /** Where the boundary goes when a commit is given up. */
    Lsn lowerTo(Event commit) {
        return commit.before();
    }

    /** Whether lowering a boundary makes the transactions be looked at again whose PREPARE fell out of it. */
    boolean repeats() {
        return true;
    }

    /** What becomes of a branch in doubt. */
    Decision.Action decide(Branch branch, boolean committedInside) {
        return committedInside ? Decision.Action.COMMIT : Decision.Action.ROLLBACK;
    }

    /** How far before the moment events must be read, given that a branch in doubt was prepared then. */
    long readFrom(long preparedMicros, long epsilonMicros) {
        return preparedMicros - 2 * epsilonMicros;
    }

    /** Whether prepared transactions carried forward by a segment are taken. */
    boolean carriesForward() {
        return true;
    }
}
