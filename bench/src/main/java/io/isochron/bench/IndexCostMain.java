package io.isochron.bench;

import io.isochron.chronicle.SegmentBuilder;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/index-cost [--mebibytes 256] [--runs 5] [--postgres 17] [--load standard|batches]}: CPU time of one thread from WAL bytes in memory to encoded
 * chronicle segments, in a JVM that has warmed up on the same bytes, as a long-running capture has; and how many bytes these are, as they are and as a repository stores them. A segment
 * ends every {@link #CUT_BYTES}, which at 10 MB/s is about as often as capture ends one.
 */
public final class IndexCostMain {
    /** What capture receives at a time (XLogData messages are up to 128 KiB). */
    private static final int MESSAGE_BYTES = 128 * 1024;

    private static final int CUT_BYTES = 4 << 20;

    private IndexCostMain() {}

    /** Ends with one JSON line; {@code core_percent_at_10_mb_per_second} is the figure. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "mebibytes", "runs", "postgres", "load");
        int major = (int) arguments.number("postgres", 17);
        int runs = (int) Math.max(1, arguments.number("runs", 5));
        RecordedWal.Load load = RecordedWal.Load.of(arguments.text("load", "standard"));
        try (RecordedWal wal = RecordedWal.record(major, arguments.number("mebibytes", 256), load)) {
            List<byte[]> segments = new ArrayList<>();
            for (Lsn at = wal.start(); at.isBefore(wal.end()); at = at.plus(RecordedWal.SEGMENT_BYTES)) {
                segments.add(Files.readAllBytes(wal.directory().resolve(wal.fileHolding(at))));
            }
            Sizes sizes = sizes(wal, segments, major);
            long first = cpuNanos(wal, segments, major, encoded -> {});
            List<Long> nanos = new ArrayList<>();
            for (int i = 0; i < runs; i++) {
                nanos.add(cpuNanos(wal, segments, major, encoded -> {}));
            }
            double seconds = WalScanComparison.median(nanos) / 1e9;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", "index-cost");
            line.put("core_percent_at_10_mb_per_second", WalScanComparison.rounded(1e9 * seconds / wal.bytes()));
            line.put("mb_per_core_second", Math.round(wal.bytes() / 1e6 / seconds));
            line.put("mb_per_core_second_first_pass", Math.round(wal.bytes() / 1e6 / (first / 1e9)));
            line.put("index_percent_of_wal", WalScanComparison.rounded(100.0 * sizes.stored() / wal.bytes()));
            line.put("index_bytes", sizes.encoded());
            line.put("index_stored_bytes", sizes.stored());
            line.put("load", load.title);
            line.put("runs", runs);
            line.put("bytes", wal.bytes());
            line.put("wal_written_by", wal.versionNum());
            line.put("java", Runtime.version().toString());
            System.out.println(new JsonMapper().writeValueAsString(line));
        }
    }

    /** Bytes of all chronicle segments: encoded, and as stored (compressed and sealed). */
    private record Sizes(long encoded, long stored) {}

    private static Sizes sizes(RecordedWal wal, List<byte[]> segments, int major) throws Exception {
        Path directory = Files.createTempDirectory("isochron-bench-index-");
        try {
            Repository repository = Repository.init(
                    FileSystemStore.create(directory.resolve("repository")),
                    RepositoryKey.generate(directory.resolve("key")),
                    new ClusterIdentity(
                            UUID.randomUUID(), "bench", List.of(new ShardIdentity("bench", "1", major, 16 << 20))),
                    Instant.now());
            List<byte[]> made = new ArrayList<>();
            cpuNanos(wal, segments, major, made::add);
            long encoded = 0;
            for (int i = 0; i < made.size(); i++) {
                repository.chronicle().append("bench", i, made.get(i));
                encoded += made.get(i).length;
            }
            return new Sizes(
                    encoded, FindMain.stored(directory.resolve("repository").resolve("chronicle")));
        } finally {
            FindMain.delete(directory);
        }
    }

    private static long cpuNanos(RecordedWal wal, List<byte[]> segments, int major, Consumer<byte[]> made)
            throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long began = threads.getCurrentThreadCpuTime();
        WalFormat format = WalFormat.of(major);
        WalReader reader =
                new WalReader(format, RecordedWal.SEGMENT_BYTES, wal.start(), WalReader.StartMode.RECORD_BOUNDARY);
        SegmentBuilder builder = new SegmentBuilder("bench", format, 1, wal.start(), List.of());
        for (byte[] segment : segments) {
            for (int at = 0; at < segment.length; at += MESSAGE_BYTES) {
                reader.feed(reader.fed(), ByteBuffer.wrap(segment, at, MESSAGE_BYTES), builder);
                if ((at + MESSAGE_BYTES) % CUT_BYTES == 0) {
                    made.accept(builder.cut(reader.fed(), Lsn.min(reader.pendingStart(), reader.fed()), 0, 0)
                            .bytes());
                }
            }
        }
        return threads.getCurrentThreadCpuTime() - began;
    }
}
