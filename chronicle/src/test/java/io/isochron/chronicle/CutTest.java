package io.isochron.chronicle;

import static io.isochron.chronicle.Event.Kind.ABORT;
import static io.isochron.chronicle.Event.Kind.ABORT_PREPARED;
import static io.isochron.chronicle.Event.Kind.COMMIT;
import static io.isochron.chronicle.Event.Kind.COMMIT_PREPARED;
import static io.isochron.chronicle.Event.Kind.PREPARE;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Unreachable.Why;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sentences of the specification, one by one; the clocks of both shards are exact within 10 µs. */
class CutTest {
    private static final String X = "1_eA==_";
    private Segments a = new Segments("a");
    private final Segments b = new Segments("b");

    private ClusterHistory history() {
        List<Segment> all = new ArrayList<>(a.all());
        all.addAll(b.all());
        return ClusterHistory.of(List.of("a", "b"), all);
    }

    private Solution solve(Target target) {
        return new CutSolver(history(), Dialect.xa()).solve(target);
    }

    private Cut cut(long micros) {
        return (Cut) solve(at(micros));
    }

    private Unreachable refused(long micros) {
        return (Unreachable) solve(at(micros));
    }

    private static Target at(long micros) {
        return new Target.Time(ClusterHistory.instant(micros));
    }

    private static long seconds(double seconds) {
        return (long) (seconds * 1_000_000);
    }

    private void bothCut(double... seconds) {
        for (double at : seconds) {
            a.cut(seconds(at));
            b.cut(seconds(at));
        }
    }

    @Test
    void whatWasWaitingWhenAChronicleBeganMayBeOfAnyAgeAndNoMomentBeforeItIsReachable() {
        a = Segments.ofUnknownAge("a");
        // as if 1 s ago by a clock that had stepped by then; the readings that capture made say nothing about it
        a.event(COMMIT, 1, seconds(0.5), null).event(PREPARE, 2, seconds(0.6), X + "MQ==");
        b.event(PREPARE, 3, seconds(0.6), X + "Mg==");
        bothCut(1);
        a.event(COMMIT, 4, seconds(1.5), null);
        bothCut(2, 3, 4);
        assertThat(history().corrected("a", a.all().getFirst().events().getFirst()))
                .satisfies(time -> assertThat(time.known()).isFalse())
                .satisfies(time -> assertThat(time.high()).isEqualTo(seconds(1)));
        assertThat(refused(seconds(0.7)).why()).isEqualTo(Why.BEFORE_WINDOW);
        assertThat(refused(seconds(0.7)).reason()).contains("begins (1970-01-01T00:00:01Z)");
        Unreachable before = (Unreachable) solve(new Target.BeforeTransaction("a", 1));
        assertThat(before.why()).isEqualTo(Why.BEFORE_WINDOW);
        assertThat(before.reason()).contains("had been committed when the clock", "before 1970-01-01T00:00:01Z");
        assertThat(solve(new Target.AfterTransaction("a", 1))).isInstanceOf(Unreachable.class);
        assertThat(solve(new Target.BeforeTransaction("a", 4))).isInstanceOfSatisfying(Unreachable.class, refused -> {
            assertThat(refused.why()).isEqualTo(Why.IN_DOUBT_UNKNOWN);
            assertThat(refused.reason()).contains("since before 1970-01-01T00:00:01Z");
        });
    }

    @Test
    void theBoundaryLiesJustBeforeTheFirstLaterCommitInLogOrder() {
        a.event(COMMIT, 1, seconds(1), null);
        Lsn expected = a.position();
        a.event(COMMIT, 2, seconds(3), null).event(COMMIT, 3, seconds(1.5), null);
        bothCut(4, 5);
        Cut cut = cut(seconds(2));
        ShardBoundary boundary = cut.boundary("a").orElseThrow();
        assertThat(boundary.lsn()).isEqualTo(expected);
        assertThat(boundary.lastInside().xid()).isEqualTo(1);
        assertThat(boundary.firstOutside().xid()).isEqualTo(2);
        assertThat(cut.grade()).isEqualTo(Grade.ATOMIC);
        assertThat(cut.lateCommits()).singleElement().satisfies(late -> {
            assertThat(late.event().xid()).isEqualTo(3);
            assertThat(late.why()).isEqualTo(LateCommit.Why.LOG_ORDER);
        });
    }

    @Test
    void abortsAndPreparesDoNotEndACut() {
        a.event(ABORT, 1, seconds(3), null).event(PREPARE, 2, seconds(3), X + "MQ==");
        Lsn expected = a.position();
        a.event(COMMIT, 3, seconds(3), null);
        bothCut(4);
        assertThat(cut(seconds(2)).boundary("a").orElseThrow().lsn()).isEqualTo(expected);
    }

    @Test
    void anIdleShardIsCutAtTheEndOfItsLastRecord() {
        a.event(COMMIT, 1, seconds(1), null);
        bothCut(2, 3, 4);
        assertThat(cut(seconds(2.5)).boundary("a").orElseThrow().lsn()).isEqualTo(a.position());
        assertThat(cut(seconds(2.5)).boundary("b").orElseThrow().lsn()).isEqualTo(b.position());
    }

    @Test
    void aBranchInDoubtIsCommittedIfAnotherIsCommittedInside() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(1.2), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==");
        bothCut(2);
        b.event(COMMIT_PREPARED, 7, seconds(2.8), X + "Mg==");
        bothCut(3);
        assertThat(cut(seconds(1.5)).decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.shard()).isEqualTo("b");
            assertThat(decision.xid()).isEqualTo(7);
            assertThat(decision.action()).isEqualTo(Decision.Action.COMMIT);
            assertThat(decision.reason()).contains("'a'");
        });
    }

    @Test
    void aBranchInDoubtIsRolledBackIfNoneIsCommittedInside() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(2.2), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==").event(COMMIT_PREPARED, 7, seconds(2.3), X + "Mg==");
        bothCut(3);
        assertThat(cut(seconds(2)).decisions())
                .hasSize(2)
                .allSatisfy(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK));
    }

    @Test
    void aBranchPreparedLongAgoIsDecidedByACommitLongAgo() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==").event(COMMIT_PREPARED, 7, seconds(1.1), X + "Mg==");
        for (int second = 2; second < 3600; second += 10) {
            bothCut(second);
        }
        assertThat(cut(seconds(3500)).decisions()).singleElement().satisfies(decision -> {
            assertThat(decision.shard()).isEqualTo("a");
            assertThat(decision.action()).isEqualTo(Decision.Action.COMMIT);
        });
    }

    @Test
    void aCommitIsGivenUpWhileABranchElsewhereIsNotPreparedInside() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==");
        Lsn lowered = a.position();
        a.event(COMMIT_PREPARED, 1, seconds(2) - 5, X + "MQ==").event(COMMIT, 2, seconds(2) - 4, null);
        b.event(COMMIT, 6, seconds(2) + 2, null).event(PREPARE, 7, seconds(2) + 3, X + "Mg==");
        b.event(COMMIT_PREPARED, 7, seconds(2) + 5, X + "Mg==");
        bothCut(3, 4);
        Cut cut = cut(seconds(2));
        ShardBoundary boundary = cut.boundary("a").orElseThrow();
        assertThat(boundary.lsn()).isEqualTo(lowered);
        assertThat(boundary.lowerings()).singleElement().satisfies(lowering -> {
            assertThat(lowering.missingShard()).isEqualTo("b");
            assertThat(lowering.gid()).isEqualTo(X + "MQ==");
            assertThat(lowering.byMicros()).isEqualTo(5);
        });
        assertThat(cut.lateCommits())
                .hasSize(2)
                .allSatisfy(late -> assertThat(late.why()).isEqualTo(LateCommit.Why.ATOMICITY));
        assertThat(cut.decisions())
                .singleElement()
                .satisfies(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK));
    }

    @Test
    void gradeShardLowersNothingAndSaysSo() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(2) - 5, X + "MQ==");
        b.event(COMMIT, 6, seconds(2) + 2, null).event(PREPARE, 7, seconds(2) + 3, X + "Mg==");
        bothCut(3, 4);
        Cut cut = (Cut) new CutSolver(history(), Dialect.xa()).solveEachShardByItself(at(seconds(2)));
        assertThat(cut.grade()).isEqualTo(Grade.SHARD);
        assertThat(cut.gradeReason()).contains("by name");
        assertThat(cut.boundary("a").orElseThrow().lowerings()).isEmpty();
    }

    @Test
    void aTransactionRolledBackOnOneShardAndCommittedOnAnotherIsTold() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(1.1), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==").event(ABORT_PREPARED, 7, seconds(1.2), X + "Mg==");
        bothCut(3, 4);
        assertThat(cut(seconds(2)).notes()).singleElement().asString().contains("torn in production");
    }

    @Test
    void unknownGidsStandAloneAndAreShown() {
        a.event(PREPARE, 1, seconds(1), "mine");
        bothCut(3);
        Cut cut = cut(seconds(2));
        assertThat(cut.unknownGids()).containsExactly("mine");
        assertThat(cut.decisions())
                .singleElement()
                .satisfies(decision -> assertThat(decision.reason()).contains("no known coordinator"));
    }

    @Test
    void beforeATransactionLeavesItOutOnEveryShardAndKeepsWhatThatShardsLogHasBefore() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT, 2, seconds(2) + 7, null);
        Lsn expected = a.position();
        a.event(COMMIT_PREPARED, 1, seconds(2), X + "MQ==");
        b.event(PREPARE, 7, seconds(1), X + "Mg==").event(COMMIT_PREPARED, 7, seconds(2.1), X + "Mg==");
        bothCut(3, 4);
        Cut cut = (Cut) solve(new Target.BeforeTransaction("b", 7));
        assertThat(cut.boundary("a").orElseThrow().lsn()).isEqualTo(expected);
        assertThat(cut.momentMicros()).isEqualTo(seconds(2) - 1);
        assertThat(cut.decisions())
                .hasSize(2)
                .allSatisfy(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK));
    }

    @Test
    void aPositionWithinARecordMeansTheBoundaryBeforeIt() {
        a.event(COMMIT, 1, seconds(1), null);
        Lsn boundary = a.position();
        a.event(COMMIT, 2, seconds(1.1), null);
        bothCut(3, 4);
        Cut cut = (Cut) solve(Target.Positions.of(Map.of("a", boundary.plus(24), "b", b.position())));
        assertThat(cut.boundary("a").orElseThrow().lsn()).isEqualTo(boundary);
        assertThat(solve(Target.Positions.of(Map.of("a", boundary))))
                .isInstanceOfSatisfying(
                        Unreachable.class, no -> assertThat(no.why()).isEqualTo(Why.UNKNOWN_TARGET));
    }

    @Test
    void anUnknownTransactionIsRefused() {
        bothCut(3, 4);
        assertThat(solve(new Target.BeforeTransaction("a", 99)))
                .isInstanceOfSatisfying(
                        Unreachable.class, no -> assertThat(no.why()).isEqualTo(Why.UNKNOWN_TARGET));
    }

    @Test
    void aMomentAfterTheSafeTimeIsRefusedWithTheNearestOneBefore() {
        bothCut(1, 2);
        a.cut(seconds(9));
        Unreachable refused = refused(seconds(5));
        assertThat(refused.why()).isEqualTo(Why.AFTER_SAFE_TIME);
        assertThat(refused.reason()).contains("'b'");
        long nearest = ClusterHistory.micros(refused.before().orElseThrow());
        assertThat(nearest).isBetween(seconds(1.85), seconds(1.9));
        assertThat(solve(at(nearest))).isInstanceOf(Cut.class);
        assertThat(solve(new Target.Latest())).isInstanceOf(Cut.class);
    }

    @Test
    void aMomentBeforeTheChronicleIsRefusedWithTheNearestOneAfter() {
        bothCut(1, 2, 3);
        Unreachable refused = refused(-seconds(5));
        assertThat(refused.why()).isEqualTo(Why.BEFORE_WINDOW);
        assertThat(solve(new Target.Time(refused.after().orElseThrow()))).isInstanceOf(Cut.class);
        assertThat(refused.message()).contains("\nhint: nearest reachable moments: ");
    }

    @Test
    void aMomentInAGapIsRefusedWithBothNeighbours() {
        bothCut(1, 2);
        a.gap(4096);
        bothCut(8, 9);
        Unreachable refused = refused(seconds(1.95));
        assertThat(refused.why()).isEqualTo(Why.GAP);
        assertThat(solve(new Target.Time(refused.before().orElseThrow()))).isInstanceOf(Cut.class);
        assertThat(solve(new Target.Time(refused.after().orElseThrow()))).isInstanceOf(Cut.class);
    }

    @Test
    void aShardOfWhichNothingIsKnownIsNamed() {
        a.cut(seconds(1));
        assertThat(refused(seconds(1)).why()).isEqualTo(Why.MISSING_SHARD);
        assertThat(refused(seconds(1)).reason()).contains("'b'");
    }

    @Test
    void theSafeTimeMovesOnAnIdleClusterAndStandsStillWithItsSlowestShard() {
        bothCut(1, 2);
        assertThat(history().safeTime()).contains(ClusterHistory.instant(seconds(1.9)));
        a.cut(seconds(3));
        assertThat(history().safeTime()).contains(ClusterHistory.instant(seconds(1.9)));
        assertThat(history().heldBackBy()).contains("b");
    }

    @Test
    void whatMayHaveBeenCommittedBehindTheLastReadingOfAClockIsUncertainUntilTheNextIsArchived() {
        bothCut(1, 2);
        a.event(COMMIT, 1, seconds(2.5), null);
        bothCut(3);
        Unreachable refused = refused(seconds(2.7));
        assertThat(refused.why()).isEqualTo(Why.AFTER_SAFE_TIME);
        assertThat(refused.reason()).contains("is not certain yet").contains("'a'");
        assertThat(refused.before())
                .get()
                .satisfies(
                        nearest -> assertThat(solve(new Target.Time(nearest))).isInstanceOf(Cut.class));
        assertThat(solve(new Target.BeforeTransaction("a", 1))).isInstanceOf(Unreachable.class);
        assertThat(solve(new Target.AfterTransaction("a", 1))).isInstanceOf(Unreachable.class);
        assertThat(history().safeTime()).contains(ClusterHistory.instant(seconds(2.9)));
        assertThat(history().latestMoment())
                .get()
                .satisfies(latest -> assertThat(latest)
                        .isBetween(ClusterHistory.instant(seconds(2.49)), ClusterHistory.instant(seconds(2.5))));
        assertThat(((Cut) solve(new Target.Latest())).moment())
                .isEqualTo(history().latestMoment().orElseThrow());

        bothCut(4);
        assertThat(cut(seconds(2.7)).boundary("a").orElseThrow().lsn()).isEqualTo(a.position());
        assertThat(cut(seconds(2.7)).epsilonMicros()).isLessThan(1000);
        assertThat(solve(new Target.BeforeTransaction("a", 1))).isInstanceOf(Cut.class);
        assertThat(solve(new Target.AfterTransaction("a", 1))).isInstanceOf(Cut.class);
        assertThat(history().latestMoment())
                .get()
                .satisfies(latest -> assertThat(latest)
                        .isBetween(ClusterHistory.instant(seconds(3.8)), ClusterHistory.instant(seconds(3.9))));
    }

    @Test
    void onlyWhatASnapshotCanRestoreIsReachable() {
        a.event(COMMIT, 1, seconds(1), null);
        bothCut(2);
        a.event(COMMIT, 2, seconds(2.5), null);
        Lsn stop = a.position();
        a.event(COMMIT, 3, seconds(3), null);
        bothCut(4, 5);
        List<Segment> all = new ArrayList<>(a.all());
        all.addAll(b.all());
        SnapshotPoint snapshot = new SnapshotPoint(
                "n1", Map.of("a", new Lsn(0x1000000), "b", new Lsn(0x1000000)), Map.of("a", stop, "b", b.position()));
        ClusterHistory history = ClusterHistory.of(List.of("a", "b"), all, List.of(snapshot));
        CutSolver solver = new CutSolver(history, Dialect.xa());
        assertThat(history.recoverableRanges()).singleElement().satisfies(range -> {
            assertThat(range.from()).isEqualTo(ClusterHistory.instant(seconds(2.5)));
            assertThat(solver.solve(new Target.Time(range.from()))).isInstanceOf(Cut.class);
            assertThat(solver.solve(new Target.Time(range.to()))).isInstanceOf(Cut.class);
        });
        Unreachable refused = (Unreachable) solver.solve(at(seconds(1.5)));
        assertThat(refused.why()).isEqualTo(Why.BEFORE_WINDOW);
        assertThat(refused.after()).contains(ClusterHistory.instant(seconds(2.5)));
        Cut cut = (Cut) solver.solve(at(seconds(2.6)));
        assertThat(history.usableSnapshots(cut)).containsExactly(snapshot);
    }

    @Test
    void aCertificateComesBackAsItWasAndItsIdFollowsItsContent() {
        a.event(PREPARE, 1, seconds(1), X + "MQ==").event(COMMIT_PREPARED, 1, seconds(2) - 5, X + "MQ==");
        b.event(COMMIT, 6, seconds(2) + 2, null)
                .event(PREPARE, 7, seconds(2) + 3, X + "Mg==")
                .event(PREPARE, 8, seconds(2), "mine");
        bothCut(3, 4);
        Certificate certificate = new Certificate("shop", cut(seconds(2)));
        assertThat(Certificate.fromJson(certificate.toJson())).isEqualTo(certificate);
        assertThat(certificate.id())
                .matches("cut-[0-9a-f]{32}")
                .isEqualTo(Certificate.fromJson(certificate.toJson()).id());
        assertThat(new Certificate("shop2", certificate.cut()).id()).isNotEqualTo(certificate.id());
        Certificate before = new Certificate("shop", (Cut) solve(new Target.BeforeTransaction("a", 1)));
        assertThat(Certificate.fromJson(before.toJson())).isEqualTo(before);
    }
}
