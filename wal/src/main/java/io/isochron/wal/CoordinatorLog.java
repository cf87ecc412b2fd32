package io.isochron.wal;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the rows by which Citus records that a distributed transaction is to be committed: {@code pg_dist_transaction (groupid integer,
 * gid text, outer_xid xid8)}, gid being {@code citus_<origin group>_<origin pid>_<transaction>_<connection>} (Citus:
 * src/backend/distributed/transaction/transaction_recovery.c, {@code LogTransactionRecord}; gid: remote_transaction.c, {@code Assign2PCIdentifier}).
 *
 * <p>A row is known by its layout alone: an integer, then a short text of that form. The heap's insert shows it in the record's data or, where a
 * full-page image took that place, in the image; where the image is compressed in a way that is not read here, the insert into the table's
 * unique index on (groupid, gid) shows it.
 */
public final class CoordinatorLog {
    private static final int OPERATION_MASK = 0x70;
    private static final int HEAP_INSERT = 0x00;
    private static final int BTREE_INSERT_LEAF = 0x00;
    /** {@code SizeOfHeapHeader} in src/include/access/heapam_xlog.h: infomask2, infomask, hoff. */
    private static final int HEAP_HEADER_BYTES = 5;
    /** {@code SizeofHeapTupleHeader} in src/include/access/htup_details.h. */
    private static final int TUPLE_HEADER_BYTES = 23;

    private static final int ATTRIBUTES_MASK = 0x07FF;
    /** {@code IndexTupleData} in src/include/access/itup.h. */
    private static final int INDEX_TUPLE_HEADER_BYTES = 8;
    /** {@code SizeOfPageHeaderData} in src/include/storage/bufpage.h. */
    private static final int PAGE_HEADER_BYTES = 24;

    private static final int GROUP_BYTES = 4;
    private static final byte[] PREFIX = "citus_".getBytes(StandardCharsets.US_ASCII);
    /** Three numbers of up to 10 digits, one of up to 20, and underscores. */
    private static final int GID_BYTES_MAX = PREFIX.length + 53;

    private CoordinatorLog() {}

    /**
     * The gid that this record writes into a table of decisions; null for every other record.
     *
     * @throws WalDamagedException if a compressed page image cannot be unpacked
     */
    public static @Nullable String gidWritten(WalFormat format, WalRecord record) throws WalDamagedException {
        int rmgr = record.rmgr();
        if ((rmgr != ResourceManager.HEAP && rmgr != ResourceManager.BTREE)
                || (record.info() & OPERATION_MASK) != (rmgr == ResourceManager.HEAP ? HEAP_INSERT : BTREE_INSERT_LEAF)
                || record.blockCount() == 0
                || record.mainLength() < 2) {
            return null;
        }
        BlockReference page = record.block(0);
        byte[] bytes = record.bytes();
        if (page.hasData()) {
            int dataAt = page.dataAt();
            int end = dataAt + page.dataLength;
            return rmgr == ResourceManager.HEAP
                    ? row(
                            bytes,
                            dataAt,
                            page.dataLength < HEAP_HEADER_BYTES
                                    ? end
                                    : dataAt
                                            + HEAP_HEADER_BYTES
                                            + LittleEndian.u8(bytes, dataAt + 4)
                                            - TUPLE_HEADER_BYTES,
                            end)
                    : gid(bytes, dataAt + INDEX_TUPLE_HEADER_BYTES, end);
        }
        if (!page.hasImage() || rmgr != ResourceManager.HEAP) {
            return null;
        }
        byte[] image = PageImage.unpack(format, record, page);
        return image == null ? null : onPage(image, LittleEndian.u16(bytes, record.mainAt()));
    }

    /** The row behind a line pointer (src/include/storage/itemid.h: offset 15 bits, flags 2, length 15). */
    private static @Nullable String onPage(byte[] page, int line) {
        int pointerAt = PAGE_HEADER_BYTES + (line - 1) * 4;
        if (line < 1 || pointerAt + 4 > page.length) {
            return null;
        }
        int pointer = LittleEndian.i32(page, pointerAt);
        int at = pointer & 0x7FFF;
        int end = at + (pointer >>> 17);
        if (end > page.length || end - at <= TUPLE_HEADER_BYTES) {
            return null;
        }
        return row(page, at + 18, at + LittleEndian.u8(page, at + 22), end);
    }

    private static @Nullable String row(byte[] bytes, int infomask2At, int valuesAt, int end) {
        if (end - valuesAt < GROUP_BYTES + 1 + PREFIX.length || valuesAt < infomask2At) {
            return null;
        }
        int attributes = LittleEndian.u16(bytes, infomask2At) & ATTRIBUTES_MASK;
        return attributes == 2 || attributes == 3 ? gid(bytes, valuesAt, end) : null;
    }

    /** An integer and a text with a header of one byte: length with the header in the upper seven bits (src/include/varatt.h). */
    private static @Nullable String gid(byte[] bytes, int at, int end) {
        int textAt = at + GROUP_BYTES + 1;
        if (textAt + PREFIX.length > end) {
            return null;
        }
        int header = LittleEndian.u8(bytes, textAt - 1);
        int length = (header >>> 1) - 1;
        if ((header & 1) == 0 || length <= PREFIX.length || length > GID_BYTES_MAX || textAt + length > end) {
            return null;
        }
        for (int i = 0; i < PREFIX.length; i++) {
            if (bytes[textAt + i] != PREFIX[i]) {
                return null;
            }
        }
        return numbers(bytes, textAt + PREFIX.length, textAt + length) == 4
                ? new String(bytes, textAt, length, StandardCharsets.US_ASCII)
                : null;
    }

    /** How many numbers stand there, with one underscore between two; 0 if there is anything else. */
    private static int numbers(byte[] bytes, int from, int to) {
        int count = 0;
        int digits = 0;
        for (int i = from; i <= to; i++) {
            if (i == to || bytes[i] == '_') {
                if (digits == 0) {
                    return 0;
                }
                count++;
                digits = 0;
            } else if (bytes[i] >= '0' && bytes[i] <= '9') {
                digits++;
            } else {
                return 0;
            }
        }
        return count;
    }
}
