package io.isochron.wal;

import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A position in one shard's write-ahead log: the number of bytes from the beginning of its history, an unsigned 64-bit value.
 * Written the way PostgreSQL writes it, two hexadecimal halves: {@code 16/B374D848} (PostgreSQL documentation, chapter 8.20).
 * Positions of different shards have nothing to do with each other.
 *
 * @param value the position in bytes, compared without sign; 0 is PostgreSQL's invalid position
 */
public record Lsn(long value) implements Comparable<Lsn> {
    /** PostgreSQL's {@code InvalidXLogRecPtr}. */
    public static final Lsn INVALID = new Lsn(0);

    /**
     * Reads PostgreSQL's text form.
     *
     * @throws IllegalArgumentException if the text is not two hexadecimal numbers of at most 8 digits with a slash between
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 1 || slash > 8 || text.length() - slash < 2 || text.length() - slash > 9) {
            throw new IllegalArgumentException("'" + text + "' is not an LSN, expected a form like 16/B374D848");
        }
        try {
            long high = HexFormat.fromHexDigitsToLong(text, 0, slash);
            long low = HexFormat.fromHexDigitsToLong(text, slash + 1, text.length());
            return new Lsn(high << 32 | low);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not an LSN, expected a form like 16/B374D848", e);
        }
    }

    /** By hand, as {@link #equals}, since the generated ones are slow until they are compiled. */
    @Override
    public int hashCode() {
        return Long.hashCode(value);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Lsn lsn && lsn.value == value;
    }

    /** The position {@code bytes} further on (or back, if negative). */
    public Lsn plus(long bytes) {
        return new Lsn(value + bytes);
    }

    /** Bytes from {@code earlier} to this position; negative if this one comes first. */
    public long minus(Lsn earlier) {
        return value - earlier.value;
    }

    public boolean isBefore(Lsn other) {
        return compareTo(other) < 0;
    }

    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    /** The lower of the two. */
    public static Lsn min(Lsn a, Lsn b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    /** The higher of the two. */
    public static Lsn max(Lsn a, Lsn b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    /** PostgreSQL's text form, upper case, without leading zeros. */
    @Override
    public String toString() {
        return Long.toHexString(value >>> 32).toUpperCase(java.util.Locale.ROOT)
                + "/"
                + Long.toHexString(value & 0xFFFFFFFFL).toUpperCase(java.util.Locale.ROOT);
    }
}
