package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.Content;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStoreContract;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryTest {
    static final ClusterIdentity CLUSTER = new ClusterIdentity(
            UUID.fromString("7a0b6d3e-2f14-4c58-9a3b-000000000001"),
            "shop",
            List.of(
                    new ShardIdentity("north-customers", "7300000000000000001", 17, 16 << 20),
                    new ShardIdentity("south-customers", "7300000000000000002", 17, 16 << 20)));
    static final Instant CREATED = Instant.parse("2026-11-22T12:00:00Z");
    private static final String NORTH = "north-customers";
    private static final String SOUTH = "south-customers";

    @TempDir
    Path directory;

    private final RepositoryKey key = RepositoryKey.random();
    private FileSystemStore store;
    private Repository repository;

    @BeforeEach
    void makeRepository() throws IOException {
        store = FileSystemStore.create(directory.resolve("repository"));
        repository = Repository.init(store, key, CLUSTER, CREATED);
    }

    @Test
    void aRepositoryOpensWithItsKeyAndKnowsItsCluster() throws IOException {
        assertThat(Repository.open(store, key).cluster()).isEqualTo(CLUSTER);
    }

    @Test
    void anotherKeyIsRefusedWithTheIdsOfBothKeys() {
        RepositoryKey other = RepositoryKey.random();
        assertThatThrownBy(() -> Repository.open(store, other))
                .isInstanceOf(WrongKeyException.class)
                .hasMessageContaining(key.primaryKeyId())
                .hasMessageContaining(other.primaryKeyId())
                .hasMessageContaining("hint:");
    }

    @Test
    void anEmptyStoreIsNotARepository() throws IOException {
        FileSystemStore empty = FileSystemStore.create(directory.resolve("empty"));
        assertThatThrownBy(() -> Repository.open(empty, key)).isInstanceOf(NotARepositoryException.class);
    }

    @Test
    void aFolderThatIsNotThereIsNotARepository() {
        assertThatThrownBy(() -> FileSystemStore.open(directory.resolve("nowhere")))
                .isInstanceOf(NotARepositoryException.class);
    }

    @Test
    void aSecondInitLeavesTheRepositoryAlone() throws IOException {
        assertThatThrownBy(() -> Repository.init(store, RepositoryKey.random(), CLUSTER, CREATED))
                .isInstanceOf(ObjectExistsException.class);
        assertThat(Repository.open(store, key).cluster()).isEqualTo(CLUSTER);
    }

    @Test
    void anotherFormatVersionIsRefusedByItsNumber() throws IOException {
        FileSystemStore future = FileSystemStore.create(directory.resolve("future"));
        future.create(
                Names.HEADER,
                Content.of("{\"format\":\"isochron-repository\",\"version\":9}\n"
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertThatThrownBy(() -> Repository.open(future, key))
                .isInstanceOf(UnsupportedRepositoryException.class)
                .hasMessageContaining("version 9");
    }

    @Test
    void nothingAboutNamesIsReadableWithoutTheKey() throws IOException {
        repository.wal().write(new WalRange(NORTH, 1, 0x1000000, 0x1000400), ByteBuffer.allocate(1024));
        repository
                .chronicle()
                .append(NORTH, 1, "north-customers orders".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        snapshot(NORTH, Map.of("north-customers/orders", new byte[100]));
        try (Stream<Path> files = Files.walk(directory.resolve("repository"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String all = file + " " + Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
                assertThat(all)
                        .doesNotContain("north-customers")
                        .doesNotContain("shop")
                        .doesNotContain("orders");
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("r--r-----");
            }
        }
    }

    @Test
    void aKeyFileIsMadeForItsOwnerOnlyAndNeverReplaced() throws IOException {
        Path file = directory.resolve("key");
        RepositoryKey made = RepositoryKey.generate(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(RepositoryKey.load(file).keyIds()).isEqualTo(made.keyIds());
        assertThatThrownBy(() -> RepositoryKey.generate(file)).isInstanceOf(KeyFileException.class);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> RepositoryKey.load(file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("rw-r-----")
                .hasMessageContaining("chmod 600");
    }

    @Test
    void aKeyFileThatHoldsNoKeyIsRefusedWithoutShowingWhatItHolds() throws IOException {
        Path file = directory.resolve("nokey");
        Files.writeString(file, "secret words");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> RepositoryKey.load(file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageNotContaining("secret words");
        assertThatThrownBy(() -> RepositoryKey.load(directory.resolve("none"))).isInstanceOf(KeyFileException.class);
    }

    @Test
    void documentsAndHistoriesComeBackAndAreNotReplaced() throws IOException {
        Documents documents = repository.documents();
        documents.put("cut", "b", new byte[] {1});
        documents.put("cut", "a", new byte[] {2});
        documents.put("cuts", "c", new byte[] {3});
        assertThat(documents.get("cut", "a")).hasValue(new byte[] {2});
        assertThat(documents.get("cut", "none")).isEmpty();
        try (Stream<String> ids = documents.list("cut")) {
            assertThat(ids).containsExactly("a", "b");
        }
        assertThatThrownBy(() -> documents.put("cut", "a", new byte[] {4})).isInstanceOf(ObjectExistsException.class);
        TimelineHistories histories = repository.timelineHistories();
        histories.put(NORTH, 2, new byte[] {5});
        histories.put(NORTH, 2, new byte[] {5});
        assertThat(histories.get(NORTH, 2)).hasValue(new byte[] {5});
        assertThat(histories.get(SOUTH, 2)).isEmpty();
        assertThatThrownBy(() -> histories.put(NORTH, 2, new byte[] {6})).isInstanceOf(ObjectExistsException.class);
    }

    @Test
    void theLastChronicleSegmentIsFoundForAnyNumberOfThem() throws IOException {
        ChronicleStore chronicle = repository.chronicle();
        assertThat(chronicle.lastSequence(NORTH)).isEmpty();
        for (long sequence = 9990; sequence < 10030; sequence++) {
            chronicle.append(NORTH, sequence, new byte[] {(byte) sequence});
            assertThat(chronicle.lastSequence(NORTH)).hasValue(sequence);
        }
        assertThat(chronicle.firstSequence(NORTH)).hasValue(9990);
        assertThat(chronicle.lastSequence(SOUTH)).isEmpty();
        assertThat(chronicle.read(NORTH, 10001)).containsExactly((byte) 10001);
        assertThatThrownBy(() -> chronicle.append(NORTH, 10001, new byte[0])).isInstanceOf(ObjectExistsException.class);
        assertThatThrownBy(() -> chronicle.read(NORTH, 10030)).isInstanceOf(ObjectNotFoundException.class);
    }

    @Test
    void aLentSegmentIsTheOneThatIsReadWhateverItsLength() throws IOException {
        ChronicleStore chronicle = repository.chronicle();
        int[] lengths = {0, 1, 127, 128, 5_000, 4_999, 131_073, 256 << 10, (256 << 10) + 1, 300_000, 10};
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < lengths.length; i++) {
            byte[] content = new byte[lengths[i]];
            random.nextBytes(content);
            chronicle.append(NORTH, i, content);
        }
        for (int i = 0; i < lengths.length; i++) {
            byte[] lent = chronicle.<byte[], RuntimeException>lend(NORTH, i, Arrays::copyOf);
            assertThat(lent).hasSize(lengths[i]).isEqualTo(chronicle.read(NORTH, i));
        }
        assertThatThrownBy(() -> chronicle.<byte[], RuntimeException>lend(NORTH, lengths.length, Arrays::copyOf))
                .isInstanceOf(ObjectNotFoundException.class);
    }

    @Test
    void aHoleInTheChronicleIsNeverTakenForItsEnd() throws IOException {
        ChronicleStore chronicle = repository.chronicle();
        for (long sequence = 0; sequence < 40; sequence++) {
            chronicle.append(NORTH, sequence, new byte[] {1});
        }
        for (long hole = 1; hole < 39; hole++) {
            Path file = directory
                    .resolve("repository")
                    .resolve(Names.chronicle(1, hole).value());
            Path aside = directory.resolve("aside");
            Files.move(file, aside);
            long missing = hole;
            try {
                assertThat(chronicle.lastSequence(NORTH)).hasValue(39);
            } catch (ObjectNotFoundException e) {
                assertThat(e.name()).isEqualTo(Names.chronicle(1, missing));
            }
            Files.move(aside, file);
        }
    }

    @Test
    void walOfManySmallPiecesReadsAsOneSequence() throws IOException, InterruptedException {
        Random random = new Random(1);
        byte[] wal = new byte[300_000];
        random.nextBytes(wal);
        long base = 0x1_0FFF_F000L;
        List<long[]> cuts = new ArrayList<>();
        for (int at = 0; at < wal.length; ) {
            int end = Math.min(wal.length, at + 1 + random.nextInt(9000));
            cuts.add(new long[] {at, end});
            at = end;
        }
        for (long[] cut : cuts.subList(0, cuts.size() - 1)) {
            writeWal(base, wal, (int) cut[0], (int) cut[1]);
        }
        // an overlap, as after a restart of capture
        writeWal(base, wal, 100_000, 150_000);
        int begin = 70_123;
        byte[] got = new byte[wal.length];
        ByteBuffer into = ByteBuffer.wrap(got);
        try (WalArchiveReader reader = repository.wal().openReader(NORTH, 1, base + begin)) {
            while (reader.read(into.limit(Math.min(got.length, into.position() + 5000))) > 0) {
                assertThat(reader.position()).isEqualTo(base + begin + into.position());
            }
            long[] rest = cuts.getLast();
            assertThat(reader.position()).isEqualTo(base + rest[0]);
            assertThat(reader.awaitMore(Duration.ofMillis(50))).isFalse();
            writeWal(base, wal, (int) rest[0], (int) rest[1]);
            assertThat(reader.available()).isEqualTo(base + wal.length);
            assertThat(reader.awaitMore(Duration.ofSeconds(60))).isTrue();
            into.limit(got.length);
            while (reader.read(into) > 0) {}
        }
        assertThat(Arrays.copyOf(got, into.position())).isEqualTo(Arrays.copyOfRange(wal, begin, wal.length));
        assertThat(repository.wal().contiguousEnd(NORTH, 1, base)).isEqualTo(base + wal.length);
        assertThat(repository.wal().gaps(NORTH, 1)).isEmpty();
        assertThat(repository.wal().timelines(NORTH)).containsExactly(1);
        assertThat(repository.wal().timelines(SOUTH)).isEmpty();
    }

    private void writeWal(long base, byte[] wal, int from, int to) throws IOException {
        int middle = (from + to) / 2;
        repository
                .wal()
                .write(
                        new WalRange(NORTH, 1, base + from, base + to),
                        ByteBuffer.wrap(wal, from, middle - from),
                        ByteBuffer.wrap(wal, middle, to - middle));
    }

    @Test
    void walComesBackWhateverItsSizeItsBuffersAndHowItCompresses() throws IOException {
        long at = 0x5000_0000L;
        for (int length : new int[] {1, 111, 127, 128, 65_000, 65_536, 1 << 20, 5_000_001}) {
            for (boolean direct : new boolean[] {false, true}) {
                byte[] bytes = length % 2 == 0 ? new byte[length] : ObjectStoreContract.random(length, length);
                ByteBuffer buffer = direct
                        ? ByteBuffer.allocateDirect(length)
                        : ByteBuffer.allocate(length + 7).position(7);
                buffer.put(bytes).position(buffer.position() - length);
                WalRange range = new WalRange(NORTH, 1, at, at + length);
                repository.wal().write(range, direct ? buffer : buffer.slice());
                assertThat(repository.wal().read(range)).isEqualTo(bytes);
                at += length;
            }
        }
        long end = at;
        assertThatThrownBy(() -> repository.wal().write(new WalRange(NORTH, 1, end, end + 5), ByteBuffer.allocate(4)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new WalRange(NORTH, 1, 0, WalArchive.MAX_OBJECT_BYTES + 1L))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void missingWalIsAGapThatIsNamedAndNotTheEnd() throws IOException {
        byte[] wal = new byte[3000];
        writeWal(0x1000, wal, 0, 1000);
        writeWal(0x1000, wal, 2000, 3000);
        try (WalArchiveReader reader = repository.wal().openReader(NORTH, 1, 0x1000)) {
            assertThat(reader.read(ByteBuffer.allocate(5000))).isEqualTo(1000);
            assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(5000)))
                    .isInstanceOfSatisfying(WalGapException.class, gap -> {
                        assertThat(gap.gapStart()).isEqualTo(0x1000 + 1000);
                        assertThat(gap.gapEnd()).isEqualTo(0x1000 + 2000);
                    });
            assertThat(reader.available()).isEqualTo(0x1000 + 1000);
        }
        assertThat(repository.wal().gaps(NORTH, 1)).containsExactly(new WalGap(NORTH, 1, 0x1000 + 1000, 0x1000 + 2000));
        try (WalArchiveReader before = repository.wal().openReader(NORTH, 1, 0)) {
            assertThatThrownBy(() -> before.read(ByteBuffer.allocate(1))).isInstanceOf(WalGapException.class);
        }
        try (WalArchiveReader beyond = repository.wal().openReader(NORTH, 1, 0x10_0000)) {
            assertThat(beyond.read(ByteBuffer.allocate(1))).isZero();
        }
    }

    private SnapshotInfo snapshot(String shard, Map<String, byte[]> files) throws IOException {
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(3, 64 << 10))) {
            ShardSnapshotWriter part = writer.shard(shard);
            part.directory("base", 0700, 5);
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                part.file(file.getKey(), 0600, 7, file.getValue().length, new ByteArrayInputStream(file.getValue()));
            }
            part.symlink("pg_tblspc/16384", 0777, 6, "/somewhere/else");
            part.backupManifest(
                    new ByteArrayInputStream("{manifest}".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            part.finish(1, 0x2000, 0x3000, "{\"a\":1}");
            return writer.publish("{\"label\":\"x\"}");
        }
    }

    @Test
    void aSnapshotComesBackByteForByteWhicheverWayItIsRead() throws IOException {
        Random random = new Random(2);
        Map<String, byte[]> files = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            files.put("base/5/" + i, someBytes(random, random.nextInt(20_000)));
        }
        files.put("base/5/empty", new byte[0]);
        files.put("base/5/big", someBytes(random, 5_000_000));
        SnapshotInfo info = snapshot(NORTH, files);
        assertThat(info.shard(NORTH).packs()).isGreaterThan(5);
        SnapshotReader reader = repository.snapshots().open(info.id());
        assertThat(reader.info()).isEqualTo(info);
        assertThat(repository.snapshots().list()).containsExactly(info);
        Map<String, byte[]> fetched = new HashMap<>();
        try (Stream<SnapshotEntry> entries = reader.entries(NORTH)) {
            for (SnapshotEntry entry : (Iterable<SnapshotEntry>) entries::iterator) {
                if (entry instanceof SnapshotEntry.File file) {
                    fetched.put(file.path(), new byte[(int) file.bytes()]);
                    CRC32C crc = new CRC32C();
                    byte[] whole;
                    try (InputStream in = reader.open(file)) {
                        whole = in.readAllBytes();
                    }
                    crc.update(whole);
                    assertThat((int) crc.getValue()).isEqualTo(file.crc32c());
                    if (files.containsKey(file.path())) {
                        assertThat(whole).isEqualTo(files.get(file.path()));
                    }
                }
            }
        }
        List<PackFetch> packs;
        try (Stream<PackFetch> stream = reader.packs(NORTH)) {
            packs = stream.toList();
        }
        assertThat(packs.stream().map(PackFetch::pack)).doesNotHaveDuplicates().hasSize((int)
                info.shard(NORTH).packs());
        packs.parallelStream().forEach(pack -> {
            try {
                pack.read(
                        (piece, at, bytes) -> bytes.get(fetched.get(piece.file().path()), (int) at, bytes.remaining()));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        assertThat(fetched.remove("backup_manifest")).asString().isEqualTo("{manifest}");
        assertThat(fetched.keySet()).isEqualTo(files.keySet());
        fetched.forEach((path, bytes) -> assertThat(bytes).as(path).isEqualTo(files.get(path)));
        try (InputStream manifest = reader.backupManifest(NORTH).orElseThrow()) {
            assertThat(manifest.readAllBytes()).asString().isEqualTo("{manifest}");
        }
    }

    @Test
    void aSnapshotIsInvisibleUntilItIsPublished() throws IOException {
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, SnapshotOptions.DEFAULT)) {
            ShardSnapshotWriter part = writer.shard(NORTH);
            part.file("a", 0600, 0, 3, new ByteArrayInputStream(new byte[3]));
            assertThatThrownBy(() -> writer.publish("")).isInstanceOf(IllegalStateException.class);
            part.finish(1, 1, 2, "");
            assertThat(repository.snapshots().list()).isEmpty();
            assertThatThrownBy(() -> repository.snapshots().open(writer.id()))
                    .isInstanceOf(ObjectNotFoundException.class);
            writer.publish("");
            assertThat(repository.snapshots().ids()).containsExactly(writer.id());
        }
    }

    @Test
    void pathsThatLeaveTheirFolderAreRefused() throws IOException {
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, SnapshotOptions.DEFAULT)) {
            ShardSnapshotWriter part = writer.shard(NORTH);
            for (String path : List.of("", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a")) {
                assertThatThrownBy(() -> part.directory(path, 0700, 0)).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    static byte[] someBytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        Arrays.fill(bytes, length / 4, length / 2, (byte) 0);
        return bytes;
    }
}
