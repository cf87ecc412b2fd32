package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * One shard of a simulated cluster: how its clock runs, when its capture cut segments, and which events it would have written. The reference clock is real time.
 *
 * @param index of the shard
 * @param skew offset of its clock at the beginning, microseconds
 * @param driftPpm how its clock drifts
 * @param steps jumps of its clock: real time and size
 * @param roundTrip of a clock probe, microseconds
 * @param readAt where in the round trip the server reads its clock, 0 to 1: all of the probe's uncertainty
 * @param joined when it became a member of the cluster
 * @param left when it ceased to be one; {@link SimulatedTransaction#NEVER} if it stays
 * @param connected when its capture connected for the first time; what was written before was waiting
 * @param cuts real times at which segments were cut
 */
record SimulatedShard(
        int index,
        long skew,
        int driftPpm,
        List<Step> steps,
        long roundTrip,
        double readAt,
        long joined,
        long left,
        long connected,
        List<Cutting> cuts) {
    record Step(long at, long size) {}

    /**
     * A segment is cut.
     *
     * @param at real time
     * @param arrivedUntil everything written until then has arrived
     * @param safe whether a safe point is known
     */
    record Cutting(long at, long arrivedUntil, boolean safe) {}

    /** An event with the truth about it. */
    record Truth(
            SimulatedTransaction transaction, SimulatedBranch branch, Event event, long writtenAt, long stampedAt) {}

    static final Lsn BEGIN = new Lsn(0x1000000);

    String name() {
        return "s" + index;
    }

    /** Whether it is a member all that time. */
    boolean alive(long from, long to) {
        return joined <= from && to < left;
    }

    long clock(long real) {
        long clock = real + skew + real * driftPpm / 1_000_000;
        for (Step step : steps) {
            clock += step.at <= real ? step.size : 0;
        }
        return clock;
    }

    private record Moment(SimulatedTransaction transaction, SimulatedBranch branch, boolean prepare) {
        long writtenAt() {
            return prepare ? branch.preparedAt() : branch.endedAt();
        }
    }

    /** The shard's events in the order of its log. */
    List<Truth> events(Collection<SimulatedTransaction> transactions) {
        List<Moment> moments = new ArrayList<>();
        for (SimulatedTransaction transaction : transactions) {
            for (SimulatedBranch branch : transaction.branches()) {
                if (branch.shard() == index) {
                    if (branch.preparedAt() != SimulatedTransaction.NEVER) {
                        moments.add(new Moment(transaction, branch, true));
                    }
                    if (branch.endedAt() != SimulatedTransaction.NEVER) {
                        moments.add(new Moment(transaction, branch, false));
                    }
                }
            }
        }
        moments.sort(Comparator.comparingLong(Moment::writtenAt).thenComparingInt(m -> m.transaction.id()));
        List<Truth> truths = new ArrayList<>();
        Lsn at = BEGIN;
        for (Moment moment : moments) {
            truths.add(truth(moment, at));
            at = truths.getLast().event().end();
        }
        return truths;
    }

    private Truth truth(Moment moment, Lsn previousEnd) {
        int salt = moment.transaction.id() * 7 + moment.branch.number();
        Lsn before = previousEnd.plus(8L * (salt % 5));
        Lsn start = before.plus(salt % 11 == 0 ? 24 : 0);
        Lsn end = start.plus(40 + 8L * (salt % 7));
        boolean twoPhase = moment.branch.preparedAt() != SimulatedTransaction.NEVER;
        Event.Kind kind = moment.prepare
                ? Event.Kind.PREPARE
                : moment.branch.commits()
                        ? (twoPhase ? Event.Kind.COMMIT_PREPARED : Event.Kind.COMMIT)
                        : (twoPhase ? Event.Kind.ABORT_PREPARED : Event.Kind.ABORT);
        long stampedAt = moment.prepare ? moment.writtenAt() : moment.branch.stampedAt();
        Event event = new Event(
                kind,
                before,
                start,
                end,
                moment.transaction.xid(moment.branch),
                clock(stampedAt),
                twoPhase ? moment.transaction.gid(moment.branch) : null,
                5,
                List.of());
        return new Truth(moment.transaction, moment.branch, event, moment.writtenAt(), stampedAt);
    }
}
