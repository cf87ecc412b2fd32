package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.DdlMessages;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.LedgerBuilder;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerPart;
import io.isochron.chronicle.LedgerRollup;
import io.isochron.chronicle.RelationObservation;
import io.isochron.chronicle.RowCounts;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.Seeds;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger beside a capture, over two days of segments made by hand. */
class LedgerKeeperTest {
    private static final String SHARD = "shard1";
    private static final long MINUTE = 60_000_000L;
    private static final long START = 20_000 * 24 * 60 * MINUTE + 22 * 60 * MINUTE;

    @TempDir
    Path directory;

    private Repository repository;
    private final List<Segment> segments = new ArrayList<>();
    private String lastSha256 = Segment.NO_PREVIOUS;

    @BeforeEach
    void emptyRepository() throws Exception {
        RepositoryKey key = RepositoryKey.generate(directory.resolve("key"));
        repository = Repository.init(
                FileSystemStore.create(directory.resolve("store")),
                key,
                new ClusterIdentity(
                        UUID.randomUUID(), "test", List.of(new ShardIdentity(SHARD, "1", 17, 16 * 1024 * 1024))),
                Instant.EPOCH);
    }

    private void append(double minute, boolean gap) throws Exception {
        append(minute, gap, 1);
    }

    /** A segment of transactions of which the first deletes some rows, at a minute since the beginning. */
    private void append(double minute, boolean gap, int transactions) throws Exception {
        RelationFile file = new RelationFile(1663, 5, 16_401);
        int number = segments.size();
        Lsn start = number == 0 ? new Lsn(0x1000000) : segments.getLast().end().plus(gap ? 8192 : 0);
        Lsn end = start.plus(64L * (transactions + 63));
        long micros = START + (long) (minute * MINUTE);
        int xid = 100 + number * transactions;
        List<Event> commits = new ArrayList<>();
        for (int i = 0; i < transactions; i++) {
            Lsn at = start.plus(64L * (i + 1));
            commits.add(new Event(Event.Kind.COMMIT, at, at, at.plus(64), xid + i, micros, null, 5, List.of()));
        }
        Segment segment = new Segment(
                SHARD,
                number,
                lastSha256,
                1,
                start,
                end,
                end,
                end,
                10,
                0,
                number == 0 ? micros : segments.getLast().referenceLastMicros(),
                micros,
                new SafePoint(end, micros, micros),
                List.of(new ClockBounds(micros, -10, 10)),
                List.of(),
                commits,
                List.of(new RowCounts(xid, file, 1, 2, 3 + number % 5, 0)),
                List.of(),
                List.of(),
                null,
                List.of(),
                number == 0
                        ? List.of(new RelationObservation(
                                start, 5, "shop", 16_390, "public", "orders", 'r', file, 0, true))
                        : List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                DdlMessages.NONE);
        byte[] encoded = SegmentCodec.encode(segment);
        lastSha256 = SegmentCodec.sha256(encoded);
        repository.chronicle().append(SHARD, number, encoded);
        segments.add(segment);
    }

    /** Lets a keeper work until something holds, then stops it, or leaves it as a kill would. */
    private ShardMonitor keep(int durable, BooleanSupplier until) throws Exception {
        ShardMonitor monitor = new ShardMonitor(SHARD);
        LedgerKeeper keeper = new LedgerKeeper(repository, SHARD, monitor, Duration.ofMillis(200));
        Thread thread = Thread.ofPlatform().start(keeper);
        try {
            monitor.archived(new Lsn(1), durable);
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (!until.getAsBoolean()) {
                assertThat(System.nanoTime())
                        .as("the keeper makes progress: " + monitor.status(0))
                        .isLessThan(limit);
                Thread.sleep(5);
            }
        } finally {
            keeper.stop();
            thread.interrupt();
            thread.join();
        }
        return monitor;
    }

    private boolean has(long number) {
        try {
            return repository.ledger().find(SHARD, number).isPresent();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private List<LedgerEntry> expected() {
        LedgerBuilder builder = LedgerBuilder.first(SHARD);
        List<LedgerEntry> entries = new ArrayList<>();
        for (Segment segment : segments) {
            builder.add(segment, SegmentCodec.sha256(SegmentCodec.encode(segment)))
                    .ifPresent(entries::add);
        }
        return entries;
    }

    @Test
    void a_keeper_killed_anywhere_goes_on_and_its_ledger_is_byte_for_byte_what_the_segments_give() throws Exception {
        Random random = new Random(Seeds.seed());
        for (int i = 0; i < 700; i++) {
            append(i * 0.37, false);
        }
        List<LedgerEntry> expected = expected();
        int durable = 0;
        while (durable < segments.size()) {
            durable = Math.min(segments.size(), durable + 1 + random.nextInt(200));
            int enough = durable;
            long wanted = expected.stream()
                    .filter(entry -> entry.cover().lastSequence() < enough - 1)
                    .count();
            long kill = random.nextInt((int) wanted + 1);
            keep(durable, () -> kill == 0 || has(kill - 1));
        }
        keep(segments.size(), () -> has(expected.size() - 1) && rolledUp(expected));
        for (LedgerEntry entry : expected) {
            assertThat(repository.ledger().read(SHARD, entry.number())).isEqualTo(LedgerCodec.encode(entry));
        }
        assertThat(repository.ledger().lastNumber(SHARD)).hasValue(expected.size() - 1L);
        assertHours(expected);
    }

    /** The last hour that is over has its roll-up, and so has the first day. */
    private boolean rolledUp(List<LedgerEntry> minutes) {
        try {
            long last = LedgerLevel.HOUR.periodOf(
                    LedgerLevel.MINUTE, minutes.getLast().period());
            long day = LedgerLevel.DAY.periodOf(
                    LedgerLevel.MINUTE, minutes.getFirst().period());
            return repository
                            .ledger()
                            .findRollup(SHARD, LedgerStore.Rollup.HOUR, last - 1)
                            .isPresent()
                    && repository
                            .ledger()
                            .findRollup(SHARD, LedgerStore.Rollup.DAY, day)
                            .isPresent();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void assertHours(List<LedgerEntry> minutes) throws Exception {
        List<LedgerEntry> hours = new ArrayList<>();
        long first =
                LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, minutes.getFirst().period());
        long last =
                LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, minutes.getLast().period());
        for (long hour = first; hour < last; hour++) {
            long wanted = hour;
            List<LedgerEntry> below = minutes.stream()
                    .filter(entry -> LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, entry.period()) == wanted)
                    .toList();
            LedgerEntry made = rollup(LedgerLevel.HOUR, below);
            assertThat(repository.ledger().findRollup(SHARD, LedgerStore.Rollup.HOUR, hour))
                    .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(LedgerCodec.encode(made)));
            if (LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, hour) == LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, first)) {
                hours.add(made);
            }
        }
        LedgerEntry day = rollup(LedgerLevel.DAY, hours);
        assertThat(repository.ledger().findRollup(SHARD, LedgerStore.Rollup.DAY, day.period()))
                .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(LedgerCodec.encode(day)));
    }

    private static LedgerEntry rollup(LedgerLevel level, List<LedgerEntry> below) {
        LedgerRollup rollup = new LedgerRollup(level);
        below.forEach(rollup::add);
        return rollup.finish(SegmentCodec.sha256(LedgerCodec.encode(below.getLast())));
    }

    @Test
    void a_busy_minute_that_is_not_over_has_parts_which_the_segments_give_again() throws Exception {
        for (int second = 0; second < 40; second++) {
            append(second / 60.0, false, 200);
        }
        ShardMonitor monitor = new ShardMonitor(SHARD);
        LedgerKeeper keeper = new LedgerKeeper(repository, SHARD, monitor, Duration.ofMillis(200));
        Thread thread = Thread.ofPlatform().start(keeper);
        try {
            for (int sixth = 1; sixth <= 3; sixth++) {
                monitor.archived(new Lsn(1), sixth * 10 + 2);
                long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
                while (repository.ledger().findPart(SHARD, 0, sixth).isEmpty()) {
                    assertThat(System.nanoTime()).isLessThan(limit);
                    Thread.sleep(5);
                }
            }
        } finally {
            keeper.stop();
            thread.join();
        }
        LedgerBuilder builder = LedgerBuilder.first(SHARD);
        int seen = 0;
        for (Segment segment : segments) {
            builder.add(segment, SegmentCodec.sha256(SegmentCodec.encode(segment)));
            LedgerPart part = builder.part().orElse(null);
            if (part != null) {
                seen++;
                assertThat(repository.ledger().findPart(SHARD, 0, part.sixth()))
                        .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(LedgerCodec.encode(part.entry())));
            }
        }
        assertThat(seen).isEqualTo(3);
        assertThat(repository.ledger().lastNumber(SHARD)).isEmpty();
    }

    @Test
    void missing_wal_is_an_alarm_at_once() throws Exception {
        append(0, false);
        append(0.1, false);
        append(0.2, true);
        ShardMonitor monitor = new ShardMonitor(SHARD);
        LedgerKeeper keeper = new LedgerKeeper(repository, SHARD, monitor, Duration.ofMillis(200));
        Thread thread = Thread.ofPlatform().start(keeper);
        try {
            monitor.archived(new Lsn(1), 3);
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (monitor.status(0).notices().isEmpty()) {
                assertThat(System.nanoTime()).isLessThan(limit);
                Thread.sleep(5);
            }
            assertThat(monitor.status(0).notices().getFirst()).startsWith("ALARM: wal of shard shard1");
        } finally {
            keeper.stop();
            thread.join();
        }
    }
}
