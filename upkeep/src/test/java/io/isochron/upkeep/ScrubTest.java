package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.Content;
import io.isochron.objects.CopyListener;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.StoreException;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.ScrubRecord;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalRange;
import io.isochron.testkit.ChildJvm;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading little by little comes round to everything, says truly how far it is, and takes nothing for missing that went as it should. */
class ScrubTest {
    private static final String SHARD = "north";
    private static final int PIECE = 500;

    @TempDir
    Path directory;

    private RepositoryKey key;
    private Watched store;
    private Repository repository;
    private Instant now = Instant.parse("2026-11-26T00:00:00Z");
    private int pieces;

    /** A store that remembers when objects came and when they were read to be checked, and lets the test change things in between. */
    private final class Watched extends ForwardingStore {
        private final Map<ObjectName, Instant> created = new HashMap<>();
        private final Map<ObjectName, Instant> read = new HashMap<>();
        private final List<ObjectName> order = new ArrayList<>();
        private Runnable beforeReading = () -> {};

        Watched(ObjectStore inner) {
            super(inner);
        }

        @Override
        public void create(ObjectName name, Content content) throws IOException {
            super.create(name, content);
            created.put(name, now);
        }

        @Override
        public InputStream open(ObjectName name, long offset, long length) throws IOException {
            beforeReading.run();
            InputStream in = super.open(name, offset, length);
            order.add(name);
            read.put(name, now);
            return in;
        }
    }

    @BeforeEach
    void make() throws IOException {
        key = RepositoryKey.generate(directory.resolve("key"));
        store = new Watched(FileSystemStore.create(directory.resolve("repository")));
        repository = Repository.init(
                store,
                key,
                new ClusterIdentity(UUID.randomUUID(), "c", List.of(new ShardIdentity(SHARD, "1", 17, 16 << 20))),
                now);
        addPieces(30);
    }

    private static byte[] wal(long from, long to) {
        byte[] bytes = new byte[(int) (to - from)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((from + i) * 0x9E3779B97F4A7C15L >>> 56);
        }
        return bytes;
    }

    private void addPieces(int count) throws IOException {
        for (int i = 0; i < count; i++, pieces++) {
            write(pieces, pieces + 1);
            repository.chronicle().append(SHARD, pieces, new byte[20]);
        }
    }

    private void write(int from, int to) throws IOException {
        repository.wal().write(range(from, to), ByteBuffer.wrap(wal((long) from * PIECE, (long) to * PIECE)));
    }

    private static WalRange range(int from, int to) {
        return new WalRange(SHARD, 1, (long) from * PIECE, (long) to * PIECE);
    }

    private static ObjectName name(int from, int to) {
        String start = String.format("%016x", (long) from * PIECE);
        return new ObjectName("wal/s0001/00000001/" + start.substring(0, 9) + "/" + start + "-"
                + String.format("%016x", (long) to * PIECE));
    }

    private Scrub scrub(java.util.function.BooleanSupplier cancelled) {
        return new Scrub(
                repository,
                repository.scrubSource(Map.of()),
                () -> now,
                time -> now = now.plus(time),
                cancelled,
                bytes -> now = now.plusMillis(1));
    }

    private Scrub.Result run(ScrubOptions options) throws Exception {
        return scrub(() -> false).run(options);
    }

    private ScrubState state() throws IOException {
        return ScrubState.of(repository, List.of(""));
    }

    private List<ObjectName> objects() throws IOException {
        try (Stream<ObjectInfo> all = store.list("", null)) {
            return all.map(ObjectInfo::name).toList();
        }
    }

    private void damage(ObjectName name) throws IOException {
        Path file = directory.resolve("repository").resolve(name.value());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.delete(file);
        Files.write(file, bytes);
    }

    @Test
    void manySmallRunsReadEverythingOnceAndThenBeginAgainWhatWasReadLongestAgo() throws Exception {
        List<ObjectName> all = objects();
        Instant begin = now;
        int runs = 0;
        store.order.clear();
        while (state().readSince() == null) {
            run(ScrubOptions.everything().withBytes(3000));
            now = now.plusSeconds(60);
            runs++;
            assertThat(runs).isLessThan(1000);
        }
        assertThat(runs).isGreaterThan(5);
        assertThat(store.order.stream().filter(name -> name.value().startsWith("wal/")))
                .as("each once, in their order")
                .containsExactlyElementsOf(all.stream()
                        .filter(name -> name.value().startsWith("wal/"))
                        .toList());
        assertThat(state().readSince()).isEqualTo(begin);
        assertThat(store.read).containsKeys(all.toArray(ObjectName[]::new));
        Scrub.Result whole = run(ScrubOptions.everything());
        assertThat(whole.objects()).isGreaterThanOrEqualTo(all.size());
        assertThat(whole.problems()).isZero();
        assertThat(state().readSince()).isAfter(begin);
    }

    @Test
    void whatAScrubSaysIsTrueWhileObjectsComeAreReplacedAndGo() throws Exception {
        long seed = Seeds.seed();
        Random random = new Random(seed);
        int[] gone = {0};
        int[] records = {0};
        int claims = 0;
        store.beforeReading = () -> {
            if (random.nextInt(20) == 0) {
                change(random, gone, records);
            }
        };
        for (int round = 0; round < 50; round++) {
            now = now.plusSeconds(1 + random.nextInt(600));
            change(random, gone, records);
            Scrub.Result result = run(ScrubOptions.everything()
                    .withBytes(500 + random.nextInt(20_000))
                    .withRecordBytes(500 + random.nextInt(5_000)));
            assertThat(result.findings()).as("seed %d, round %d", seed, round).isEmpty();
            Instant since = state().readSince();
            if (since != null) {
                claims++;
                for (ObjectName name : objects()) {
                    if (!store.created.get(name).isAfter(since.minusMillis(1))) {
                        assertThat(store.read.get(name))
                                .as("seed %d, round %d, since %s: %s", seed, round, since, name)
                                .isNotNull()
                                .isAfterOrEqualTo(since);
                    }
                }
            }
        }
        assertThat(claims).as("seed %d", seed).isGreaterThan(5);
        assertThat(gone[0]).as("seed %d", seed).isGreaterThan(5);
        Runnable changing = store.beforeReading;
        store.beforeReading = () -> {};
        List<Finding> findings = new ArrayList<>();
        repository.verify(io.isochron.store.VerifyScope.ALL, findings::add);
        assertThat(findings).as("seed %d", seed).isEmpty();
        assertThat(changing).isNotNull();
    }

    /** New pieces, several replaced by a larger one, or the oldest ones given up and removed. */
    private void change(Random random, int[] gone, int[] records) {
        Runnable changing = store.beforeReading;
        store.beforeReading = () -> {};
        try {
            switch (random.nextInt(3)) {
                case 0 -> addPieces(1 + random.nextInt(5));
                case 1 -> {
                    int from = gone[0] + random.nextInt(Math.max(1, pieces - gone[0] - 6));
                    int to = Math.min(pieces, from + 4);
                    boolean there = objects().contains(name(from, from + 1))
                            && objects().contains(name(from + 1, from + 2))
                            && objects().contains(name(from + 2, from + 3))
                            && objects().contains(name(from + 3, to));
                    if (there) {
                        write(from, to);
                        for (int piece = from; piece < to; piece++) {
                            store.delete(name(piece, piece + 1));
                        }
                    }
                }
                default -> {
                    if (pieces - gone[0] > 40) {
                        expire(gone[0] + 5, records);
                        gone[0] += 5;
                    }
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            store.beforeReading = changing;
        }
    }

    private void expire(int upTo, int[] records) throws IOException {
        repository.keepOnly(new RetentionRecord(
                records[0]++,
                now,
                "test",
                RetentionPromise.of(Duration.ofDays(1)),
                now,
                null,
                Map.of(SHARD, new RetentionRecord.Floor((long) upTo * PIECE, upTo, 0, 0)),
                List.of(),
                List.of(),
                Map.of()));
        for (ObjectName name : objects()) {
            String[] parts = name.value().split("/");
            boolean wal = parts[0].equals("wal") && Long.parseLong(parts[4].substring(17), 16) <= (long) upTo * PIECE;
            boolean segment = parts[0].equals("chronicle") && Long.parseLong(parts[3]) < upTo;
            if (wal || segment) {
                store.delete(name);
            }
        }
    }

    @Test
    void damageStaysSaidUntilTheObjectIsReadAgain() throws Exception {
        byte[] whole = Files.readAllBytes(
                directory.resolve("repository").resolve(name(7, 8).value()));
        damage(name(7, 8));
        store.delete(name(11, 12));
        // gone before it was listed: nothing but a whole verification sees that
        Scrub.Result result = run(ScrubOptions.everything());
        assertThat(result.problems()).isEqualTo(1);
        assertThat(state().findings())
                .singleElement()
                .satisfies(found -> assertThat(found.finding().object())
                        .isEqualTo(name(7, 8).value()));
        Path file = directory.resolve("repository").resolve(name(7, 8).value());
        Files.delete(file);
        Files.write(file, whole);
        assertThat(state().findings()).hasSize(1);
        assertThat(run(ScrubOptions.everything()).problems()).isZero();
        assertThat(state().findings()).isEmpty();
    }

    /** A pass that has not come to it says nothing of an object: what the pass before found there still counts. */
    @Test
    void damageBehindTheCursorStaysSaidWhileTheNextPassGoesOn() throws Exception {
        damage(name(25, 26));
        assertThat(run(ScrubOptions.everything()).problems()).isEqualTo(1);
        String damaged = name(25, 26).value();
        for (int runs = 0; runs < 6; runs++) {
            assertThat(run(ScrubOptions.everything().withBytes(1500)).problems())
                    .as("not read again yet")
                    .isZero();
            assertThat(state().findings())
                    .as("run %d", runs)
                    .singleElement()
                    .satisfies(found -> assertThat(found.finding().object()).isEqualTo(damaged));
        }
    }

    @Test
    void anObjectThatGoesWhileItMustBeThereIsMissing() throws Exception {
        store.beforeReading = () -> {
            store.beforeReading = () -> {};
            try {
                // the listing that is being read has it already
                for (ObjectName name :
                        List.of(name(3, 4), new ObjectName("chronicle/s0001/000000000000/0000000000000004"))) {
                    store.delete(name);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        };
        List<String> listed = objects().stream().map(ObjectName::value).toList();
        Optional<Finding> wal;
        Optional<Finding> segment;
        store.beforeReading.run();
        wal = repository.scrubSource(Map.of()).read("", name(3, 4));
        segment = repository
                .scrubSource(Map.of())
                .read("", new ObjectName("chronicle/s0001/000000000000/0000000000000004"));
        assertThat(listed).contains(name(3, 4).value());
        assertThat(wal.orElseThrow().severity()).isEqualTo(Finding.Severity.MISSING);
        assertThat(segment.orElseThrow().severity()).isEqualTo(Finding.Severity.MISSING);
    }

    @Test
    void limitsOfTimeAndRateHold() throws Exception {
        Instant begin = now;
        Scrub.Result slow = run(ScrubOptions.everything().withRate(1000));
        double seconds = Duration.between(begin, now).toMillis() / 1000.0;
        assertThat(slow.bytes() / seconds).isBetween(900.0, 1000.0);
        begin = now;
        Scrub.Result brief = run(ScrubOptions.everything().withRate(1000).withTime(Duration.ofSeconds(5)));
        assertThat(Duration.between(begin, now)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
        assertThat(brief.bytes()).isBetween(4000L, 6500L);
        assertThat(state().last()).isEqualTo(now);
    }

    @Test
    void aCancelledScrubRecordsWhatItHasRead() throws Exception {
        int[] asked = {0};
        Scrub.Result result = scrub(() -> ++asked[0] > 10).run(ScrubOptions.everything());
        assertThat(result.cancelled()).isTrue();
        assertThat(result.objects()).isBetween(5L, 10L);
        ScrubRecord record = repository.scrubs().newest().orElseThrow();
        assertThat(record.objects()).isEqualTo(result.objects());
        assertThat(record.through())
                .isEqualTo(objects().get((int) result.objects() - 1).value());
    }

    @Test
    void ofTwoAtOnceOneIsToldAndNeitherClaimsTooMuch() throws Exception {
        boolean[] other = {false};
        Scrub first = scrub(() -> {
            if (!other[0]) {
                other[0] = true;
                try {
                    run(ScrubOptions.everything().withBytes(2000));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            return false;
        });
        assertThatThrownBy(() -> first.run(ScrubOptions.everything()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("another scrub");
        assertThat(state().readSince()).isNull();
        assertThat(run(ScrubOptions.everything()).problems()).isZero();
        assertThat(state().readSince()).isNotNull();
    }

    @Test
    void everyCopyIsRead() throws Exception {
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        copies.put("near", FileSystemStore.create(directory.resolve("near")));
        copies.put("far", FileSystemStore.create(directory.resolve("far")));
        try (ReplicatedStore both = RepositoryCopies.of(copies, 2, ReplicatedStore.Role.WRITER, CopyListener.NONE)) {
            both.setRepairing(false);
            repository = Repository.init(both, key, repository.cluster(), now);
            pieces = 0;
            addPieces(5);
            Path far = directory.resolve("far");
            byte[] bytes = Files.readAllBytes(far.resolve(name(2, 3).value()));
            bytes[60] ^= 1;
            Files.delete(far.resolve(name(2, 3).value()));
            Files.write(far.resolve(name(2, 3).value()), bytes);
            Files.delete(far.resolve(name(3, 4).value()));
        }
        // a writer would place what is missing when it lists
        try (ReplicatedStore both = RepositoryCopies.of(copies, 2, ReplicatedStore.Role.READER, CopyListener.NONE)) {
            both.setRepairing(false);
            repository = Repository.open(both, key);
            Scrub.Result result = new Scrub(
                            repository,
                            repository.scrubSource(both.copies()),
                            () -> now,
                            time -> {},
                            () -> false,
                            read -> {})
                    .run(ScrubOptions.everything());
            assertThat(result.findings())
                    .extracting(found -> found.copy() + " " + found.finding().severity() + " "
                            + found.finding().object())
                    .containsExactly("far DAMAGE " + name(2, 3), "far MISSING " + name(3, 4));
            assertThat(ScrubState.of(repository, List.of("near", "far")).readSince())
                    .isNotNull();
            assertThat(ScrubState.of(repository, List.of("near", "far", "third"))
                            .readSince())
                    .as("a copy that no scrub has read")
                    .isNull();
        }
    }

    /** Scrubs a folder; ends where the test says. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            Repository repository = Repository.open(
                    FileSystemStore.open(Path.of(arguments[0])), RepositoryKey.load(Path.of(arguments[1])));
            new Scrub(
                            repository,
                            repository.scrubSource(Map.of()),
                            java.time.InstantSource.system(),
                            Thread::sleep,
                            () -> false,
                            read -> {})
                    .run(ScrubOptions.everything().withRecordBytes(4000));
        }
    }

    @Test
    void aScrubThatIsKilledAnywhereGoesOnFromItsLastRecord() throws Exception {
        long known = 0;
        for (String point : List.of("scrub.read#1", "scrub.read#3", "scrub.recorded#1", "scrub.recorded#2")) {
            try (ChildJvm child = ChildJvm.start(
                    Child.class,
                    directory.resolve("output"),
                    List.of("-Disochron.crash=" + point),
                    List.of(
                            directory.resolve("repository").toString(),
                            directory.resolve("key").toString()))) {
                assertThat(child.await(Duration.ofMinutes(2)))
                        .as(child.output())
                        .isEqualTo(CrashPoint.STATUS);
            }
            long records = repository
                    .scrubs()
                    .newest()
                    .map(record -> record.number() + 1)
                    .orElse(0L);
            long expected = known
                    + switch (point) {
                        case "scrub.read#1" -> 0;
                        case "scrub.read#3", "scrub.recorded#2" -> 2;
                        default -> 1;
                    };
            assertThat(records).as(point).isEqualTo(expected);
            known = records;
        }
        String through = "";
        for (long number = 0; number < known; number++) {
            ScrubRecord record = repository.scrubs().read(number);
            assertThat(record.after()).isEqualTo(through);
            through = record.through();
        }
        assertThat(run(ScrubOptions.everything()).problems()).isZero();
        assertThat(state().readSince()).isNotNull();
        List<Finding> findings = new ArrayList<>();
        repository.verify(io.isochron.store.VerifyScope.ALL, findings::add);
        assertThat(findings).isEmpty();
    }
}
