package io.isochron.upkeep;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much a scrub reads at most, and how fast. It never reads an object twice in one run.
 *
 * @param bytes at most so many, but at least one object; {@link Long#MAX_VALUE} for no limit
 * @param time begins no object after this; null for no limit
 * @param bytesPerSecond reads no faster on average; {@link Long#MAX_VALUE} for no limit
 * @param recordBytes what it has read is recorded when so many bytes have been read, so that a killed one reads no more than these again
 * @param recordEvery and at the latest after this time
 */
public record ScrubOptions(
        long bytes, @Nullable Duration time, long bytesPerSecond, long recordBytes, Duration recordEvery) {
    private static final long RECORD_BYTES = 4L << 30;

    public ScrubOptions {
        if (bytes <= 0 || bytesPerSecond <= 0 || recordBytes <= 0 || (time != null && time.isNegative())) {
            throw new IllegalArgumentException("a scrub of " + bytes + " bytes at " + bytesPerSecond
                    + " bytes a second reads nothing\nhint: give limits above 0");
        }
    }

    /** Everything once, as fast as it goes. */
    public static ScrubOptions everything() {
        return new ScrubOptions(Long.MAX_VALUE, null, Long.MAX_VALUE, RECORD_BYTES, Duration.ofMinutes(5));
    }

    public ScrubOptions withBytes(long most) {
        return new ScrubOptions(most, time, bytesPerSecond, recordBytes, recordEvery);
    }

    public ScrubOptions withTime(Duration most) {
        return new ScrubOptions(bytes, most, bytesPerSecond, recordBytes, recordEvery);
    }

    public ScrubOptions withRate(long perSecond) {
        return new ScrubOptions(bytes, time, perSecond, recordBytes, recordEvery);
    }

    public ScrubOptions withRecordBytes(long every) {
        return new ScrubOptions(bytes, time, bytesPerSecond, every, recordEvery);
    }
}
