package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStoreContract;
import io.isochron.store.Finding.Severity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A sample is what it says, and what must be there is looked at whatever the sample. */
class SamplingTest {
    private static final String NORTH = "north-customers";
    private static final int PIECES = 400;
    private static final int PIECE = 1000;

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore store = new MemoryStore();
    private Repository repository;

    @BeforeEach
    void fill() throws IOException {
        repository = Repository.init(store, key, CLUSTER, CREATED);
        for (int piece = 0; piece < PIECES; piece++) {
            write(repository, piece * PIECE, (piece + 1) * PIECE);
            repository.chronicle().append(NORTH, piece + 1, new byte[50]);
        }
        for (int document = 0; document < 3; document++) {
            repository.documents().put("cut", "number" + document, new byte[30]);
        }
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(3, 256 << 10))) {
            for (ShardIdentity shard : CLUSTER.shards()) {
                ShardSnapshotWriter part = writer.shard(shard.name());
                for (int file = 0; file < 20; file++) {
                    byte[] content = noise(file, 300_000);
                    part.file("base/" + file, 0600, 0, content.length, new ByteArrayInputStream(content));
                }
                part.finish(1, 0, shard.name().equals(NORTH) ? 5000 : 0, "");
            }
            writer.publish("");
        }
    }

    private static byte[] noise(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void write(Repository repository, int from, int to) throws IOException {
        byte[] bytes = new byte[to - from];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((from + i) * 31 >> 3);
        }
        repository.wal().write(new WalRange(NORTH, 1, 0x2000_0000L + from, 0x2000_0000L + to), ByteBuffer.wrap(bytes));
    }

    private List<Finding> findings(Sampling sampling) throws IOException {
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, sampling, SegmentCheck.NONE, findings::add);
        return findings;
    }

    private VerifySummary whole(Sampling sampling) throws IOException {
        List<Finding> findings = new ArrayList<>();
        VerifySummary summary = repository.verify(VerifyScope.ALL, sampling, SegmentCheck.NONE, findings::add);
        // the snapshot needs WAL from 0, which was never written
        assertThat(findings).allSatisfy(finding -> assertThat(finding.object()).startsWith("wal/"));
        return summary;
    }

    @Test
    void aSampleReadsItsShareOfEachKindAndSaysSo() throws IOException {
        VerifySummary all = whole(Sampling.ALL);
        VerifySummary sample = whole(Sampling.share(0.05, 1));
        assertThat(sample.kinds().keySet()).isEqualTo(all.kinds().keySet());
        sample.kinds().forEach((kind, coverage) -> {
            Coverage full = all.kinds().get(kind);
            assertThat(coverage.objects()).as(kind).isEqualTo(full.objects());
            assertThat(coverage.bytes()).as(kind).isEqualTo(full.bytes()).isEqualTo(full.bytesRead());
            assertThat(coverage.objectsRead()).as(kind).isBetween(1L, full.objectsRead());
        });
        assertThat(sample.kinds().get("wal").objectsRead()).isCloseTo(20, within(1L));
        assertThat(sample.kinds().get("chronicle").objectsRead()).isCloseTo(20, within(1L));
        assertThat(sample.kinds().get("document").objectsRead()).isEqualTo(1);
        for (String always : List.of("isochron-repository", "manifest", "snapshot")) {
            assertThat(sample.kinds().get(always).percent()).as(always).isEqualTo(100);
        }
        long half = all.bytes() / 2;
        assertThat(whole(Sampling.bytes(half, 1)).bytes()).isCloseTo(half, within(all.bytes() / 10));
        assertThat(whole(Sampling.bytes(Long.MAX_VALUE, 1)).kinds()).isEqualTo(all.kinds());
    }

    @Test
    void theSeedDecidesWhatIsReadAndNoObjectIsLeftOutForEver() throws IOException {
        TreeSet<ObjectName> ever = new TreeSet<>();
        List<List<ObjectName>> samples = new ArrayList<>();
        for (long seed : new long[] {7, 7, 8}) {
            samples.add(read(seed));
        }
        assertThat(samples.get(0)).isEqualTo(samples.get(1)).isNotEqualTo(samples.get(2));
        for (int seed = 0; seed < 200; seed++) {
            ever.addAll(read(seed));
        }
        assertThat(ever).hasSize(PIECES);
    }

    private List<ObjectName> read(long seed) throws IOException {
        Sampling.Stratum stratum = Sampling.share(0.05, seed).stratum("wal/s0001/");
        List<ObjectName> read = new ArrayList<>();
        try (Stream<ObjectInfo> pieces = store.list("wal/", null)) {
            pieces.filter(stratum::choose).forEach(info -> read.add(info.name()));
        }
        return read;
    }

    @Test
    void whatIsMissingIsFoundWhateverTheSample() throws IOException {
        long seed = ObjectStoreContract.seed();
        System.out.println("isochron.seed=" + seed);
        List<Finding> before = findings(Sampling.share(0.001, seed));
        for (String prefix : List.of("wal/", "chronicle/", "pack/", "manifest/")) {
            List<ObjectName> names;
            try (Stream<ObjectInfo> all = store.list(prefix, null)) {
                names = all.map(ObjectInfo::name).toList();
            }
            // not the newest, to which nothing refers
            boolean numbered = prefix.equals("wal/") || prefix.equals("chronicle/");
            int inner =
                    numbered ? 1 + new Random(seed).nextInt(names.size() - 2) : new Random(seed).nextInt(names.size());
            byte[] bytes = store.objects.remove(names.get(inner));
            assertThat(findings(Sampling.share(0.001, seed)))
                    .as("seed %d, %s", seed, names.get(inner))
                    .hasSizeGreaterThan(before.size())
                    .anySatisfy(finding -> {
                        assertThat(finding.severity()).isEqualTo(Severity.MISSING);
                        assertThat(finding.object()).isEqualTo(names.get(inner).value());
                    });
            store.objects.put(names.get(inner), bytes);
        }
    }

    @Test
    void aPackThatWasCutOffIsFoundByItsLengthThoughItIsNotRead() throws IOException {
        List<ObjectName> packs;
        try (Stream<ObjectInfo> all = store.list("pack/", null)) {
            packs = all.map(ObjectInfo::name).toList();
        }
        assertThat(packs).hasSizeGreaterThan(8);
        for (ObjectName pack : packs) {
            byte[] bytes = store.objects.get(pack);
            store.objects.put(pack, java.util.Arrays.copyOf(bytes, bytes.length - 1));
            assertThat(findings(Sampling.share(0.001, 3)))
                    .anySatisfy(finding -> assertThat(finding.severity()).isEqualTo(Severity.DAMAGE));
            store.objects.put(pack, bytes);
        }
    }

    /** Does something when an object is read for the first time. */
    private final class Meanwhile extends io.isochron.objects.ForwardingStore {
        private final ObjectName at;
        private @Nullable Runnable what;

        Meanwhile(ObjectName at, Runnable what) {
            super(store);
            this.at = at;
            this.what = what;
        }

        @Override
        public java.io.InputStream open(ObjectName name, long offset, long length) throws IOException {
            Runnable now = what;
            if (name.equals(at) && now != null) {
                what = null;
                now.run();
            }
            return super.open(name, offset, length);
        }
    }

    private static ObjectName piece(int number) {
        long start = 0x2000_0000L + (long) number * PIECE;
        return Names.wal(1, 1, start, start + PIECE);
    }

    private List<Finding> verifyWhile(ObjectName at, Runnable what) throws IOException {
        List<Finding> findings = new ArrayList<>();
        Repository meanwhile = Repository.open(new Meanwhile(at, what), key);
        meanwhile.verify(new VerifyScope(true, false, true, true), findings::add);
        return findings;
    }

    @Test
    void piecesThatAreReplacedByALargerOneWhileTheyAreReadAreNotMissing() throws IOException {
        assertThat(verifyWhile(piece(100), () -> replace(100, 200, true))).isEmpty();
        assertThat(verifyWhile(piece(300), () -> replace(300, 310, false)))
                .as("a piece whose replacement is not whole")
                .isNotEmpty();
    }

    private void replace(int from, int to, boolean whole) {
        try {
            if (whole) {
                write(repository, from * PIECE, to * PIECE);
            } else {
                write(repository, from * PIECE, (to - 1) * PIECE);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        for (int piece = from; piece < to; piece++) {
            store.objects.remove(piece(piece));
        }
    }

    private void giveUp(int pieces) {
        try {
            repository.keepOnly(new RetentionRecord(
                    0,
                    CREATED,
                    "test",
                    RetentionPromise.of(java.time.Duration.ofDays(1)),
                    CREATED,
                    CREATED,
                    Map.of(NORTH, new RetentionRecord.Floor(0x2000_0000L + (long) pieces * PIECE, pieces + 1, 0, 0)),
                    List.of(),
                    List.of(),
                    Map.of()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatExpiresWhileItIsReadIsNotMissing() throws IOException {
        assertThat(verifyWhile(piece(0), () -> {
                    giveUp(50);
                    for (int piece = 0; piece < 50; piece++) {
                        store.objects.remove(piece(piece));
                        store.objects.remove(Names.chronicle(1, piece + 1));
                    }
                }))
                .isEmpty();
        ObjectName document = Names.document("cut", "number1");
        assertThat(verifyWhile(document, () -> store.objects.remove(document))).isEmpty();
        ObjectName inner = piece(200);
        assertThat(verifyWhile(inner, () -> store.objects.remove(inner)))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.MISSING);
                    assertThat(finding.object()).isEqualTo(inner.value());
                });
        ObjectName segment = Names.chronicle(1, 200);
        assertThat(verifyWhile(segment, () -> store.objects.remove(segment)))
                .anySatisfy(finding -> assertThat(finding.object()).isEqualTo(segment.value()));
    }
}
