package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Incident.What;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The ledger says what the segments say; its histories are random, and the seed is printed when one fails. */
class LedgerTest {
    private static final long SEED = Long.getLong("isochron.seed", System.nanoTime());
    private static final int HISTORIES = Integer.getInteger("isochron.histories", 60);
    private static final long MINUTE = 60_000_000;

    /** A history of some minutes: interleaved transactions over few tables, with subtransactions, aborts, two-phase commits, truncations, crashes and names that come late. */
    private static final class RandomHistory {
        private final SplittableRandom random;
        private final Segments made = new Segments("a");
        private final Map<Integer, RelationFile> storage = new HashMap<>();
        private final Map<Integer, List<Integer>> open = new HashMap<>();
        private final Map<Integer, String> prepared = new HashMap<>();
        private final Set<Integer> truncating = new HashSet<>();
        private int nextXid = 100;
        private int nextFile = 17_000;
        private long micros = 5 * MINUTE;

        RandomHistory(long seed) {
            random = new SplittableRandom(seed);
            for (int table = 0; table < 4; table++) {
                storage.put(table, new RelationFile(1663, 5, 16_400 + table));
            }
        }

        List<Segment> segments() {
            int segments = 20 + random.nextInt(60);
            for (int i = 0; i < segments; i++) {
                int steps = random.nextInt(12);
                for (int step = 0; step < steps; step++) {
                    step();
                }
                if (random.nextInt(4) == 0) {
                    observe(random.nextInt(4));
                }
                micros += random.nextInt(3) == 0 ? random.nextLong(30_000_000) : random.nextLong(2_000_000);
                made.cut(micros);
            }
            return made.all();
        }

        private void observe(int table) {
            String name = random.nextInt(10) == 0 ? "renamed" + random.nextInt(100) : "table" + table;
            made.observed(new RelationObservation(
                    made.position(), 5, "shop", 16_390 + table, "public", name, 'r', storage.get(table), 0, true));
        }

        private void step() {
            if (open.isEmpty() || random.nextInt(3) == 0) {
                open.put(nextXid++, new ArrayList<>());
            }
            List<Integer> xids = new ArrayList<>(open.keySet());
            Collections.sort(xids);
            int xid = xids.get(random.nextInt(xids.size()));
            switch (random.nextInt(8)) {
                case 0 -> end(xid);
                case 1 -> {
                    open.get(xid).add(nextXid);
                    write(nextXid++);
                }
                case 2 -> prepareOrDecide(xid);
                case 3 -> truncate(xid);
                default -> write(xid);
            }
        }

        private void write(int xid) {
            RelationFile file = storage.get(random.nextInt(4));
            int most = random.nextInt(5) == 0 ? 3000 : 4;
            made.rows(new RowCounts(
                    xid, file, random.nextInt(most), random.nextInt(most), random.nextInt(most), random.nextInt(2)));
        }

        private void truncate(int xid) {
            if (prepared.containsKey(xid) || truncating.size() > 0) {
                return;
            }
            RelationFile next = new RelationFile(1663, 5, nextFile++);
            int table = random.nextInt(4);
            made.storage(StorageChange.Kind.CREATED, xid, next);
            made.storage(StorageChange.Kind.DROPPED, xid, storage.get(table));
            Integer[] subxids = open.remove(xid).toArray(Integer[]::new);
            made.event(Event.Kind.COMMIT, xid, micros, null, subxids);
            storage.put(table, next);
        }

        private void prepareOrDecide(int xid) {
            String gid = prepared.remove(xid);
            Integer[] subxids = open.get(xid).toArray(Integer[]::new);
            if (gid == null) {
                prepared.put(xid, "1_" + xid + "_x");
                made.event(Event.Kind.PREPARE, xid, micros, "1_" + xid + "_x", subxids);
            } else {
                open.remove(xid);
                made.event(
                        random.nextBoolean() ? Event.Kind.COMMIT_PREPARED : Event.Kind.ABORT_PREPARED,
                        xid,
                        micros,
                        gid,
                        subxids);
            }
        }

        private void end(int xid) {
            if (prepared.containsKey(xid)) {
                return;
            }
            Integer[] subxids = open.remove(xid).toArray(Integer[]::new);
            if (random.nextInt(10) > 0) {
                made.event(random.nextInt(4) == 0 ? Event.Kind.ABORT : Event.Kind.COMMIT, xid, micros, null, subxids);
            }
        }
    }

    private static List<LedgerEntry> ledger(List<Segment> segments) {
        LedgerBuilder builder = LedgerBuilder.first("a");
        List<LedgerEntry> entries = new ArrayList<>();
        for (Segment segment : segments) {
            builder.add(segment, hash(segment)).ifPresent(entries::add);
        }
        builder.unfinished().ifPresent(entries::add);
        return entries;
    }

    private static String hash(Segment segment) {
        return SegmentCodec.sha256(SegmentCodec.encode(segment));
    }

    private static void eachHistory(java.util.function.Consumer<List<Segment>> check) {
        for (int i = 0; i < HISTORIES; i++) {
            long seed = SEED + i;
            try {
                check.accept(new RandomHistory(seed).segments());
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Disochron.seed=" + seed + " -Disochron.histories=1", e);
            }
        }
    }

    @Test
    void theDigestsSumUpToWhatTheCommittedTransactionsOfTheSegmentsDid() {
        eachHistory(segments -> {
            Map<RelationFile, long[]> expected = new HashMap<>();
            Map<Integer, List<RowCounts>> rows = new HashMap<>();
            long commits = 0;
            for (Segment segment : segments) {
                segment.rows()
                        .forEach(one -> rows.computeIfAbsent(one.xid(), xid -> new ArrayList<>())
                                .add(one));
                for (Event event : segment.events()) {
                    if (event.commits()) {
                        commits++;
                        List<Integer> xids = new ArrayList<>(event.subxids());
                        xids.add(event.xid());
                        for (int xid : xids) {
                            for (RowCounts one : rows.getOrDefault(xid, List.of())) {
                                long[] sums = expected.computeIfAbsent(one.relation(), file -> new long[3]);
                                sums[0] += one.inserted();
                                sums[1] += one.updated();
                                sums[2] += one.deleted();
                            }
                        }
                    }
                }
            }
            Map<RelationFile, long[]> found = new HashMap<>();
            long counted = 0;
            long next = 0;
            for (LedgerEntry entry : ledger(segments)) {
                counted += entry.digest().commits();
                assertThat(entry.cover().firstSequence()).isEqualTo(next);
                next = entry.cover().lastSequence() + 1;
                for (TableTotals totals : entry.digest().tables()) {
                    long[] sums = found.computeIfAbsent(totals.file(), file -> new long[3]);
                    sums[0] += totals.inserted();
                    sums[1] += totals.updated();
                    sums[2] += totals.deleted();
                }
            }
            assertThat(next).isEqualTo(segments.size());
            assertThat(counted).isEqualTo(commits);
            expected.values().removeIf(sums -> sums[0] + sums[1] + sums[2] == 0);
            found.values().removeIf(sums -> sums[0] + sums[1] + sums[2] == 0);
            assertThat(found.keySet()).isEqualTo(expected.keySet());
            expected.forEach((file, sums) -> assertThat(found.get(file)).containsExactly(sums));
        });
    }

    @Test
    void aBuilderThatGoesOnAfterAnyEntryMakesTheSameBytes() {
        eachHistory(segments -> {
            List<LedgerEntry> whole = ledger(segments);
            for (int from = 1; from < whole.size(); from++) {
                LedgerEntry last = whole.get(from - 1);
                List<LedgerEntry> since = whole.subList((int) last.cover().catalogEntry(), from);
                LedgerBuilder builder = LedgerBuilder.after(last, LedgerCodec.encode(last), since);
                List<LedgerEntry> again = new ArrayList<>();
                for (Segment segment : segments.subList((int) last.cover().lastSequence() + 1, segments.size())) {
                    builder.add(segment, hash(segment)).ifPresent(again::add);
                }
                builder.unfinished().ifPresent(again::add);
                assertThat(again).isEqualTo(whole.subList(from, whole.size()));
            }
        });
    }

    @Test
    void entriesComeBackFromTheirBytesAndEachNamesTheHashOfTheOneBefore() {
        eachHistory(segments -> {
            String link = Segment.NO_PREVIOUS;
            for (LedgerEntry entry : ledger(segments)) {
                byte[] bytes = LedgerCodec.encode(entry);
                try {
                    assertThat(LedgerCodec.decode(bytes)).isEqualTo(entry);
                    assertThat(LedgerCodec.encode(LedgerCodec.decode(bytes))).isEqualTo(bytes);
                } catch (SegmentFormatException e) {
                    throw new AssertionError(e);
                }
                assertThat(entry.linkSha256()).isEqualTo(link);
                link = SegmentCodec.sha256(bytes);
            }
        });
    }

    @Test
    void damagedBytesAreRefusedAndNeverReadAsSomethingElse() {
        SplittableRandom random = new SplittableRandom(SEED);
        List<LedgerEntry> entries = ledger(new RandomHistory(SEED).segments());
        byte[] bytes = LedgerCodec.encode(entries.getLast());
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = bytes.clone();
            damaged[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> LedgerCodec.decode(damaged)).isInstanceOf(SegmentFormatException.class);
        }
    }

    @Test
    void anHourIsTheSumOfItsMinutesAndADayThatOfItsHours() {
        eachHistory(segments -> {
            Map<Long, List<LedgerEntry>> hours = new java.util.TreeMap<>();
            List<LedgerEntry> minutes = ledger(segments);
            minutes.forEach(entry -> hours.computeIfAbsent(
                            LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, entry.period()), hour -> new ArrayList<>())
                    .add(entry));
            List<LedgerEntry> made = new ArrayList<>();
            hours.values().forEach(below -> made.add(rollup(LedgerLevel.HOUR, below)));
            LedgerEntry day = rollup(LedgerLevel.DAY, made);
            assertThat(sums(List.of(day))).isEqualTo(sums(minutes)).isEqualTo(sums(made));
            assertThat(day.cover().firstSequence()).isZero();
            assertThat(day.cover().lastSequence()).isEqualTo(segments.size() - 1L);
            assertThat(LedgerCodec.encode(rollup(LedgerLevel.DAY, made))).isEqualTo(LedgerCodec.encode(day));
        });
    }

    private static LedgerEntry rollup(LedgerLevel level, List<LedgerEntry> below) {
        LedgerRollup rollup = new LedgerRollup(level);
        below.forEach(rollup::add);
        return rollup.finish(hashOf(below));
    }

    private static String hashOf(List<LedgerEntry> below) {
        return SegmentCodec.sha256(LedgerCodec.encode(below.getLast()));
    }

    private static Map<String, Long> sums(List<LedgerEntry> entries) {
        Map<String, Long> sums = new HashMap<>();
        for (LedgerEntry entry : entries) {
            LedgerDigest digest = entry.digest();
            sums.merge("commits", digest.commits(), Long::sum);
            sums.merge("aborts", digest.aborts(), Long::sum);
            sums.merge("wal", digest.walBytes(), Long::sum);
            sums.merge("large", digest.large().size() + digest.largeOmitted(), Long::sum);
            sums.merge("notables", digest.notables().size() + digest.notablesOmitted(), Long::sum);
            digest.tables().forEach(table -> sums.merge(table.file().toString(), table.rows(), Long::sum));
        }
        return sums;
    }

    @Test
    void aTruncationIsKeptHoweverManyLargeDeletionsThereAre() {
        RelationFile orders = new RelationFile(1663, 5, 16_401);
        RelationFile next = new RelationFile(1663, 5, 16_402);
        Segments a = new Segments("a");
        a.observed(new RelationObservation(new Lsn(1), 5, "shop", 16_390, "public", "orders", 'r', orders, 0, true));
        for (int xid = 10; xid < 5010; xid++) {
            a.rows(new RowCounts(xid, orders, 0, 0, 6 + xid % 7, 0)).event(Event.Kind.COMMIT, xid, xid, null);
        }
        a.rows(new RowCounts(6000, orders, 0, 0, 40_000, 0)).event(Event.Kind.COMMIT, 6000, 6000, null);
        a.storage(StorageChange.Kind.CREATED, 7000, next).storage(StorageChange.Kind.DROPPED, 7000, orders);
        a.event(Event.Kind.COMMIT, 7000, 7000, null).cut(1_000_000);
        LedgerDigest digest = ledger(a.all()).getFirst().digest();
        assertThat(digest.large().size() + digest.largeOmitted()).isEqualTo(5002);
        assertThat(digest.large()).hasSizeLessThanOrEqualTo(LedgerLimits.LARGE_MAX + 1);
        assertThat(digest.large()).anySatisfy(one -> assertThat(one.xid()).isEqualTo(6000));
        assertThat(digest.large().getLast().effects().getFirst().what()).isEqualTo(What.TRUNCATED);
    }

    @Test
    void aRewriteIsNoTruncation() {
        RelationFile orders = new RelationFile(1663, 5, 16_401);
        RelationFile next = new RelationFile(1663, 5, 16_402);
        RelationFile relations = new RelationFile(1663, 5, 1259);
        Segments a = new Segments("a");
        a.observed(new RelationObservation(new Lsn(1), 5, "shop", 16_390, "public", "orders", 'r', orders, 0, true));
        a.storage(StorageChange.Kind.CREATED, 10, next).storage(StorageChange.Kind.DROPPED, 10, orders);
        a.rows(new RowCounts(10, next, 500, 0, 0, 0)).rows(new RowCounts(10, relations, 1, 3, 1, 0));
        a.event(Event.Kind.COMMIT, 10, 10, null).cut(1_000_000);
        LedgerDigest digest = ledger(a.all()).getFirst().digest();
        assertThat(digest.notables()).extracting(Notable::kind).containsExactly(Notable.Kind.REWRITTEN);
    }

    @Test
    void aTruncationThatBuildsAnIndexAnewIsNoRewriteAndAMoveToAnotherTablespaceIsOne() {
        RelationFile orders = new RelationFile(1663, 5, 16_401);
        for (boolean moved : new boolean[] {false, true}) {
            Segments a = new Segments("a");
            a.observed(
                    new RelationObservation(new Lsn(1), 5, "shop", 16_390, "public", "orders", 'r', orders, 0, true));
            RelationFile next = new RelationFile(moved ? 17_000 : 1663, 5, 16_402);
            RelationFile index = new RelationFile(moved ? 17_000 : 1663, 5, 16_403);
            a.storage(StorageChange.Kind.CREATED, 10, next).storage(StorageChange.Kind.CREATED, 10, index);
            a.storage(StorageChange.Kind.DROPPED, 10, orders).rows(new RowCounts(10, index, 0, 0, 0, 2));
            a.event(Event.Kind.COMMIT, 10, 10, null).cut(1_000_000);
            assertThat(ledger(a.all()).getFirst().digest().notables())
                    .extracting(Notable::kind)
                    .containsExactly(moved ? Notable.Kind.REWRITTEN : Notable.Kind.TRUNCATED);
        }
    }

    @Test
    void aTableIsCalledWhatItWasCalledThen() {
        RelationFile orders = new RelationFile(1663, 5, 16_401);
        Segments a = new Segments("a");
        a.observed(new RelationObservation(new Lsn(1), 5, "shop", 16_390, "public", "orders", 'r', orders, 0, true));
        a.rows(new RowCounts(10, orders, 0, 0, 50, 0))
                .event(Event.Kind.COMMIT, 10, 10, null)
                .cut(1_000_000);
        a.observed(
                new RelationObservation(a.position(), 5, "shop", 16_390, "public", "orders_old", 'r', orders, 0, true));
        a.rows(new RowCounts(11, orders, 0, 0, 60, 0))
                .event(Event.Kind.COMMIT, 11, 11, null)
                .cut(2_000_000);
        List<LedgerEntry> entries = ledger(a.all());
        List<Incident> found = new IncidentFinder(Map.of("a", entries), Dialect.xa()).find(5);
        assertThat(found)
                .extracting(one -> one.effects().getFirst().table())
                .containsExactlyInAnyOrder("public.orders", "public.orders_old");
        assertThat(entries.getFirst().digest().notables())
                .anySatisfy(one -> assertThat(one.text()).isEqualTo("public.orders to public.orders_old"));
    }

    @Test
    void missingWalIsAGapAndAnotherTimelineASwitch() {
        Segments a = new Segments("a");
        a.event(Event.Kind.COMMIT, 10, 10, null).cut(1_000_000).gap(8192);
        a.event(Event.Kind.COMMIT, 11, 11, null).cut(2_000_000);
        assertThat(ledger(a.all()).getFirst().digest().notables())
                .singleElement()
                .satisfies(gap -> {
                    assertThat(gap.kind()).isEqualTo(Notable.Kind.GAP);
                    assertThat(gap.value()).isEqualTo(8192);
                });
    }

    @Test
    void aTransactionThatSpansMinutesCountsWholeWhereItCommits() {
        RelationFile orders = new RelationFile(1663, 5, 16_401);
        Segments a = new Segments("a");
        a.rows(new RowCounts(10, orders, 0, 0, 30, 0)).cut(MINUTE - 1);
        a.rows(new RowCounts(11, orders, 0, 0, 40, 0)).cut(2 * MINUTE - 1);
        a.event(Event.Kind.COMMIT, 10, 3 * MINUTE - 5, null, 11).cut(3 * MINUTE - 1);
        List<LedgerEntry> entries = ledger(a.all());
        assertThat(entries).hasSize(3);
        Optional<LargeTransaction> large =
                entries.getLast().digest().large().stream().findFirst();
        assertThat(large.orElseThrow().effects().getFirst().deleted()).isEqualTo(70);
        assertThat(large.orElseThrow().firstSeenMicros()).isZero();
    }
}
