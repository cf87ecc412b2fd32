package io.isochron.chronicle;

import static io.isochron.chronicle.Event.Kind.ABORT_PREPARED;
import static io.isochron.chronicle.Event.Kind.COMMIT;
import static io.isochron.chronicle.Event.Kind.COMMIT_PREPARED;
import static io.isochron.chronicle.Event.Kind.PREPARE;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Unreachable.Why;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Cuts of a cluster whose members change: a and b always, c until or from a moment; clocks are exact within 10 µs. */
class MembershipCutTest {
    private static final String X = "1_eA==_";
    private final Segments a = new Segments("a");
    private final Segments b = new Segments("b");
    private final Segments c = new Segments("c");

    private ClusterHistory members(double from, double to) {
        List<Segment> all = new ArrayList<>(a.all());
        all.addAll(b.all());
        return ClusterHistory.of(List.of("a", "b"), all)
                .during(from < 0 ? Long.MIN_VALUE : seconds(from), to < 0 ? Long.MAX_VALUE : seconds(to));
    }

    private static Solution solve(ClusterHistory history, Target target) {
        return new CutSolver(history, Dialect.anyOf(List.of(Dialect.xa(), Dialect.citus()))).solve(target);
    }

    private static Target at(double seconds) {
        return new Target.Time(ClusterHistory.instant(seconds(seconds)));
    }

    private static long seconds(double seconds) {
        return (long) (seconds * 1_000_000);
    }

    private void allCut(double... seconds) {
        for (double at : seconds) {
            a.cut(seconds(at));
            b.cut(seconds(at));
            c.cut(seconds(at));
        }
    }

    /** What c, a member until or from a moment, says to the cut of a and b. */
    private Optional<Unreachable> doubt(double moment, OtherShard other) {
        ClusterHistory history = members(-1, -1);
        Cut cut = (Cut) solve(history, at(moment));
        assertThat(OtherShards.matter(cut)).isTrue();
        return OtherShards.refusal(cut, history, Dialect.anyOf(List.of(Dialect.xa(), Dialect.citus())), List.of(other));
    }

    private OtherShard left(double at) {
        return new OtherShard("c", Long.MIN_VALUE, seconds(at), c.all());
    }

    private OtherShard joins(double at) {
        return new OtherShard("c", seconds(at), Long.MAX_VALUE, c.all());
    }

    @Test
    void momentsOfOtherMembersAreRefusedWithTheNearestOfTheirOwn() {
        a.event(COMMIT, 1, seconds(1), null);
        allCut(2, 4, 6, 8);
        ClusterHistory history = members(3, 5);
        assertThat(history.recoverableRanges()).singleElement().satisfies(range -> {
            assertThat(range.from()).isEqualTo(ClusterHistory.instant(seconds(3)));
            assertThat(range.to()).isEqualTo(ClusterHistory.instant(seconds(5) - 1));
        });
        assertThat(solve(history, at(3))).isInstanceOf(Cut.class);
        assertThat(solve(history, at(5))).isInstanceOfSatisfying(Unreachable.class, refused -> {
            assertThat(refused.why()).isEqualTo(Why.OTHER_MEMBERS);
            assertThat(refused.nearestBefore()).isEqualTo(ClusterHistory.instant(seconds(5) - 1));
            assertThat(refused.nearestAfter()).isNull();
        });
        assertThat(solve(history, at(2.9))).isInstanceOfSatisfying(Unreachable.class, refused -> {
            assertThat(refused.nearestBefore()).isNull();
            assertThat(refused.nearestAfter()).isEqualTo(ClusterHistory.instant(seconds(3)));
        });
    }

    @Test
    void theLatestMomentIsTheLastOneAtWhichTheyWereTheMembers() {
        allCut(2, 4, 6, 8);
        assertThat(solve(members(3, 5), new Target.Latest()))
                .isInstanceOfSatisfying(
                        Cut.class, cut -> assertThat(cut.momentMicros()).isEqualTo(seconds(5) - 1));
        assertThat(solve(members(9, -1), new Target.Latest()))
                .isInstanceOfSatisfying(
                        Unreachable.class, refused -> assertThat(refused.why()).isEqualTo(Why.OTHER_MEMBERS));
    }

    @Test
    void aTransactionOrPositionsOfATimeWithOtherMembersAreRefused() {
        a.event(COMMIT, 1, seconds(1), null);
        allCut(2);
        a.event(COMMIT, 2, seconds(4), null);
        allCut(5, 7);
        ClusterHistory history = members(3, -1);
        assertThat(solve(history, new Target.BeforeTransaction("a", 2))).isInstanceOf(Cut.class);
        assertThat(solve(history, new Target.BeforeTransaction("a", 1)))
                .isInstanceOfSatisfying(
                        Unreachable.class, refused -> assertThat(refused.why()).isEqualTo(Why.OTHER_MEMBERS));
        Target early = Target.Positions.of(Map.of("a", a.all().getFirst().end(), "b", b.position()));
        assertThat(solve(history, early))
                .isInstanceOfSatisfying(
                        Unreachable.class, refused -> assertThat(refused.why()).isEqualTo(Why.OTHER_MEMBERS));
    }

    @Test
    void aBranchWhoseOtherPartWasCommittedOnAShardThatLeftIsNotRolledBack() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        c.event(PREPARE, 9, seconds(1), X + "Mw==").event(COMMIT_PREPARED, 9, seconds(1.1), X + "Mw==");
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2))).hasValueSatisfying(refused -> {
            assertThat(refused.why()).isEqualTo(Why.IN_DOUBT_UNKNOWN);
            assertThat(refused.reason())
                    .contains("'" + X + "MQ=='")
                    .contains("shard 'c', which was not a member then, committed a part of it");
        });
    }

    @Test
    void aBranchWhoseOtherPartIsPreparedOnAnotherShardIsNotRolledBack() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        c.event(PREPARE, 9, seconds(1), X + "Mw==");
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2))).isPresent();
        assertThat(doubt(2.5, joins(3))).isPresent();
    }

    @Test
    void aBranchIsRolledBackIfItsOtherPartWas() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        c.event(PREPARE, 9, seconds(1), X + "Mw==").event(ABORT_PREPARED, 9, seconds(1.1), X + "Mw==");
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2))).isEmpty();
        assertThat(doubt(2.5, joins(3))).isEmpty();
    }

    @Test
    void aBranchWithoutAPartOnAnotherShardIsRolledBackAsEver() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        c.event(PREPARE, 9, seconds(1), "1_eQ==_MQ==").event(COMMIT_PREPARED, 9, seconds(1.1), "1_eQ==_MQ==");
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2))).isEmpty();
    }

    @Test
    void aBranchWhoseDecisionLiesOnAnOriginThatLeftIsNotRolledBack() {
        a.event(PREPARE, 1, seconds(1), "citus_7_70_1_1");
        c.decides(9, seconds(1.5), "citus_7_70_1_1");
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2)))
                .hasValueSatisfying(refused -> assertThat(refused.reason()).contains("has the decision to commit it"));
    }

    @Test
    void aBranchOlderThanTheEndOfAShardThatIsNotKnownUpToItsEndIsNotRolledBack() {
        a.event(PREPARE, 1, seconds(1.5), X + "MQ==");
        c.cut(seconds(1));
        for (double at : new double[] {2, 3, 4}) {
            a.cut(seconds(at));
            b.cut(seconds(at));
        }
        assertThat(doubt(2.5, left(2)))
                .hasValueSatisfying(
                        refused -> assertThat(refused.reason()).contains("is not known up to its end as a member"));
        // prepared when it was a member no longer: it cannot have a part of it
        assertThat(doubt(2.5, left(1.2))).isEmpty();
        assertThat(doubt(2.5, joins(3))).isEmpty();
    }

    @Test
    void aCommitOfAPreparedTransactionThatNobodyCanNameCountsAsOne() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        c.event(COMMIT_PREPARED, 9, seconds(1.1), null);
        allCut(2, 3, 4);
        assertThat(doubt(2.5, left(2))).isPresent();
    }

    @Test
    void aCutThatRollsNothingBackDoesNotDependOnOtherShards() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(2.8), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==").event(COMMIT_PREPARED, 7, seconds(1.2), X + "Mg==");
        c.event(PREPARE, 9, seconds(1), X + "Mw==");
        allCut(3, 4);
        ClusterHistory history = members(-1, -1);
        Cut cut = (Cut) solve(history, at(1.5));
        assertThat(OtherShards.matter(cut)).isFalse();
        assertThat(OtherShards.refusal(cut, history, Dialect.xa(), List.of(joins(3))))
                .isEmpty();
    }
}
