package io.isochron.chronicle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** The bytes of a {@link LedgerEntry}; the format is specified in the package's description. The same entry always gives the same bytes. */
public final class LedgerCodec {
    private static final byte[] MAGIC = "ICHRLED1".getBytes(StandardCharsets.US_ASCII);
    private static final int CRC_BYTES = 4;

    private LedgerCodec() {}

    /** The entry's bytes. */
    public static byte[] encode(LedgerEntry entry) {
        byte[] body = new LedgerWriter().write(MAGIC, entry);
        return ByteBuffer.allocate(body.length + CRC_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(body)
                .putInt(crc(body, body.length))
                .array();
    }

    /**
     * Reads an entry back.
     *
     * @throws SegmentFormatException if these are not the unchanged bytes of one entry of version 1
     */
    public static LedgerEntry decode(byte[] encoded) throws SegmentFormatException {
        int end = encoded.length - CRC_BYTES;
        if (end < MAGIC.length || Arrays.mismatch(encoded, 0, MAGIC.length, MAGIC, 0, MAGIC.length) >= 0) {
            throw new SegmentFormatException("not a ledger entry of version 1: it does not begin with "
                    + new String(MAGIC, StandardCharsets.US_ASCII));
        }
        int stored = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
        int computed = crc(encoded, end);
        if (stored != computed) {
            throw new SegmentFormatException("ledger entry is damaged: checksum " + Integer.toHexString(computed)
                    + ", stored " + Integer.toHexString(stored));
        }
        ByteReader in = new ByteReader("ledger entry", encoded, MAGIC.length, end);
        try {
            LedgerEntry entry = new LedgerParser(in).read();
            in.expectEnd();
            return entry;
        } catch (IllegalArgumentException e) {
            throw new SegmentFormatException("ledger entry contradicts itself: " + e.getMessage());
        }
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
