package io.isochron.wal;

import java.util.Locale;
import java.util.Optional;

/**
 * The name of a WAL segment file: three groups of 8 upper-case hexadecimal digits, timeline and segment number in two parts
 * (src/include/access/xlog_internal.h, {@code XLogFileName}).
 *
 * @param timeline PostgreSQL timeline, unsigned
 * @param start position of the segment's first byte
 * @param segmentSizeBytes a power of two from 1 MiB to 1 GiB
 */
public record WalFileName(int timeline, Lsn start, int segmentSizeBytes) {
    private static final int DIGITS = 24;

    /**
     * @throws IllegalArgumentException if the start is not a multiple of the segment size, or the size is impossible
     */
    public WalFileName {
        checkSegmentSize(segmentSizeBytes);
        if ((start.value() & (segmentSizeBytes - 1)) != 0) {
            throw new IllegalArgumentException(
                    start + " is not the start of a WAL segment of " + segmentSizeBytes + " bytes");
        }
    }

    /** The segment that holds the byte at this position. */
    public static WalFileName holding(int timeline, Lsn position, int segmentSizeBytes) {
        checkSegmentSize(segmentSizeBytes);
        return new WalFileName(timeline, new Lsn(position.value() & -(long) segmentSizeBytes), segmentSizeBytes);
    }

    /** Reads a file name; empty if it is not a whole segment's (history, backup label and partial files are not). */
    public static Optional<WalFileName> parse(String name, int segmentSizeBytes) {
        checkSegmentSize(segmentSizeBytes);
        if (name.length() != DIGITS || !name.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))) {
            return Optional.empty();
        }
        long high = Long.parseLong(name, 8, 16, 16);
        long low = Long.parseLong(name, 16, DIGITS, 16);
        if (low >= segmentsPerHigh(segmentSizeBytes)) {
            return Optional.empty();
        }
        int timeline = Integer.parseUnsignedInt(name, 0, 8, 16);
        return Optional.of(new WalFileName(timeline, new Lsn(high << 32 | low * segmentSizeBytes), segmentSizeBytes));
    }

    /** The file name. */
    public String name() {
        long segment = Long.divideUnsigned(start.value(), segmentSizeBytes);
        long perHigh = segmentsPerHigh(segmentSizeBytes);
        return String.format(Locale.ROOT, "%08X%08X%08X", timeline, segment / perHigh, segment % perHigh);
    }

    /** Position behind the segment's last byte. */
    public Lsn end() {
        return start.plus(segmentSizeBytes);
    }

    /** The segment that follows on the same timeline. */
    public WalFileName next() {
        return new WalFileName(timeline, end(), segmentSizeBytes);
    }

    /** The file name. */
    @Override
    public String toString() {
        return name();
    }

    private static long segmentsPerHigh(int segmentSizeBytes) {
        return (1L << 32) / segmentSizeBytes;
    }

    static void checkSegmentSize(int segmentSizeBytes) {
        if (segmentSizeBytes < 1 << 20 || segmentSizeBytes > 1 << 30 || Integer.bitCount(segmentSizeBytes) != 1) {
            throw new IllegalArgumentException(
                    "WAL segment size " + segmentSizeBytes + " is not a power of two from 1 MiB to 1 GiB");
        }
    }
}
