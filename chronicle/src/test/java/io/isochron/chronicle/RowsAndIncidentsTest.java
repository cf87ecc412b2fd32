package io.isochron.chronicle;

import static io.isochron.chronicle.Event.Kind.ABORT;
import static io.isochron.chronicle.Event.Kind.COMMIT;
import static io.isochron.chronicle.Event.Kind.COMMIT_PREPARED;
import static io.isochron.chronicle.Event.Kind.PREPARE;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.RowExpectation.NotComputable;
import io.isochron.chronicle.RowExpectation.Rows;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowsAndIncidentsTest {
    private static final RelationFile ORDERS = new RelationFile(1663, 5, 16401);
    private static final RelationFile ORDERS2 = new RelationFile(1663, 5, 16501);
    private static final RelationFile LOG = new RelationFile(1663, 5, 16402);
    private final Segments a = new Segments("a");
    private final Segments b = new Segments("b");

    private static RowCounts rows(int xid, RelationFile file, long inserted, long deleted) {
        return new RowCounts(xid, file, inserted, 0, deleted, 0);
    }

    private static RelationObservation name(RelationFile file, int oid, String name) {
        return new RelationObservation(new Lsn(1), 5, "shop", oid, "public", name, 'r', file, 0, true);
    }

    private ClusterHistory history() {
        List<Segment> all = new ArrayList<>(a.all());
        all.addAll(b.all());
        return ClusterHistory.of(List.of("a", "b"), all);
    }

    private RowExpectation expect(Lsn from, long count, RelationFile fileTo, Decision... decisions) {
        return RowExpectation.of(history(), "a", from, count, ORDERS, a.position(), fileTo, List.of(decisions));
    }

    @Test
    void committedRowsCountWheneverTheyWereLoggedAndOthersDoNot() {
        a.running(10)
                .rows(rows(10, ORDERS, 5, 0))
                .rows(rows(11, ORDERS, 100, 0))
                .event(COMMIT, 9, 1, null);
        Lsn from = a.position();
        a.cut(1_000_000);
        a.rows(rows(10, ORDERS, 2, 1)).rows(rows(12, ORDERS, 40, 0)).rows(rows(13, LOG, 7, 0));
        a.event(COMMIT, 10, 2, null, 12)
                .event(ABORT, 11, 3, null)
                .event(COMMIT, 13, 4, null)
                .cut(2_000_000);
        assertThat(expect(from, 1000, ORDERS)).isEqualTo(new Rows(1000 + 5 + 2 - 1 + 40));
    }

    @Test
    void aBranchDecidedToCommitCounts() {
        a.running(10).rows(rows(10, ORDERS, 5, 0)).event(PREPARE, 10, 1, "g").cut(1_000_000);
        Decision commit = new Decision("a", "g", 10, a.position(), Decision.Action.COMMIT, "");
        Decision rollback = new Decision("a", "g", 10, a.position(), Decision.Action.ROLLBACK, "");
        assertThat(expect(new Lsn(0x1000000), 1, ORDERS, commit)).isEqualTo(new Rows(6));
        assertThat(expect(new Lsn(0x1000000), 1, ORDERS, rollback)).isEqualTo(new Rows(1));
    }

    @Test
    void aTransactionThatMayBeOlderThanTheChronicleMakesItNotComputable() {
        a.running(10).event(COMMIT, 8, 1, null).cut(1_000_000);
        assertThat(expect(new Lsn(0x1000000), 1, ORDERS))
                .isInstanceOfSatisfying(
                        NotComputable.class, no -> assertThat(no.reason()).contains("transaction 8"));
    }

    @Test
    void aTruncatedTableCountsFromZero() {
        a.running(10).storage(StorageChange.Kind.CREATED, 10, ORDERS2).rows(rows(10, ORDERS2, 3, 0));
        a.event(COMMIT, 10, 1, null)
                .rows(rows(11, ORDERS2, 2, 0))
                .event(COMMIT, 11, 2, null)
                .cut(1_000_000);
        assertThat(expect(new Lsn(0x1000000), 99, ORDERS2)).isEqualTo(new Rows(5));
    }

    @Test
    void aRewriteOfOtherStorageThanTheCountedIsNotComputable() {
        a.running(10).storage(StorageChange.Kind.CREATED, 10, ORDERS2).rows(new RowCounts(10, ORDERS2, 0, 0, 0, 4));
        a.event(COMMIT, 10, 1, null)
                .rows(rows(11, ORDERS2, 2, 0))
                .event(COMMIT, 11, 2, null)
                .cut(1_000_000);
        assertThat(expect(new Lsn(0x1000000), 99, ORDERS2)).isInstanceOf(NotComputable.class);
    }

    @Test
    void aPlainRewriteKeepsItsRows() {
        a.running(10).storage(StorageChange.Kind.CREATED, 10, ORDERS2).rows(new RowCounts(10, ORDERS2, 0, 0, 0, 4));
        a.storage(StorageChange.Kind.DROPPED, 10, ORDERS);
        a.event(COMMIT, 10, 1, null)
                .rows(rows(11, ORDERS2, 2, 0))
                .event(COMMIT, 11, 2, null)
                .cut(1_000_000);
        assertThat(expect(new Lsn(0x1000000), 99, ORDERS2)).isEqualTo(new Rows(101));
    }

    @Test
    void aTransactionThatArrivedAfterItsCommitDidNotBeginAfterIt() {
        a.cut(1_000_000);
        a.rows(rows(10, ORDERS, 0, 5000)).event(COMMIT, 10, 950_000, null).cut(2_000_000);
        b.cut(2_000_000);
        assertThat(new IncidentFinder(history(), Dialect.xa())
                        .find(5)
                        .getFirst()
                        .parts())
                .singleElement()
                .satisfies(part -> {
                    assertThat(part.committed()).isEqualTo(ClusterHistory.instant(950_000));
                    assertThat(part.started()).isEqualTo(part.committed());
                });
    }

    @Test
    void theDeletionOnAllShardsRanksFirstAndIsOneIncident() {
        for (Segments shard : List.of(a, b)) {
            shard.observed(name(ORDERS, 16390, "orders")).observed(name(LOG, 16391, "log"));
            for (int xid = 10; xid < 60; xid++) {
                shard.rows(rows(xid, ORDERS, 50, 1))
                        .rows(rows(xid, LOG, 20, 18))
                        .event(COMMIT, xid, xid * 1000L, null);
            }
        }
        a.rows(rows(70, ORDERS, 0, 2000)).event(PREPARE, 70, 900_000, "1_eA==_MQ==");
        a.event(COMMIT_PREPARED, 70, 900_300, "1_eA==_MQ==").cut(2_000_000).cut(3_000_000);
        b.rows(rows(71, ORDERS, 0, 1900)).event(PREPARE, 71, 900_000, "1_eA==_Mg==");
        b.event(COMMIT_PREPARED, 71, 900_200, "1_eA==_Mg==").cut(2_000_000).cut(3_000_000);
        Incident worst = new IncidentFinder(history(), Dialect.xa()).find(5).getFirst();
        assertThat(worst.rowsDeleted()).isEqualTo(3900);
        assertThat(worst.globalTransaction()).isEqualTo("1_eA==");
        assertThat(worst.parts()).extracting(Incident.Part::shard).containsExactly("b", "a");
        assertThat(worst.effects()).extracting(Incident.TableEffect::table).containsOnly("public.orders");
        assertThat(worst.before()).isEqualTo(new Target.BeforeTransaction("b", 71));
        for (Target target : List.of(worst.before(), new Target.Time(worst.justBefore()))) {
            Cut cut = (Cut) new CutSolver(history(), Dialect.xa()).solve(target);
            assertThat(cut.decisions())
                    .hasSize(2)
                    .allSatisfy(decision -> assertThat(decision.action()).isEqualTo(Decision.Action.ROLLBACK));
            assertThat(cut.lateCommits()).isEmpty();
        }
    }

    @Test
    void aTableTruncatedOnceRanksAboveOneTruncatedAllTheTime() {
        a.observed(name(ORDERS, 16390, "orders")).observed(name(ORDERS2, 16390, "orders"));
        a.rows(rows(10, ORDERS, 500, 0)).event(COMMIT, 10, 1000, null).cut(1_000_000);
        for (int xid = 20; xid < 30; xid++) {
            RelationFile old = new RelationFile(1663, 5, 17000 + xid);
            RelationFile next = new RelationFile(1663, 5, 17001 + xid);
            a.observed(name(old, 16399, "staging"));
            a.rows(rows(xid, old, 500, 0)).storage(StorageChange.Kind.CREATED, xid, next);
            a.storage(StorageChange.Kind.DROPPED, xid, old).event(COMMIT, xid, xid * 1000L, null);
        }
        a.observed(name(new RelationFile(1663, 5, 17030), 16399, "staging"));
        a.storage(StorageChange.Kind.CREATED, 40, ORDERS2).storage(StorageChange.Kind.DROPPED, 40, ORDERS);
        a.event(COMMIT, 40, 40_000, null).cut(2_000_000);
        b.cut(2_000_000);
        List<Incident> incidents = new IncidentFinder(history(), Dialect.xa()).find(20);
        assertThat(incidents.getFirst().effects()).singleElement().satisfies(effect -> {
            assertThat(effect.table()).isEqualTo("public.orders");
            assertThat(effect.what()).isEqualTo(Incident.What.TRUNCATED);
            assertThat(effect.deleted()).isEqualTo(500);
        });
        assertThat(incidents).hasSize(11);
    }
}
