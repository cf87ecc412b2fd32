package io.isochron.upkeep;

import static io.isochron.upkeep.KnownWal.CREATED;
import static io.isochron.upkeep.KnownWal.SHARD;
import static io.isochron.upkeep.KnownWal.at;
import static io.isochron.upkeep.KnownWal.compact;
import static io.isochron.upkeep.KnownWal.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.isochron.objects.CopyListener;
import io.isochron.objects.FaultyStore;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.StoreRefusedException;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryKey;
import io.isochron.store.WalGapException;
import io.isochron.store.WalRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is compacted, what is left alone, and what happens where the store does not play along. */
class CompactionTest {
    private static final Instant NOW = CREATED.plus(Duration.ofDays(1));

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore memory = new MemoryStore();

    private static void fill(KnownWal wal, int timeline, long from, long to, int piece) throws IOException {
        for (long at = from; at < to; at += piece) {
            wal.write(timeline, at, Math.min(to, at + piece));
        }
    }

    @Test
    void smallPiecesBecomeLargeOnesAndASecondRunFindsNothingToDo() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 10_000, 100);
        wal.chronicle(1, 10_000, CREATED);
        CompactionSummary plan = new Compaction(wal.repository, options(4096), NOW).plan();
        assertThat(plan.removed()).isEqualTo(100);
        assertThat(plan.written()).isEqualTo(3);
        assertThat(wal.pieces(1)).as("a plan changes nothing").hasSize(100);
        CompactionSummary done = compact(wal.repository, options(4096), NOW);
        assertThat(done).isEqualTo(plan);
        assertThat(wal.pieces(1))
                .containsExactly(
                        new WalRange(SHARD, 1, at(0), at(4000)),
                        new WalRange(SHARD, 1, at(4000), at(8000)),
                        new WalRange(SHARD, 1, at(8000), at(10_000)));
        wal.check(1);
        assertThat(compact(wal.repository, options(4096), NOW).removed()).isZero();
    }

    @Test
    void whatIsNewOrReachesIntoWhatIsNewStays() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 10_000, 100);
        wal.chronicle(1, 5_050, CREATED);
        wal.chronicle(1, 10_000, NOW);
        compact(wal.repository, options(4096), NOW);
        assertThat(wal.pieces(1)).contains(new WalRange(SHARD, 1, at(5_000), at(5_100)));
        assertThat(wal.pieces(1)).hasSize(2 + 50);
        wal.check(1);
    }

    @Test
    void nothingIsJoinedAcrossAHoleOrATimeline() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 1_000, 100);
        fill(wal, 1, 1_050, 2_000, 100);
        fill(wal, 2, 1_500, 3_000, 100);
        wal.chronicle(1, 2_000, CREATED);
        wal.chronicle(2, 3_000, CREATED);
        compact(wal.repository, options(4096), NOW);
        assertThat(wal.pieces(1))
                .containsExactly(
                        new WalRange(SHARD, 1, at(0), at(1_000)), new WalRange(SHARD, 1, at(1_050), at(2_000)));
        assertThat(wal.pieces(2)).containsExactly(new WalRange(SHARD, 2, at(1_500), at(3_000)));
        wal.check(2);
    }

    @Test
    void aShardWithoutAChronicleIsLeftAlone() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 1_000, 100);
        assertThat(compact(wal.repository, options(4096), NOW).removed()).isZero();
        assertThat(wal.pieces(1)).hasSize(10);
    }

    @Test
    void damageAndPiecesThatDifferStayAndAreTold() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 1_000, 100);
        fill(wal, 1, 2_000, 3_000, 100);
        wal.repository.wal().write(new WalRange(SHARD, 1, at(2_350), at(2_450)), ByteBuffer.allocate(100));
        fill(wal, 1, 4_000, 5_000, 100);
        wal.chronicle(1, 5_000, CREATED);
        ObjectName damaged = memory.objects.keySet().stream()
                .filter(name -> name.value().startsWith("wal/"))
                .skip(3)
                .findFirst()
                .orElseThrow();
        byte[] bytes = memory.objects.get(damaged);
        bytes[bytes.length - 20] ^= 1;
        CompactionSummary done = compact(wal.repository, options(4096), NOW);
        assertThat(done.problems()).hasSize(2);
        assertThat(done.problems().get(0)).contains(damaged.value());
        assertThat(done.problems().get(1)).contains("differ");
        assertThat(done.removed()).isEqualTo(10);
        assertThat(wal.pieces(1)).hasSize(10 + 11 + 1);
    }

    @Test
    void nothingIsRemovedIfWhatWasWrittenReadsBackOtherwise() throws IOException {
        FaultyStore store = new FaultyStore(memory, (operation, name) -> {
            if (operation.equals("open") && name.startsWith("wal/")) {
                byte[] bytes = memory.objects.get(new ObjectName(name));
                if (bytes != null && bytes.length > 900) {
                    bytes[500] ^= 4;
                }
            }
        });
        KnownWal wal = KnownWal.in(store, key);
        fill(wal, 1, 0, 1_000, 100);
        wal.chronicle(1, 1_000, CREATED);
        CompactionSummary done = compact(wal.repository, options(4096), NOW);
        assertThat(done.removed()).isZero();
        assertThat(done.problems()).hasSize(1);
        assertThat(wal.pieces(1)).hasSize(11);
    }

    @Test
    void aStoreThatRemovesNothingGetsOneLargerPieceAndNoMoreHoweverOftenItIsTried() throws IOException {
        boolean[] locked = {true};
        FaultyStore store = new FaultyStore(memory, (operation, name) -> {
            if (operation.equals("delete") && locked[0]) {
                throw new StoreRefusedException("'" + name + "' is locked until 2027", new IOException("403"));
            }
        });
        KnownWal wal = KnownWal.in(store, key);
        fill(wal, 1, 0, 10_000, 100);
        wal.chronicle(1, 10_000, CREATED);
        for (int run = 0; run < 3; run++) {
            CompactionSummary done = compact(wal.repository, options(2048), NOW);
            assertThat(done.kept()).singleElement().asString().contains("is locked until 2027");
            assertThat(done.removed()).isZero();
            assertThat(wal.pieces(1)).hasSize(101);
        }
        wal.check(1);
        locked[0] = false;
        compact(wal.repository, options(2048), NOW);
        assertThat(wal.pieces(1)).hasSize(5);
        wal.check(1);
    }

    /** Compaction while a later page of a listing is fetched: the larger piece's name was passed, and the small ones are gone. */
    private KnownWal compactedDuringTheFirstListing(AtomicInteger pages, int page) throws IOException {
        FaultyStore store = new FaultyStore(memory, (operation, name) -> {
            if (operation.equals("list") && name.startsWith("wal/s0001/00000001/") && pages.incrementAndGet() == page) {
                try {
                    // what was listed before is being read
                    Thread.sleep(300);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                compact(Repository.open(memory, key), options(4096), NOW);
            }
        });
        KnownWal wal = KnownWal.in(new PagedStore(store, 1), key);
        fill(wal, 1, 0, 1_000, 100);
        wal.chronicle(1, 1_000, CREATED);
        pages.set(0);
        return wal;
    }

    @Test
    void theEndIsNotWhereAListingEndsThatMissedBoth() throws IOException {
        AtomicInteger pages = new AtomicInteger();
        KnownWal wal = compactedDuringTheFirstListing(pages, 3);
        assertThat(wal.repository.wal().contiguousEnd(SHARD, 1, at(150))).isEqualTo(at(1_000));
        assertThat(pages.get()).isGreaterThan(3);
        assertThat(wal.pieces(1)).hasSize(1);
    }

    @Test
    void aReaderGoesOnWhereItsListingMissedBoth() throws IOException {
        KnownWal wal = compactedDuringTheFirstListing(new AtomicInteger(), 2);
        try (var reader = wal.repository.wal().openReader(SHARD, 1, at(150))) {
            ByteBuffer into = ByteBuffer.allocate(850);
            while (into.hasRemaining()) {
                assertThat(reader.read(into)).isPositive();
            }
            assertThat(into.array()).isEqualTo(KnownWal.bytes(1, 150, 1_000));
        }
    }

    /** One listing lacks a piece, as one may in which a name was passed before it was there; the next one has it. */
    private KnownWal passedBy(AtomicInteger listings, int which, long lacking) throws IOException {
        ObjectStore store = new ForwardingStore(memory) {
            @Override
            public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
                Stream<ObjectInfo> all = super.list(prefix, startAfter);
                boolean lacks = prefix.startsWith("wal/s0001/00000001/") && listings.incrementAndGet() == which;
                String start = "/" + "%016x".formatted(at(lacking)) + "-";
                return lacks ? all.filter(info -> !info.name().value().contains(start)) : all;
            }
        };
        KnownWal wal = KnownWal.in(store, key);
        fill(wal, 1, 0, 1_000, 100);
        listings.set(0);
        return wal;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 400, 900})
    void aReaderBelievesNeitherAHoleNorAnEndThatOnlyOneListingShows(long lacking) throws IOException {
        AtomicInteger listings = new AtomicInteger();
        KnownWal wal = passedBy(listings, 1, lacking);
        try (var reader = wal.repository.wal().openReader(SHARD, 1, at(lacking + 50))) {
            ByteBuffer into = ByteBuffer.allocate((int) (950 - lacking));
            while (into.hasRemaining()) {
                assertThat(reader.read(into)).isPositive();
            }
            assertThat(into.array()).isEqualTo(KnownWal.bytes(1, lacking + 50, 1_000));
            assertThat(listings.get()).as("listings").isGreaterThan(1);
        }
    }

    @Test
    void aReaderBelievesAHoleThatTwoListingsShowAndNamesIt() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 400, 100);
        fill(wal, 1, 500, 1_000, 100);
        try (var reader = wal.repository.wal().openReader(SHARD, 1, at(0))) {
            ByteBuffer into = ByteBuffer.allocate(400);
            while (into.hasRemaining()) {
                assertThat(reader.read(into)).isPositive();
            }
            assertThatThrownBy(() -> reader.read(into.clear()))
                    .isInstanceOf(WalGapException.class)
                    .hasMessageContaining(SHARD);
        }
    }

    @Test
    void itEndsBetweenPiecesWhenItIsCancelledAndGoesOnThen() throws IOException {
        KnownWal wal = KnownWal.in(memory, key);
        fill(wal, 1, 0, 10_000, 100);
        wal.chronicle(1, 10_000, CREATED);
        Compaction compaction = new Compaction(wal.repository, options(2048), NOW);
        AtomicInteger asked = new AtomicInteger();
        List<Compaction.Progress> progress = new ArrayList<>();
        CompactionSummary plan = compaction.plan();
        CompactionSummary done = compaction.run(plan, () -> asked.incrementAndGet() > 2, progress::add);
        assertThat(done.cancelled()).isTrue();
        assertThat(done.written()).isEqualTo(2);
        assertThat(progress.getLast().totalBytes()).isEqualTo(10_000);
        assertThat(progress.getLast().bytes()).isEqualTo(4_000);
        wal.check(1);
        compact(wal.repository, options(2048), NOW);
        assertThat(wal.pieces(1)).hasSize(5);
        wal.check(1);
    }

    @Test
    void everyCopyIsCompactedAndOneThatIsAwayKeepsAllPieces() throws IOException {
        boolean[] away = {false};
        Map<String, MemoryStore> memories = new LinkedHashMap<>();
        Map<String, FaultyStore> stores = new LinkedHashMap<>();
        for (String name : List.of("near", "far", "third")) {
            MemoryStore one = new MemoryStore();
            memories.put(name, one);
            stores.put(name, new FaultyStore(one, (operation, object) -> {
                if (away[0] && name.equals("third")) {
                    throw new IOException("third is away");
                }
            }));
        }
        try (ReplicatedStore store = RepositoryCopies.of(stores, 2, ReplicatedStore.Role.WRITER, CopyListener.NONE)) {
            KnownWal wal = KnownWal.in(store, key);
            fill(wal, 1, 0, 10_000, 100);
            wal.chronicle(1, 10_000, CREATED);
            away[0] = true;
            assertThatThrownBy(() -> compact(wal.repository, options(4096), NOW))
                    .isInstanceOf(IOException.class);
            assertThat(wal.pieces(1)).hasSize(101);
            away[0] = false;
            await().until(() -> {
                try {
                    return compact(wal.repository, options(4096), NOW).removed() == 100;
                } catch (IOException e) {
                    return false;
                }
            });
            wal.check(1);
        }
        for (MemoryStore one : memories.values()) {
            assertThat(one.objects.keySet().stream().filter(name -> name.value().startsWith("wal/")))
                    .hasSize(3);
            Repository alone = Repository.open(one, key);
            try (var reader = alone.wal().openReader(SHARD, 1, at(0))) {
                ByteBuffer into = ByteBuffer.allocate(10_000);
                while (reader.read(into) > 0) {}
                assertThat(Arrays.equals(into.array(), KnownWal.bytes(1, 0, 10_000)))
                        .isTrue();
            }
        }
    }
}
