package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.EncodedSegment;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.VerifyScope;
import io.isochron.store.WalArchiveReader;
import io.isochron.store.WalGap;
import io.isochron.store.WalGapException;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** WAL of which every byte is known, in a repository: each byte follows from timeline and position. */
final class KnownWal {
    static final String SHARD = "north";
    static final long BASE = 0x1_0FFF_F000L;
    static final Instant CREATED = Instant.parse("2026-01-01T00:00:00Z");

    final Repository repository;
    private final List<BitSet> archived = new ArrayList<>();
    private long segments;

    KnownWal(Repository repository) {
        this.repository = repository;
    }

    static ClusterIdentity cluster() {
        return new ClusterIdentity(
                UUID.fromString("00000000-0000-4000-8000-000000000001"),
                "known",
                List.of(new ShardIdentity(SHARD, "7000000000000000001", 17, 16 << 20)));
    }

    static KnownWal in(ObjectStore store, RepositoryKey key) throws IOException {
        return new KnownWal(Repository.init(store, key, cluster(), CREATED));
    }

    /** Position of an offset. */
    static long at(long offset) {
        return BASE + offset;
    }

    static byte expected(int timeline, long position) {
        long mixed = (position * 31 + timeline) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        return (byte) (mixed >>> 56);
    }

    static byte[] bytes(int timeline, long from, long to) {
        byte[] bytes = new byte[(int) (to - from)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = expected(timeline, at(from + i));
        }
        return bytes;
    }

    /** Archives a piece; one that is there already is left. */
    void write(int timeline, long from, long to) throws IOException {
        try {
            repository
                    .wal()
                    .write(new WalRange(SHARD, timeline, at(from), at(to)), ByteBuffer.wrap(bytes(timeline, from, to)));
        } catch (ObjectExistsException e) {
            // written before
        }
        synchronized (archived) {
            have(timeline).set((int) from, (int) to);
        }
    }

    private BitSet have(int timeline) {
        while (archived.size() <= timeline) {
            archived.add(new BitSet());
        }
        return archived.get(timeline);
    }

    /** Enters into the chronicle that WAL was captured up to here at a time. */
    void chronicle(int timeline, long to, Instant when) throws IOException {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, when);
        SegmentBuilder builder = new SegmentBuilder(SHARD, WalFormat.of(17), timeline, new Lsn(at(to)), List.of());
        EncodedSegment cut = builder.cut(new Lsn(at(to)), new Lsn(at(to)), micros, micros);
        repository.chronicle().append(SHARD, segments++, cut.bytes());
    }

    List<WalRange> pieces(int timeline) throws IOException {
        try (Stream<WalRange> pieces = repository.wal().list(SHARD, timeline)) {
            return pieces.toList();
        }
    }

    /** The end of what was written without a hole from an offset on. */
    long contiguousEnd(int timeline, long from) {
        synchronized (archived) {
            return have(timeline).nextClearBit((int) from);
        }
    }

    List<WalGap> gaps(int timeline) {
        List<WalGap> gaps = new ArrayList<>();
        BitSet have = have(timeline);
        int next = have.nextSetBit(0);
        while (next >= 0) {
            int end = have.nextClearBit(next);
            next = have.nextSetBit(end);
            if (next >= 0) {
                gaps.add(new WalGap(SHARD, timeline, at(end), at(next)));
            }
        }
        return gaps;
    }

    /** Reads everything in every way and compares it with what was written. */
    void check(int timelines) throws IOException {
        long missing = 0;
        for (int timeline = 1; timeline <= timelines; timeline++) {
            assertThat(repository.wal().gaps(SHARD, timeline)).isEqualTo(gaps(timeline));
            missing += gaps(timeline).size();
            for (int from = have(timeline).nextSetBit(0); from >= 0; ) {
                long end = contiguousEnd(timeline, from);
                assertThat(repository.wal().contiguousEnd(SHARD, timeline, at(from)))
                        .isEqualTo(at(end));
                assertThat(repository.wal().contiguousBegin(SHARD, timeline, at(from), at(end)))
                        .hasValue(at(from));
                try (WalArchiveReader reader = repository.wal().openReader(SHARD, timeline, at(from))) {
                    ByteBuffer into = ByteBuffer.allocate((int) (end - from));
                    while (into.hasRemaining()) {
                        assertThat(reader.read(into)).isPositive();
                    }
                    assertThat(into.array()).isEqualTo(bytes(timeline, from, end));
                }
                from = have(timeline).nextSetBit((int) end);
            }
        }
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, findings::add);
        assertThat(findings).hasSize((int) missing).allMatch(finding -> finding.severity() == Finding.Severity.MISSING);
    }

    /** Reads a little at the reader's position and compares it. */
    void read(WalArchiveReader reader, int timeline, int atMost) throws IOException {
        long before = reader.position();
        ByteBuffer into = ByteBuffer.allocate(atMost);
        long end = contiguousEnd(timeline, before - BASE);
        try {
            int count = reader.read(into);
            assertThat(reader.position()).isEqualTo(before + count);
            if (count == 0) {
                assertThat(before - BASE).as("the end of what is there").isGreaterThanOrEqualTo(end);
            }
            for (int i = 0; i < count; i++) {
                assertThat(into.get(i)).isEqualTo(expected(timeline, before + i));
            }
        } catch (WalGapException e) {
            assertThat(before - BASE).as("the beginning of a hole").isGreaterThanOrEqualTo(end);
        }
    }

    static CompactionSummary compact(Repository repository, CompactionOptions options, Instant now) throws IOException {
        Compaction compaction = new Compaction(repository, options, now);
        return compaction.run(compaction.plan(), () -> false, progress -> {});
    }

    /** Options for pieces of so many bytes, with everything settled that the chronicle knows. */
    static CompactionOptions options(int pieceBytes) {
        return CompactionOptions.defaults()
                .withPieceBytes(pieceBytes)
                .withSettle(Duration.ofMinutes(1))
                .withTailPieces(2);
    }
}
