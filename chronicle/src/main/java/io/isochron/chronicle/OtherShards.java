package io.isochron.chronicle;

import io.isochron.chronicle.Unreachable.Why;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks at shards that are no members at a cut's moment. A branch that a member holds prepared is rolled back if no member shows its commit; if its transaction has a part on another shard, that one's
 * commit, or its coordinator's record there, may be the decision. Such a cut is refused: what the cluster's clients were told is not what it would hold.
 */
public final class OtherShards {
    private final Cut cut;
    private final ClusterHistory history;
    private final Dialect dialect;

    private OtherShards(Cut cut, ClusterHistory history, Dialect dialect) {
        this.cut = cut;
        this.history = history;
        this.dialect = dialect;
    }

    /** Whether a cut depends on other shards at all: whether it rolls anything back. */
    public static boolean matter(Cut cut) {
        return cut.grade() != Grade.SHARD
                && cut.decisions().stream().anyMatch(decision -> decision.action() == Decision.Action.ROLLBACK);
    }

    /**
     * Why a cut cannot be vouched for; empty if nothing that is known of other shards speaks against it.
     *
     * @param history what the cut was computed from
     * @param others all shards that are no members at the cut's moment, with their segments over the same stretch of time
     */
    public static Optional<Unreachable> refusal(
            Cut cut, ClusterHistory history, Dialect dialect, List<OtherShard> others) {
        return matter(cut) ? new OtherShards(cut, history, dialect).refusal(others) : Optional.empty();
    }

    private Optional<Unreachable> refusal(List<OtherShard> others) {
        for (Decision decision : cut.decisions()) {
            if (decision.action() == Decision.Action.ROLLBACK) {
                for (OtherShard other : others) {
                    Optional<String> doubt = doubt(decision, other);
                    if (doubt.isPresent()) {
                        return Optional.of(unreachable(decision, other, doubt.get()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private Optional<String> doubt(Decision decision, OtherShard other) {
        boolean prepared = false;
        boolean rolledBack = false;
        for (Segment segment : other.segments()) {
            for (RecordedGids record : records(segment)) {
                if (record.gids().contains(decision.gid())) {
                    return Optional.of("has the decision to commit it");
                }
            }
            for (Event event : segment.events()) {
                String gid = event.gid();
                if (event.kind() == Event.Kind.COMMIT_PREPARED && (gid == null || same(gid, decision.gid()))) {
                    return Optional.of(
                            gid == null
                                    ? "committed a prepared transaction whose gid is not known at " + event.start()
                                    : "committed a part of it at " + event.start());
                }
                if (gid != null && same(gid, decision.gid())) {
                    prepared |= event.kind() == Event.Kind.PREPARE;
                    rolledBack |= event.kind() == Event.Kind.ABORT_PREPARED;
                }
            }
            prepared |= segment.openPrepared().stream().anyMatch(open -> same(open.gid(), decision.gid()));
        }
        if (prepared && !rolledBack) {
            return Optional.of("prepared a part of it, whose end is not known");
        }
        // the end of what is known of a shard that was a member when the branch was prepared
        return other.leftBefore(cut.momentMicros())
                        && preparedMicros(decision) < other.leftMicros()
                        && other.safeMicros() < other.leftMicros()
                ? Optional.of(
                        "is not known up to its end as a member (" + ClusterHistory.instant(other.leftMicros()) + ")")
                : Optional.empty();
    }

    private static List<RecordedGids> records(Segment segment) {
        List<RecordedGids> all = new ArrayList<>(segment.decisionRecords());
        all.addAll(segment.openDecisionRecords());
        return all;
    }

    private boolean same(String one, String other) {
        return one.equals(other)
                || dialect.globalTransaction(one)
                        .filter(key -> dialect.globalTransaction(other)
                                .filter(key::equals)
                                .isPresent())
                        .isPresent();
    }

    /** The earliest that a branch may have been prepared; {@code Long.MIN_VALUE} if that is not known. */
    private long preparedMicros(Decision decision) {
        for (Segment segment : history.segments(decision.shard())) {
            for (Event event : segment.events()) {
                if (event.kind() == Event.Kind.PREPARE && event.end().equals(decision.prepareEnd())) {
                    return history.corrected(decision.shard(), event).low();
                }
            }
        }
        return Long.MIN_VALUE;
    }

    private Unreachable unreachable(Decision decision, OtherShard other, String what) {
        return new Unreachable(
                Why.IN_DOUBT_UNKNOWN,
                "shard '" + decision.shard() + "' holds prepared transaction '" + decision.gid() + "' at "
                        + cut.moment() + ", and shard '" + other.shard() + "', which was not a member then, " + what
                        + ": whether it was committed cannot be told from the members",
                null,
                null);
    }
}
