package io.isochron.bench;

import com.sun.management.ThreadMXBean;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.wal.BlockReference;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Feeds damaged logs to the reader, its decoders and the chronicle's builder. The only ways out that are right: all records, or
 * {@link WalDamagedException}; within the limit of memory that the input's size and the longest record allowed give.
 */
final class WalFuzzer {
    /** The longest record that the reader is told to accept. */
    static final int RECORD_BYTES_MAX = 1 << 20;

    private static final int INPUT_BYTES_MAX = 96 * 1024;
    /** Garbage included: short records that turn out as several small objects each. */
    private static final int ALLOCATED_PER_BYTE_MAX = 128;

    private static final int SHOWN_MAX = 20;
    private static final int RECORD_HEADER = 24;

    /** A sound log to begin with. */
    static final class Source {
        private final WalFormat format;
        private final int segmentBytes;
        private final Lsn start;
        private final byte[] bytes;
        /** Positions in the bytes and lengths. */
        private final List<int[]> wholeRecords;

        private Source(WalFormat format, int segmentBytes, Lsn start, byte[] bytes, List<int[]> wholeRecords) {
            this.format = format;
            this.segmentBytes = segmentBytes;
            this.start = start;
            this.bytes = bytes;
            this.wholeRecords = wholeRecords;
        }

        /** Finds the records that lie within one page. */
        static Source of(WalFormat format, int segmentBytes, Lsn start, byte[] bytes) throws WalDamagedException {
            List<int[]> whole = new ArrayList<>();
            WalReader reader = new WalReader(format, segmentBytes, start, WalReader.StartMode.UNKNOWN);
            reader.feed(start, ByteBuffer.wrap(bytes), record -> {
                int at = Math.toIntExact(record.start().minus(start));
                boolean onePage = at / WalFormat.PAGE_BYTES == (at + record.length() - 1) / WalFormat.PAGE_BYTES;
                if (onePage) {
                    whole.add(new int[] {at, record.length()});
                }
            });
            return new Source(format, segmentBytes, start, bytes, List.copyOf(whole));
        }
    }

    private final List<Source> sources;
    private final long seed;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<String> complaints = new ArrayList<>();
    private final AtomicLong inputs = new AtomicLong();
    private long bytes;
    private long records;
    private long damaged;
    private long crashes;
    private long overLimit;
    private long allocatedMax;
    private int touched;

    WalFuzzer(List<Source> sources, long seed) {
        this.sources = List.copyOf(sources);
        this.seed = seed;
    }

    /** The next input; the same for the same seed, sources and number. */
    void next() {
        Random random = new Random(seed * 1_000_003 + inputs.get());
        Source source = sources.get(random.nextInt(sources.size()));
        int pages = source.bytes.length / WalFormat.PAGE_BYTES;
        boolean fromStart = random.nextInt(3) == 0;
        int firstPage = fromStart ? 0 : random.nextInt(pages);
        int from = firstPage * WalFormat.PAGE_BYTES;
        int size = Math.min(source.bytes.length - from, 1 + random.nextInt(INPUT_BYTES_MAX));
        byte[] input = new byte[size];
        System.arraycopy(source.bytes, from, input, 0, size);
        damage(source, input, from, random);
        int pieceMax = 1 + random.nextInt(random.nextInt(4) == 0 ? 50 : size);
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            feed(source, source.start.plus(from), fromStart, input, pieceMax, random);
        } catch (WalDamagedException e) {
            damaged++;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            crashes++;
            complain("input " + inputs + " of seed " + seed + ": " + e);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        allocatedMax = Math.max(allocatedMax, allocated);
        if (allocated > limit(size)) {
            overLimit++;
            complain("input " + inputs + " of seed " + seed + " of " + size + " bytes allocated " + allocated);
        }
        bytes += size;
        inputs.incrementAndGet();
    }

    /** The reader's buffer grows by doubling, so all of them together have at most twice the longest record, and once more while copied. */
    static long limit(int inputBytes) {
        return 4L * RECORD_BYTES_MAX + (long) ALLOCATED_PER_BYTE_MAX * inputBytes;
    }

    private void feed(Source source, Lsn start, boolean known, byte[] input, int pieceMax, Random random)
            throws WalDamagedException {
        WalReader.StartMode mode = known ? WalReader.StartMode.RECORD_BOUNDARY : WalReader.StartMode.UNKNOWN;
        WalReader reader =
                new WalReader(source.format, source.segmentBytes, start, mode, new WalReader.Limits(RECORD_BYTES_MAX));
        SegmentBuilder builder = new SegmentBuilder("fuzz", source.format, 1, start, List.of());
        for (int at = 0; at < input.length; ) {
            int size = Math.min(input.length - at, 1 + random.nextInt(pieceMax));
            reader.feed(start.plus(at), ByteBuffer.wrap(input, at, size), record -> {
                records++;
                touch(record);
                builder.record(record);
            });
            at += size;
        }
    }

    private void touch(WalRecord record) {
        touched += record.mainData().remaining() + record.toString().length();
        for (BlockReference block : record.blocks()) {
            touched += block.image().remaining()
                    + block.data().remaining()
                    + block.relation().hashCode();
        }
    }

    private static void damage(Source source, byte[] input, int from, Random random) {
        for (int count = random.nextInt(4); count > 0; count--) {
            int at = random.nextInt(input.length);
            int size = Math.min(input.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 3_000));
            switch (random.nextInt(7)) {
                case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> {
                    for (int i = at; i < at + size; i++) {
                        input[i] = (byte) random.nextInt();
                    }
                }
                case 2 -> java.util.Arrays.fill(input, at, at + size, (byte) (random.nextBoolean() ? 0 : 0xFF));
                case 3 -> System.arraycopy(input, random.nextInt(input.length - size + 1), input, at, size);
                default -> record(source, input, from, random);
            }
        }
    }

    /** Changes a record behind its length and link, and makes its checksum right, so that what reads its content sees it. */
    private static void record(Source source, byte[] input, int from, Random random) {
        if (source.wholeRecords.isEmpty()) {
            return;
        }
        int[] chosen = source.wholeRecords.get(random.nextInt(source.wholeRecords.size()));
        for (int tries = 0; tries < 50 && (chosen[0] < from || chosen[0] + chosen[1] > from + input.length); tries++) {
            chosen = source.wholeRecords.get(random.nextInt(source.wholeRecords.size()));
        }
        int at = chosen[0] - from;
        int length = chosen[1];
        if (at < 0 || at + length > input.length) {
            return;
        }
        for (int changes = 1 + random.nextInt(6); changes > 0; changes--) {
            int place = random.nextInt(8) == 0
                    ? 16 + random.nextInt(2)
                    : RECORD_HEADER + random.nextInt(Math.max(1, length - RECORD_HEADER));
            if (place < length) {
                input[at + place] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(6));
            }
        }
        SyntheticLog.reseal(input, at, length);
    }

    private void complain(String complaint) {
        if (complaints.size() < SHOWN_MAX) {
            complaints.add(complaint);
        }
    }

    /** How many inputs are done; may be asked from another thread. */
    long inputs() {
        return inputs.get();
    }

    long bytes() {
        return bytes;
    }

    long records() {
        return records;
    }

    /** Inputs in which damage was found. */
    long damaged() {
        return damaged;
    }

    long crashes() {
        return crashes;
    }

    long overLimit() {
        return overLimit;
    }

    long allocatedMax() {
        return allocatedMax;
    }

    /** What was wrong, a sentence each; at most 20. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** Keeps what was read from being optimised away. */
    int touched() {
        return touched;
    }
}
