package io.isochron.wal;

import org.jspecify.annotations.Nullable;

/** Brings a full-page image back to a whole page. */
final class PageImage {
    private PageImage() {}

    /**
     * The page, 8192 bytes; null if its compression is not one that is read here (LZ4, zstd).
     *
     * @throws WalDamagedException if it is compressed and cannot be unpacked
     */
    static byte @Nullable [] unpack(WalFormat format, WalRecord record, BlockReference block)
            throws WalDamagedException {
        byte[] page = new byte[WalFormat.DATA_PAGE_BYTES];
        byte[] from = record.bytes();
        int at = block.imageAt();
        int length = block.imageLength;
        if (block.imageCompressed()) {
            if ((block.imageFlags & format.imagePglzFlag()) == 0) {
                return null;
            }
            byte[] unpacked = new byte[WalFormat.DATA_PAGE_BYTES - block.holeLength()];
            if (!pglz(from, at, length, unpacked)) {
                throw record.damaged("the compressed image of block " + block.id + " cannot be unpacked");
            }
            from = unpacked;
            at = 0;
            length = unpacked.length;
        }
        int before = block.holeLength() == 0 ? length : block.holeOffset();
        System.arraycopy(from, at, page, 0, before);
        System.arraycopy(from, at + before, page, before + block.holeLength(), length - before);
        return page;
    }

    /**
     * PostgreSQL's own compression, {@code pglz_decompress} in src/common/pg_lzcompress.c: a control byte, from its lowest bit on 0 for a
     * literal byte and 1 for a copy: length less 3 in the low nibble of the first byte (15: another byte follows), distance in the high nibble
     * and the second byte.
     *
     * @return whether exactly all of the destination was filled
     */
    static boolean pglz(byte[] from, int at, int length, byte[] to) {
        int in = at;
        int end = at + length;
        int out = 0;
        while (in < end && out < to.length) {
            int control = from[in++] & 0xFF;
            for (int bit = 0; bit < 8 && in < end && out < to.length; bit++, control >>>= 1) {
                if ((control & 1) == 0) {
                    to[out++] = from[in++];
                    continue;
                }
                if (in + 2 > end) {
                    return false;
                }
                int copied = (from[in] & 0x0F) + 3;
                int distance = (from[in] & 0xF0) << 4 | (from[in + 1] & 0xFF);
                in += 2;
                if (copied == 18) {
                    if (in == end) {
                        return false;
                    }
                    copied += from[in++] & 0xFF;
                }
                if (distance == 0 || distance > out) {
                    return false;
                }
                for (int stop = Math.min(to.length, out + copied); out < stop; out++) {
                    to[out] = to[out - distance];
                }
            }
        }
        return out == to.length && in == end;
    }
}
