package io.isochron.upkeep;

import static io.isochron.upkeep.KnownWal.CREATED;
import static io.isochron.upkeep.KnownWal.SHARD;
import static io.isochron.upkeep.KnownWal.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FaultyStore;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectStore;
import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.VerifyScope;
import io.isochron.store.WalArchiveReader;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Capture, compaction and readers in orders drawn from a seed, and at once. Every byte that is read is compared with the one that was written there. */
class RandomCompactionTest {
    private static final int SCHEDULES = Integer.getInteger("isochron.schedules", 8);

    private static final long LEAST_BYTES = 30_000;

    private final RepositoryKey key = RepositoryKey.random();

    @TempDir
    Path temporary;

    @Test
    void readersThatWereOpenedBeforeDuringAndAfterSeeEveryByte() throws IOException {
        long seed = Seeds.seed();
        for (int schedule = 0; schedule < SCHEDULES; schedule++) {
            try {
                new Schedule(new Random(seed + schedule)).run();
            } catch (AssertionError | IOException | RuntimeException e) {
                throw new AssertionError("schedule " + schedule + " of -Disochron.seed=" + seed, e);
            }
        }
    }

    private static final class Broken extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** One order of events on one thread; listings stay open from one event to the next. */
    private final class Schedule {
        private final Random random;
        private final KnownWal wal;
        private final List<WalArchiveReader> readers = new ArrayList<>();
        private final List<Integer> timelines = new ArrayList<>();
        private Instant now = CREATED;
        private int timeline = 1;
        private long end = 5000;
        private int failIn = -1;

        Schedule(Random random) throws IOException {
            this.random = random;
            // a compaction that is killed, as seen from the store: from some request on nothing happens any more
            ObjectStore store = new FaultyStore(new MemoryStore(), (operation, name) -> {
                if (failIn >= 0 && failIn-- == 0) {
                    failIn = 0;
                    throw new Broken();
                }
            });
            this.wal = KnownWal.in(new PagedStore(store, 1 + random.nextInt(5)), key);
        }

        void run() throws IOException {
            for (int event = 0; event < 300; event++) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2 -> capture();
                    case 3 -> compact();
                    case 4 -> openReader();
                    default -> readOn();
                }
            }
            wal.check(timeline);
            for (int i = 0; i < 3; i++) {
                now = now.plus(Duration.ofHours(1));
                KnownWal.compact(wal.repository, KnownWal.options(8192), now);
            }
            wal.check(timeline);
            long left = 0;
            for (int one = 1; one <= timeline; one++) {
                left += wal.pieces(one).size();
            }
            assertThat(KnownWal.compact(wal.repository, KnownWal.options(8192), now.plus(Duration.ofHours(1)))
                            .removed())
                    .as("what a run leaves of %s pieces", left)
                    .isZero();
            readers.forEach(WalArchiveReader::close);
        }

        private void capture() throws IOException {
            if (random.nextInt(25) == 0) {
                end += 1 + random.nextInt(500);
            }
            if (random.nextInt(40) == 0) {
                timeline++;
                end -= random.nextInt(1000);
            }
            for (int i = random.nextInt(20); i >= 0; i--) {
                long to = end + 1 + random.nextInt(random.nextInt(10) == 0 ? 3000 : 300);
                wal.write(timeline, end, to);
                if (random.nextInt(8) == 0) {
                    // written again after a restart, with other ends; within what is there on this timeline
                    long from = Math.max(end - random.nextInt(500), 0);
                    if (wal.contiguousEnd(timeline, from) >= to) {
                        wal.write(timeline, from, to - random.nextInt((int) Math.min(to - from, 200)));
                    }
                }
                end = to;
                now = now.plus(Duration.ofSeconds(20));
                wal.chronicle(timeline, end, now);
            }
        }

        private void compact() throws IOException {
            CompactionOptions options = KnownWal.options(1024 << random.nextInt(4));
            failIn = random.nextBoolean() ? -1 : random.nextInt(200);
            int[] left = {random.nextBoolean() ? Integer.MAX_VALUE : random.nextInt(4)};
            try {
                Compaction compaction = new Compaction(wal.repository, options, now);
                compaction.run(compaction.plan(), () -> left[0]-- <= 0, progress -> {
                    try {
                        readOn();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
            } catch (Broken e) {
                // killed
            } finally {
                failIn = -1;
            }
        }

        private void openReader() {
            int of = 1 + random.nextInt(timeline);
            readers.add(wal.repository.wal().openReader(SHARD, of, at(random.nextInt((int) end + 200))));
            timelines.add(of);
            if (readers.size() > 6) {
                readers.removeFirst().close();
                timelines.removeFirst();
            }
        }

        private void readOn() throws IOException {
            if (!readers.isEmpty()) {
                int one = random.nextInt(readers.size());
                try {
                    wal.read(readers.get(one), timelines.get(one), 1 + random.nextInt(400));
                } catch (Broken e) {
                    // the failure that was meant for a compaction; what was fetched ahead then is fetched again
                }
            }
        }
    }

    @Test
    void severalCompactionsReadersAndAVerificationAtOnceOnAFileSystem() throws Exception {
        atOnce(FileSystemStore.create(temporary.resolve("store")));
    }

    @Test
    void severalCompactionsReadersAndAVerificationAtOnceWithListingsInPages() throws Exception {
        atOnce(new PagedStore(new MemoryStore(), 7));
    }

    private void atOnce(ObjectStore store) throws Exception {
        long seed = Seeds.seed();
        KnownWal wal = KnownWal.in(store, key);
        AtomicLong end = new AtomicLong();
        AtomicLong allRemoved = new AtomicLong();
        AtomicBoolean captured = new AtomicBoolean();
        Duration time = Duration.ofMillis(Long.getLong("isochron.millis", 4000));
        long until = System.nanoTime() + time.toNanos();
        List<Callable<String>> work = new ArrayList<>();
        work.add(() -> {
            Random random = new Random(seed);
            Instant now = CREATED;
            while (System.nanoTime() < until || end.get() < LEAST_BYTES) {
                long from = end.get();
                long to = from + 1 + random.nextInt(300);
                wal.write(1, from, to);
                end.set(to);
                now = now.plus(Duration.ofSeconds(20));
                wal.chronicle(1, to, now);
            }
            captured.set(true);
            return "captured " + end;
        });
        for (int i = 0; i < 3; i++) {
            CompactionOptions options = KnownWal.options(1024 << i);
            work.add(() -> {
                long removed = 0;
                while (!captured.get()) {
                    // settled: all but the last few pieces
                    removed += KnownWal.compact(wal.repository, options, Instant.parse("2030-01-01T00:00:00Z"))
                            .removed();
                }
                allRemoved.addAndGet(removed);
                return "compacted " + removed;
            });
        }
        for (int i = 0; i < 2; i++) {
            Random random = new Random(seed + 100 + i);
            work.add(() -> {
                long read = 0;
                while (!captured.get()) {
                    long archived = end.get();
                    long from = archived == 0 ? 0 : random.nextLong(archived);
                    try (WalArchiveReader reader = wal.repository.wal().openReader(SHARD, 1, at(from))) {
                        while (reader.position() < at(archived)) {
                            long before = reader.position();
                            wal.read(reader, 1, 2000);
                            assertThat(reader.position()).isGreaterThan(before);
                            read += reader.position() - before;
                        }
                    }
                    assertThat(wal.repository.wal().contiguousEnd(SHARD, 1, at(from)))
                            .isGreaterThanOrEqualTo(at(archived));
                    assertThat(wal.repository.wal().gaps(SHARD, 1)).isEmpty();
                }
                return "read " + read;
            });
        }
        work.add(() -> {
            long verified = 0;
            while (!captured.get()) {
                List<Finding> findings = new ArrayList<>();
                verified += wal.repository
                        .verify(new VerifyScope(true, false, false, false), findings::add)
                        .objects();
                assertThat(findings).isEmpty();
            }
            return "verified " + verified;
        });
        try (ExecutorService threads = Executors.newFixedThreadPool(work.size())) {
            List<Future<String>> running = work.stream().map(threads::submit).toList();
            try {
                for (Future<String> one : running) {
                    System.out.println(one.get());
                }
            } finally {
                captured.set(true);
            }
        }
        assertThat(allRemoved).hasPositiveValue();
        Repository again = Repository.open(store, key);
        KnownWal.compact(again, KnownWal.options(8192), Instant.parse("2030-01-01T00:00:00Z"));
        wal.check(1);
    }
}
