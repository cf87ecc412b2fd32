package io.isochron.chronicle;

import static io.isochron.chronicle.Event.Kind.ABORT_PREPARED;
import static io.isochron.chronicle.Event.Kind.COMMIT;
import static io.isochron.chronicle.Event.Kind.COMMIT_PREPARED;
import static io.isochron.chronicle.Event.Kind.PREPARE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rules of a coordinator that records its decisions in a shard, and targets that name something; clocks are exact within 10 µs. */
class CitusCutTest {
    private static final String ONE = "citus_0_70_1_1";
    private static final String TWO = "citus_0_70_1_2";
    private final Segments origin = new Segments("o");
    private final Segments worker = new Segments("w");
    private final Segments other = new Segments("x");

    private Solution solve(Target target) {
        return solve(target, 0);
    }

    /** Without the first segments of the workers, nor the empty one before them. */
    private Solution solve(Target target, int forget) {
        int forgotten = forget == 0 ? 0 : forget + 1;
        List<Segment> all = new ArrayList<>(origin.all());
        List<String> names = new ArrayList<>(List.of("o", "w"));
        all.addAll(worker.all().subList(forgotten, worker.all().size()));
        if (!other.all().isEmpty()) {
            names.add("x");
            all.addAll(other.all().subList(forgotten, other.all().size()));
        }
        return new CutSolver(ClusterHistory.of(names, all), Dialect.citus()).solve(target);
    }

    private Cut cut(double seconds) {
        return (Cut) solve(new Target.Time(ClusterHistory.instant(micros(seconds))));
    }

    private static long micros(double seconds) {
        return (long) (seconds * 1_000_000);
    }

    private void bothCut(double... seconds) {
        for (double at : seconds) {
            origin.cut(micros(at));
            worker.cut(micros(at));
        }
    }

    @Test
    void branchesInDoubtAreCommittedIfTheDecisionIsInsideAndRolledBackIfItIsNot() {
        worker.event(PREPARE, 1, micros(1), ONE).event(PREPARE, 2, micros(1.1), TWO);
        origin.decides(9, micros(2), ONE, TWO);
        worker.event(COMMIT_PREPARED, 1, micros(3), ONE);
        bothCut(4, 5);
        assertThat(cut(2.5).decisions())
                .extracting(Decision::action)
                .containsExactly(Decision.Action.COMMIT, Decision.Action.COMMIT);
        assertThat(cut(2.5).decisions().getFirst().reason())
                .contains("decision record")
                .contains("shard 'o'");
        assertThat(cut(1.5).decisions())
                .extracting(Decision::action)
                .containsExactly(Decision.Action.ROLLBACK, Decision.Action.ROLLBACK);
        assertThat(cut(1.5).decisions().getFirst().reason()).contains("lies outside the cut");
    }

    @Test
    void aDecisionMadeLongBeforeTheMomentIsReadBackTo() {
        worker.event(PREPARE, 1, micros(1), ONE);
        origin.decides(9, micros(1.2), ONE);
        for (int i = 2; i < 30; i++) {
            origin.event(COMMIT, 100 + i, micros(i - 0.5), null);
            bothCut(i);
        }
        assertThat(cut(27).decisions())
                .singleElement()
                .satisfies(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.COMMIT));
    }

    @Test
    void theDecisionOfAnEarlierTransactionWithTheSameNumbersDoesNotCount() {
        worker.event(PREPARE, 1, micros(1), ONE);
        origin.decides(9, micros(1.5), ONE);
        worker.event(COMMIT_PREPARED, 1, micros(2), ONE).event(PREPARE, 2, micros(10), ONE);
        bothCut(12, 13);
        assertThat(cut(11).decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.xid()).isEqualTo(2);
            assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK);
        });
    }

    @Test
    void aBranchThatEndedJustBeforeItsNumbersRecurredKeepsItsOwnDecision() {
        worker.event(PREPARE, 1, micros(1), ONE);
        origin.decides(9, micros(1.2), ONE);
        for (int i = 2; i < 20; i++) {
            origin.event(COMMIT, 100 + i, micros(i - 0.5), null);
            bothCut(i);
        }
        // by the clocks it may still have been open when the later one was decided
        worker.event(COMMIT_PREPARED, 1, micros(20), ONE).event(PREPARE, 2, micros(20.000003), ONE);
        origin.decides(10, micros(20.000005), ONE);
        bothCut(22, 23);
        assertThat(cut(21).decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.xid()).isEqualTo(2);
            assertThat(decision.action()).isEqualTo(Decision.Action.COMMIT);
        });
    }

    @Test
    void aMomentIsRefusedForWhatItIsWhereWhatWasReadContradictsItself() {
        // both were committed, one after the other, and there is one decision for them
        worker.event(PREPARE, 1, micros(1), ONE).event(COMMIT_PREPARED, 1, micros(1) + 5, ONE);
        origin.decides(9, micros(1) + 7, ONE);
        worker.event(PREPARE, 2, micros(1) + 10, ONE).event(COMMIT_PREPARED, 2, micros(1.2), ONE);
        bothCut(2, 3, 4);
        assertThat(solve(new Target.Time(ClusterHistory.instant(micros(1.1)))))
                .isInstanceOfSatisfying(Unreachable.class, refused -> {
                    assertThat(refused.why()).isEqualTo(Why.IN_DOUBT_UNKNOWN);
                    assertThat(refused.reason()).contains("what was read contradicts itself", "on shard 'o'");
                });
    }

    @Test
    void aMomentIsRefusedForWhatItIsWhereThereAreTooManyWaysToGiveBranchesTheirDecisions() {
        // within the uncertainty of the clocks, half of these have a decision; every later one of those has a later one
        for (int i = 0; i < 24; i++) {
            worker.event(PREPARE, 100 + i, micros(1) + i / 2, ONE)
                    .event(ABORT_PREPARED, 100 + i, micros(1) + i / 2, ONE);
        }
        worker.event(PREPARE, 1, micros(1) + 12, ONE);
        for (int i = 0; i < 12; i++) {
            origin.decides(10 + i, micros(1) + i, ONE);
        }
        bothCut(2, 3, 4);
        assertThat(solve(new Target.Time(ClusterHistory.instant(micros(2.5)))))
                .isInstanceOfSatisfying(Unreachable.class, refused -> {
                    assertThat(refused.why()).isEqualTo(Why.IN_DOUBT_UNKNOWN);
                    assertThat(refused.reason())
                            .contains(
                                    "more ways of giving every branch its decision, as clocks go (± ", "on shard 'o'");
                });
    }

    @Test
    void aMomentIsRefusedAtWhichOneOfTwoBranchesOfTheSameNameIsDecidedAndNobodyKnowsWhich() {
        worker.event(PREPARE, 1, micros(2), ONE);
        origin.decides(9, micros(2.000002), ONE);
        // the numbers recur within the uncertainty of the clocks, and neither is seen to be committed
        other.event(PREPARE, 2, micros(2.000006), ONE);
        for (int i = 3; i < 7; i++) {
            bothCut(i);
            other.cut(micros(i));
        }
        assertThat(solve(new Target.Time(ClusterHistory.instant(micros(4)))))
                .isInstanceOfSatisfying(Unreachable.class, refused -> {
                    assertThat(refused.why()).isEqualTo(Unreachable.Why.IN_DOUBT_UNKNOWN);
                    assertThat(refused.reason())
                            .contains(ONE)
                            .contains("one or another commit")
                            .contains("shard 'o'");
                    assertThat(refused.before())
                            .hasValueSatisfying(before ->
                                    assertThat(solve(new Target.Time(before))).isInstanceOf(Cut.class));
                });
        assertThat(cut(1).decisions())
                .extracting(Decision::action)
                .containsExactly(Decision.Action.ROLLBACK, Decision.Action.ROLLBACK);
    }

    @Test
    void theOneOfTwoBranchesOfTheSameNameThatIsSeenToBeCommittedHasTheDecision() {
        worker.event(PREPARE, 1, micros(2), ONE);
        origin.decides(9, micros(2.000002), ONE);
        other.event(PREPARE, 2, micros(2.000006), ONE);
        worker.event(COMMIT_PREPARED, 1, micros(2.000004), ONE);
        for (int i = 3; i < 7; i++) {
            bothCut(i);
            other.cut(micros(i));
        }
        assertThat(cut(4).decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.xid()).isEqualTo(2);
            assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK);
        });
    }

    @Test
    void aBranchIsReadOnToItsEndWhereItMayHaveOneOfSeveralDecisions() {
        worker.event(PREPARE, 1, micros(2), ONE);
        origin.decides(9, micros(2.000002), ONE);
        other.event(PREPARE, 2, micros(2.000006), ONE);
        for (int i = 3; i < 20; i++) {
            if (i == 15) {
                assertThat(solve(new Target.Time(ClusterHistory.instant(micros(4)))))
                        .isInstanceOf(Unreachable.class);
                worker.event(COMMIT_PREPARED, 1, micros(14.5), ONE);
            }
            bothCut(i);
            other.cut(micros(i));
        }
        assertThat(cut(4).decisions())
                .extracting(Decision::xid, Decision::action)
                .containsExactly(tuple(1, Decision.Action.COMMIT), tuple(2, Decision.Action.ROLLBACK));
    }

    @Test
    void aDecisionOlderThanWhatIsKnownOfTheWorkersDoesNotCountForABranchOfUnknownAge() {
        other.event(PREPARE, 1, micros(1), ONE);
        origin.decides(9, micros(1.2), ONE);
        other.event(COMMIT_PREPARED, 1, micros(1.4), ONE);
        for (int i = 2; i < 12; i++) {
            if (i == 4) {
                worker.event(PREPARE, 2, micros(3.5), ONE);
            }
            bothCut(i);
            other.cut(micros(i));
        }
        Target target = new Target.Time(ClusterHistory.instant(micros(8)));
        assertThat(solve(target, 4))
                .isInstanceOfSatisfying(
                        Unreachable.class, refused -> assertThat(refused.why()).isEqualTo(Unreachable.Why.NOT_LOADED));
        assertThat(((Cut) solve(target)).decisions())
                .extracting(Decision::action)
                .containsExactly(Decision.Action.ROLLBACK);
    }

    @Test
    void aCommitPreparedInsideDemandsTheDecisionInside() {
        worker.event(PREPARE, 1, micros(1), ONE);
        Lsn before = worker.position();
        worker.event(COMMIT_PREPARED, 1, micros(2), ONE).event(COMMIT, 3, micros(2.1), null);
        // by the clocks the decision came later, which cannot be
        origin.decides(9, micros(2.000015), ONE);
        bothCut(4, 5);
        Cut cut = cut(2.000007);
        assertThat(cut.boundary("w").orElseThrow().lsn()).isEqualTo(before);
        assertThat(cut.decisions())
                .singleElement()
                .satisfies(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK));
    }

    @Test
    void theMomentsBesideATransactionAreThoseBesideItsDecision() {
        worker.event(PREPARE, 1, micros(1), ONE);
        origin.decides(9, micros(2), ONE);
        worker.event(COMMIT_PREPARED, 1, micros(3), ONE);
        bothCut(5, 6);
        Cut before = (Cut) solve(new Target.BeforeTransaction("w", 1));
        assertThat(before.decisions()).extracting(Decision::action).containsExactly(Decision.Action.ROLLBACK);
        Cut after = (Cut) solve(new Target.AfterTransaction("w", 1));
        assertThat(after.decisions()).extracting(Decision::action).containsExactly(Decision.Action.COMMIT);
        assertThat(after.boundary("o").orElseThrow().lastInside().xid()).isEqualTo(9);
    }

    @Test
    void aFenceIsACutOfGradeExternalIfEveryShardHasItsMark() {
        origin.event(COMMIT, 1, micros(1), null).fence(7, micros(1.5)).event(COMMIT, 2, micros(2), null);
        worker.event(COMMIT, 3, micros(1), null).fence(7, micros(1.5));
        origin.fence(8, micros(2.5));
        bothCut(4, 5);
        Cut cut = (Cut) solve(new Target.AtFence(7));
        assertThat(cut.grade()).isEqualTo(Grade.EXTERNAL);
        assertThat(cut.boundary("o").orElseThrow().firstOutside().xid()).isEqualTo(2);
        assertThat(solve(new Target.AtFence(8)))
                .isInstanceOfSatisfying(
                        Unreachable.class,
                        refused -> assertThat(refused.reason()).contains("no mark of shard 'w'"));
        assertThat(solve(new Target.FenceBefore(ClusterHistory.instant(micros(3)))))
                .isInstanceOfSatisfying(
                        Cut.class, found -> assertThat(found.target()).isEqualTo(new Target.AtFence(7)));
        assertThat(cut(3).notes()).singleElement().asString().contains("fence 7");
    }

    @Test
    void aFenceWhereTheSegmentsThatWereReadBeginIsRefusedBecauseThatMayBeWithinARecord() {
        worker.event(COMMIT, 3, micros(0.5), null);
        bothCut(1);
        origin.fence(7, micros(1.5));
        worker.fence(7, micros(1.5));
        bothCut(2);
        worker.event(COMMIT, 4, micros(3), null);
        bothCut(4, 5);
        assertThat(solve(new Target.AtFence(7))).isInstanceOf(Cut.class);
        assertThat(solve(new Target.AtFence(7), 1))
                .isInstanceOfSatisfying(
                        Unreachable.class,
                        refused -> assertThat(refused.reason()).contains("no record's end is known"));
    }

    @Test
    void positionsWithinARecordMeanTheBoundaryBefore() {
        origin.event(COMMIT, 1, micros(1), null);
        Lsn end = origin.position();
        origin.event(COMMIT, 2, micros(2), null);
        worker.event(COMMIT, 3, micros(1), null);
        bothCut(4, 5);
        Cut cut = (Cut) solve(Target.Positions.of(Map.of("o", end.plus(5), "w", worker.position())));
        assertThat(cut.boundary("o").orElseThrow().lsn()).isEqualTo(end);
    }
}
