package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalArchiveReader;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/** A real cluster and a repository for it, and the questions that every test of capture asks. */
final class CaptureFixture implements AutoCloseable {
    /** Quick enough for tests, but patient with the walsender of a capture that was killed or closed; otherwise as shipped. */
    static final CaptureOptions OPTIONS = CaptureOptions.defaults()
            .withObjectAge(Duration.ofMillis(300))
            .withIdleInterval(Duration.ofMillis(300))
            .withSlotPatience(Duration.ofSeconds(60))
            .withReconnectPauseMax(Duration.ofSeconds(1))
            .withCatalogInterval(Duration.ofSeconds(2));

    final TestCluster cluster;
    final Path store;
    final Path key;
    final Repository repository;

    private CaptureFixture(TestCluster cluster, Path store, Path key, Repository repository) {
        this.cluster = cluster;
        this.store = store;
        this.key = key;
        this.repository = repository;
    }

    static CaptureFixture start(int shards, int major) throws IOException {
        return start(shards, major, options());
    }

    /** Servers that keep all their WAL, so that it can be compared. */
    static ClusterOptions options() {
        return ClusterOptions.defaults().with("wal_keep_size", "4GB").with("autovacuum_naptime", "5s");
    }

    static CaptureFixture start(int shards, int major, ClusterOptions options) throws IOException {
        TestCluster cluster = TestCluster.start(shards, major, options);
        try {
            List<ShardIdentity> identities = new ArrayList<>();
            for (TestShard shard : cluster.shards()) {
                identities.add(CheckService.identify(source(shard)).toShardIdentity(shard.name()));
            }
            return of(cluster, identities);
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private static CaptureFixture of(TestCluster cluster, List<ShardIdentity> identities) throws IOException {
        Path store = cluster.directory().resolve("repository");
        Path keyFile = cluster.directory().resolve("repository.key");
        RepositoryKey key = RepositoryKey.generate(keyFile);
        Repository repository = Repository.init(
                FileSystemStore.create(store),
                key,
                new ClusterIdentity(UUID.randomUUID(), "test", identities),
                Instant.now());
        return new CaptureFixture(cluster, store, keyFile, repository);
    }

    static ShardSource source(TestShard shard) {
        return new ShardSource(
                shard.name(), ConnectionSettings.parse(shard.connectionString(), Map.of()), "isochron_" + shard.name());
    }

    ShardSource source(int index) {
        return source(cluster.shard(index));
    }

    List<ShardSource> sources() {
        return cluster.shards().stream().map(CaptureFixture::source).toList();
    }

    ShardCapture capture(int index) {
        ShardCapture capture = new ShardCapture(source(index), repository, OPTIONS, 3);
        capture.start();
        return capture;
    }

    /** Where the shard's WAL ends on disk now. */
    Lsn flushed(int index) throws Exception {
        return Lsn.parse(cluster.shard(index).query("select pg_current_wal_flush_lsn()::text"));
    }

    static CaptureStatus await(ShardCapture capture, Predicate<CaptureStatus> wanted) throws InterruptedException {
        return await(capture, Duration.ofSeconds(120), wanted);
    }

    static CaptureStatus await(ShardCapture capture, Duration time, Predicate<CaptureStatus> wanted)
            throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        while (true) {
            CaptureStatus status = capture.status();
            if (wanted.test(status)) {
                return status;
            }
            if (System.nanoTime() - until > 0) {
                return fail("not reached in " + time + ": " + status);
            }
            Thread.sleep(20);
        }
    }

    /** Drops the shard's slot, once the walsender of the capture that has ended lets go of it. */
    void dropSlot(int index) throws Exception {
        String slot = source(index).slot();
        long until = System.nanoTime() + 120_000_000_000L;
        while (cluster.shard(index)
                .query("select active from pg_replication_slots where slot_name = '" + slot + "'")
                .equals("t")) {
            assertThat(System.nanoTime()).as("slot " + slot + " becomes free").isLessThan(until);
            Thread.sleep(20);
        }
        cluster.shard(index).execute("select pg_drop_replication_slot('" + slot + "')");
    }

    /** Waits until everything that is flushed now is archived. */
    Lsn awaitArchived(ShardCapture capture, int index) throws Exception {
        Lsn flushed = flushed(index);
        return await(capture, status -> !status.archivedLsn().isBefore(flushed)).archivedLsn();
    }

    /** All segments of a shard, their chain checked: sequence, hash, position, safe time. */
    List<Segment> chain(int index) throws Exception {
        String shard = cluster.shard(index).name();
        long last = repository.chronicle().lastSequence(shard).orElseThrow();
        List<Segment> chain = new ArrayList<>();
        String hash = Segment.NO_PREVIOUS;
        long safe = Long.MIN_VALUE;
        for (long sequence = 0; sequence <= last; sequence++) {
            byte[] encoded = repository.chronicle().read(shard, sequence);
            Segment segment = SegmentCodec.decode(encoded);
            assertThat(segment.sequence()).isEqualTo(sequence);
            assertThat(segment.previousSha256()).isEqualTo(hash);
            if (!chain.isEmpty()) {
                assertThat(segment.start()).isEqualTo(chain.getLast().end());
            }
            if (segment.safePoint() != null) {
                assertThat(segment.safePoint().shardClockMicros()).isGreaterThan(safe);
                safe = segment.safePoint().shardClockMicros();
            }
            hash = SegmentCodec.sha256(encoded);
            chain.add(segment);
        }
        return chain;
    }

    /** Compares every archived byte of a timeline with the files of pg_wal, from the chronicle's start to its end. */
    void assertArchiveEqualsPgWal(int index, int timeline) throws Exception {
        TestShard shard = cluster.shard(index);
        List<Segment> chain = chain(index).stream()
                .filter(segment -> segment.timeline() == timeline)
                .toList();
        Lsn at = chain.getFirst().start();
        Lsn end = chain.getLast().end();
        int segmentSize = cluster.options().walSegmentSizeMebibytes() << 20;
        assertThat(repository.wal().gaps(shard.name(), timeline)).isEmpty();
        try (WalArchiveReader archive = repository.wal().openReader(shard.name(), timeline, at.value())) {
            while (at.isBefore(end)) {
                WalFileName name = WalFileName.holding(timeline, at, segmentSize);
                byte[] file = Files.readAllBytes(
                        shard.dataDirectory().resolve("pg_wal").resolve(name.name()));
                Lsn stop = Lsn.min(name.end(), end);
                int from = (int) at.minus(name.start());
                int length = (int) stop.minus(at);
                ByteBuffer archived = ByteBuffer.allocate(length);
                while (archived.hasRemaining()) {
                    assertThat(archive.read(archived)).isPositive();
                }
                int mismatch = Arrays.mismatch(archived.array(), 0, length, file, from, from + length);
                assertThat(mismatch)
                        .withFailMessage("archive and pg_wal differ at %s", at.plus(mismatch))
                        .isEqualTo(-1);
                at = stop;
            }
        }
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }
}
