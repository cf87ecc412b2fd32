package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Incident.What;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a roll-up's short list says is held against the full list of its minutes; the histories are random, and the seed is named when one fails. */
class LedgerLimitsTest {
    private static final long SEED = Long.getLong("isochron.seed", System.nanoTime());
    private static final int HISTORIES = Integer.getInteger("isochron.histories", 20);
    private static final int MINUTES = 20;
    private static final int TABLES = 30;
    private static final long MINUTE = 60_000_000;

    /** An hour of jobs that clean up and load, in whose midst some tables lose rows as they never do. */
    private static final class BusyHour {
        final List<LedgerEntry> minutes = new ArrayList<>();
        final LedgerEntry hour;
        final List<Integer> accidents = new ArrayList<>();
        private final SplittableRandom random;
        private final Segments segments = new Segments("a");
        private int xid = 100;

        BusyHour(long seed) {
            random = new SplittableRandom(seed);
            for (int table = 0; table < TABLES; table++) {
                segments.observed(name(table));
            }
            for (int minute = 0; minute < MINUTES; minute++) {
                int accident = minute % 5 == 2 ? minute / 5 : -1;
                // fewer than an entry lists, so that the minutes' lists are full
                for (int i = 0; i < LedgerLimits.LARGE_MAX - 5; i++) {
                    job(3 + random.nextInt(TABLES - 3));
                }
                if (accident >= 0) {
                    accident(accident);
                }
                segments.cut(minute * MINUTE + MINUTE / 2);
            }
            LedgerBuilder builder = LedgerBuilder.first("a");
            for (Segment segment : segments.all()) {
                builder.add(segment, SegmentCodec.sha256(SegmentCodec.encode(segment)))
                        .ifPresent(minutes::add);
            }
            builder.unfinished().ifPresent(minutes::add);
            LedgerRollup rollup = new LedgerRollup(LedgerLevel.HOUR);
            minutes.forEach(rollup::add);
            hour = rollup.finish(Segment.NO_PREVIOUS);
        }

        /** Cleaners, and loads that are heavier than any accident. */
        private void job(int table) {
            boolean load = random.nextInt(3) == 0;
            segments.rows(new RowCounts(
                            ++xid,
                            file(table),
                            load ? 2_000_000 + random.nextInt(1_000_000) : 0,
                            load ? 0 : random.nextInt(150),
                            load ? 0 : 10 + random.nextInt(50),
                            0))
                    .event(Event.Kind.COMMIT, xid, xid, null);
        }

        private void accident(int which) {
            accidents.add(++xid);
            switch (which) {
                case 0 -> segments.rows(new RowCounts(xid, file(0), 0, 0, 3000 + random.nextInt(1000), 0));
                case 1 -> segments.rows(new RowCounts(xid, file(1), 0, 30_000 + random.nextInt(1000), 0, 0));
                case 2 -> segments.storage(StorageChange.Kind.DROPPED, xid, file(2));
                default -> segments.rows(new RowCounts(xid, file(3), 0, 0, 5000, 0));
            }
            segments.event(Event.Kind.COMMIT, xid, xid, null);
        }

        private static RelationFile file(int table) {
            return new RelationFile(1663, 5, 16_400 + 3 * table);
        }

        private static RelationObservation name(int table) {
            return new RelationObservation(
                    new Lsn(1), 5, "shop", 16_390 + 3 * table, "public", "t" + table, 'r', file(table), 0, true);
        }
    }

    private static List<Target.BeforeTransaction> worst(List<LedgerEntry> entries, int limit) {
        return new IncidentFinder(Map.of("a", entries), Dialect.xa())
                .find(limit).stream().map(Incident::before).toList();
    }

    @Test
    void theShortListOfAnHourNamesTheSameIncidentsFirstAsTheFullListsOfItsMinutes() {
        for (int i = 0; i < HISTORIES; i++) {
            BusyHour busy = new BusyHour(SEED + i);
            assertThat(busy.minutes)
                    .allSatisfy(
                            minute -> assertThat(minute.digest().largeOmitted()).isZero());
            assertThat(busy.hour.digest().largeOmitted()).isGreaterThan(2000);
            List<Target.BeforeTransaction> full = worst(busy.minutes, 4);
            assertThat(full)
                    .as("isochron.seed=%d", SEED + i)
                    .extracting(Target.BeforeTransaction::xid)
                    .containsExactlyInAnyOrderElementsOf(busy.accidents);
            assertThat(worst(List.of(busy.hour), 4))
                    .as("isochron.seed=%d", SEED + i)
                    .isEqualTo(full);
        }
    }

    @Test
    void noTablesWorstIsCrowdedOutByWhatIsDoneToOthers() {
        for (int i = 0; i < HISTORIES; i++) {
            BusyHour busy = new BusyHour(SEED + i);
            assertThat(most(List.of(busy.hour)))
                    .as("isochron.seed=%d", SEED + i)
                    .isEqualTo(most(busy.minutes));
        }
    }

    /** By table and kind of effect the most rows that one transaction deleted or updated. */
    private static Map<String, Long> most(List<LedgerEntry> entries) {
        Map<String, Long> most = new HashMap<>();
        for (LedgerEntry entry : entries) {
            for (LargeTransaction one : entry.digest().large()) {
                for (LargeTransaction.Effect effect : one.effects()) {
                    if (effect.deleted() >= LargeTransaction.DELETED_MIN) {
                        most.merge("deleted from " + effect.file(), effect.deleted(), Math::max);
                    }
                    if (effect.updated() >= LargeTransaction.UPDATED_MIN) {
                        most.merge("updated in " + effect.file(), effect.updated(), Math::max);
                    }
                }
            }
        }
        return most;
    }

    @Test
    void oneGreatDeletionRanksAboveManyTablesTidiedAsUsual() {
        Segments a = new Segments("a");
        for (int table = 0; table < TABLES; table++) {
            a.observed(BusyHour.name(table));
        }
        for (int xid = 10; xid < 110; xid++) {
            for (int table = 0; table < 5; table++) {
                a.rows(new RowCounts(xid, BusyHour.file(table), 0, 0, xid == 60 ? 60 : 20 + xid % 11, 0));
            }
            a.event(Event.Kind.COMMIT, xid, xid, null);
        }
        a.rows(new RowCounts(200, BusyHour.file(0), 0, 0, 5000, 0)).event(Event.Kind.COMMIT, 200, 200, null);
        a.cut(1_000_000);
        ClusterHistory history = ClusterHistory.of(List.of("a"), a.all());
        Optional<Incident> first =
                new IncidentFinder(history, Dialect.xa()).find(10).stream().findFirst();
        assertThat(first).hasValueSatisfying(incident -> {
            assertThat(incident.before().xid()).isEqualTo(200);
            assertThat(incident.worst()).isEqualTo(What.DELETED);
        });
    }
}
