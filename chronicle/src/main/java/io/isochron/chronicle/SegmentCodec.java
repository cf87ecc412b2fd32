package io.isochron.chronicle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The bytes of a {@link Segment}; the format is specified in the package's description. The same segment always gives the same bytes. */
public final class SegmentCodec {
    private static final byte[] MAGIC = "ICHRSEG1".getBytes(StandardCharsets.US_ASCII);
    private static final int CRC_BYTES = 4;

    private SegmentCodec() {}

    /** The segment's bytes. */
    public static byte[] encode(Segment segment) {
        ByteWriter out = new ByteWriter();
        out.raw(MAGIC);
        new SegmentWriter(out, segment.start()).write(segment);
        return out.withCrc();
    }

    /**
     * Reads a segment back.
     *
     * @throws SegmentFormatException if these are not the unchanged bytes of one segment of version 1
     */
    public static Segment decode(byte[] encoded) throws SegmentFormatException {
        return decode(encoded, encoded.length, /* forCut= */ null);
    }

    /**
     * The same without row counts, storage, relations and texts of statements, which are most of it and say nothing about a cut. Its events are read when they are first asked for; they throw IllegalStateException if they then
     * turn out to be unsound, which behind a right checksum they are not. Such a segment has other bytes than the one that is stored.
     *
     * @throws SegmentFormatException as {@link #decode}
     */
    public static Segment decodeForCut(byte[] encoded) throws SegmentFormatException {
        return decode(encoded, encoded.length, (what, first, last, stored) -> new SegmentEvents(what, stored));
    }

    /**
     * The same of bytes that are only lent, with their hash. Of a segment near the moment the events are read at once; of others they are read when they are first asked for, from bytes that are then fetched
     * again: whoever asks gets an IllegalStateException if they are not the same, or what the fetching throws.
     *
     * @param encoded holds the segment in its first {@code length} bytes; not kept
     * @param near whose events are read at once
     * @param again fetches the bytes of this segment
     * @throws SegmentFormatException as {@link #decode}
     */
    public static StoredSegment decodeForCut(byte[] encoded, int length, NearMoments near, Fetching again)
            throws SegmentFormatException {
        String sha256 = sha256(encoded, length);
        Segment segment = decode(
                encoded,
                length,
                (what, first, last, stored) -> near.touch(first, last)
                        ? new SegmentEvents(stored.read())
                        : new SegmentEvents(what, () -> fetched(again, sha256)));
        return new StoredSegment(segment, sha256);
    }

    /** Fetches the bytes of a segment. */
    @FunctionalInterface
    public interface Fetching {
        /** The bytes as they are stored. What it throws goes to whoever asks for events. */
        byte[] fetch();
    }

    private static SegmentEvents.Columns fetched(Fetching again, String sha256) throws SegmentFormatException {
        byte[] encoded = again.fetch();
        if (!sha256(encoded).equals(sha256)) {
            throw new SegmentFormatException("it has other bytes than when it was first read");
        }
        return SegmentEvents.of(decodeForCut(encoded).events()).columns();
    }

    private static Segment decode(byte[] encoded, int length, SegmentParser.@Nullable CutEvents forCut)
            throws SegmentFormatException {
        int end = length - CRC_BYTES;
        if (end < MAGIC.length || Arrays.mismatch(encoded, 0, MAGIC.length, MAGIC, 0, MAGIC.length) >= 0) {
            throw new SegmentFormatException("not a chronicle segment of version 1: it does not begin with "
                    + new String(MAGIC, StandardCharsets.US_ASCII));
        }
        int stored = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
        int computed = crc(encoded, end);
        if (stored != computed) {
            throw new SegmentFormatException("chronicle segment is damaged: checksum " + Integer.toHexString(computed)
                    + ", stored " + Integer.toHexString(stored));
        }
        ByteReader in = new ByteReader("chronicle segment", encoded, MAGIC.length, end);
        try {
            return new SegmentParser(in, forCut).read();
        } catch (IllegalArgumentException e) {
            throw new SegmentFormatException("chronicle segment contradicts itself: " + e.getMessage());
        }
    }

    /** SHA-256 of encoded bytes as lower-case hexadecimal: what the next segment names as its predecessor. */
    public static String sha256(byte[] encoded) {
        return sha256(encoded, encoded.length);
    }

    private static String sha256(byte[] encoded, int length) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(encoded, 0, length);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    static final int FLAG_GID = 0x08;
    static final int FLAG_SUBXIDS = 0x10;
    static final int FLAG_BEFORE = 0x20;
}
