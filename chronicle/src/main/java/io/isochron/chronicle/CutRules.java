package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import org.jspecify.annotations.Nullable;

/**
 * The single rules of consistency.md that the solver applies, each in its own method so that the simulation can replace one by a wrong one
 * and must then find a wrong cut.
 */
class CutRules {
    /** Whether a time is placed by the last readings of its shard's clock although it may have been written after them. */
    boolean believesClocksThatAreNotReadAgain() {
        return false;
    }

    /** Whether WAL is taken to arrive no later than the readings that were made when it was written, however far capture lags. */
    boolean believesThatWalArrivesWithItsReadings() {
        return false;
    }

    /** Whether a clock that nobody read for a while, and that had jumped when it was read again, is taken to have jumped once. */
    boolean believesClocksThatJumpedUnread() {
        return false;
    }

    /** Whether the first readings of a clock are believed about what was found waiting when they were made, however old that is. */
    boolean believesFirstReadings() {
        return false;
    }

    /**
     * Whether a commit lies after the moment.
     *
     * @param shardMicros its time by its shard's clock
     * @param micros the same, corrected
     */
    boolean after(long shardMicros, long micros, long momentMicros) {
        return micros > momentMicros;
    }

    /** Where the boundary goes, given the first commit after the moment. */
    Lsn boundaryBefore(Event firstAfter) {
        return firstAfter.before();
    }

    /** Whether a shard must be known beyond the moment; its archive may end earlier than others'. */
    boolean needsHorizon() {
        return true;
    }

    /** Whether a branch's commit inside demands that the whole transaction is inside. */
    boolean demands(Branch branch) {
        return true;
    }

    /** The commit that a target before or after a transaction goes by, of all its parts by time. */
    CommittedTransaction.Part first(CommittedTransaction transaction, int namedXid) {
        return transaction.parts().getFirst();
    }

    /** Whether a cut before a transaction is refused that would commit it after all. */
    boolean refusesToCommitWhatIsLeftOut() {
        return true;
    }

    /** The boundary just before a transaction. */
    Lsn before(Event commit) {
        return commit.before();
    }

    /** The boundary just after a transaction. */
    Lsn after(Event commit) {
        return commit.end();
    }

    /** Whether one key may name several transactions, one after the other. */
    boolean tellsRecurrencesApart() {
        return true;
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

    /** How far back events must be read because of a branch or record that is not committed inside. */
    final long readFrom(Branch branch, long epsilonMicros) {
        Corrected prepared = branch.prepared;
        return prepared == null ? Long.MIN_VALUE : readFrom(prepared.low(), epsilonMicros);
    }

    /** Whether a fence holds only if every shard has its mark. */
    boolean needsEveryMark() {
        return true;
    }

    /**
     * The last record boundary that is known not to lie behind a position of a segment. What it leaves out are records behind the last decision
     * before the position: of transactions that were open there. Null if none is known.
     */
    @Nullable
    Lsn atOrBefore(ShardHistory shard, int segment, Lsn asked) {
        return shard.boundaryAtOrBefore(segment, asked);
    }

    /** Whether a coordinator's decision records are taken. */
    boolean readsDecisionRecords() {
        return true;
    }

    /** Whether a decision record may be that of a branch: it was committed while the branch was open, as far as clocks tell. */
    boolean decides(Branch record, Branch branch) {
        Corrected at = record.prepared;
        Corrected prepared = branch.prepared;
        Corrected decided = branch.decided();
        if (at == null) {
            return false;
        }
        Event recordCommit = record.decision();
        if (recordCommit != null && record.shardIndex == branch.shardIndex) {
            Event decision = branch.decision();
            return branch.preparedInside(recordCommit.start())
                    && (decision == null || !decision.inside(recordCommit.start()));
        }
        return (prepared == null || prepared.low() <= at.high()) && (decided == null || decided.high() >= at.low());
    }

    /** Whether a cut is refused that would be another one if a branch belonged to another decision record that it may have as well. */
    boolean refusesWhatIsUncertain() {
        return true;
    }

    /** Whether prepared transactions carried forward by a segment are taken. */
    boolean carriesForward() {
        return true;
    }
}
