package io.isochron.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;

/**
 * One record of the log, checked and taken apart: a view over the reader's memory that is valid only during
 * {@link RecordHandler#record}. Source of the layout: src/include/access/xlogrecord.h and {@code DecodeXLogRecord} in
 * src/backend/access/transam/xlogreader.c.
 */
public final class WalRecord {
    /** Bytes of a record's header. */
    static final int HEADER_BYTES = 24;

    private static final int MAX_BLOCK_ID = 32;
    private static final int ID_DATA_SHORT = 255;
    private static final int ID_DATA_LONG = 254;
    private static final int ID_ORIGIN = 253;
    private static final int ID_TOP_LEVEL_XID = 252;
    private static final int FORK_MAX = 3;
    private static final int SAME_RELATION = 0x80;

    private final WalFormat format;
    private final RelationFile[] relations = new RelationFile[256];
    private final Blocks blocks = new Blocks();
    private BlockReference[] pool = new BlockReference[0];
    private int blockCount;

    private byte[] bytes = new byte[HEADER_BYTES];
    private int at;
    private int length;
    private long start;
    private long end;
    private int info;
    private int rmgr;
    private int origin;
    private int topLevelXid;
    private int payloadAt;
    private int imageBytes;
    private int mainAt;
    private int mainLength;

    WalRecord(WalFormat format) {
        this.format = format;
    }

    /** Position of the first byte of the record, behind the page header if it opens a page. */
    public Lsn start() {
        return new Lsn(start);
    }

    /**
     * Where the next record can begin: the end rounded up to 8 bytes, for a segment switch the start of the next segment. If the record
     * fills its page, this is the page boundary, before the next page's header (PostgreSQL's {@code EndRecPtr}).
     */
    public Lsn end() {
        return new Lsn(end);
    }

    /** Start of the record before. */
    public Lsn previous() {
        return new Lsn(LittleEndian.i64(bytes, at + 8));
    }

    /** The transaction or subtransaction that wrote it, unsigned; 0 if none. */
    public int xid() {
        return LittleEndian.i32(bytes, at + 4);
    }

    /** Number of the resource manager: 0 to 21 built in, 128 to 255 of extensions. */
    public int rmgr() {
        return rmgr;
    }

    /** The header's flag byte, 0 to 255; the upper four bits belong to the resource manager. */
    public int info() {
        return info;
    }

    /** Bytes of the record with header, without padding. */
    public int length() {
        return length;
    }

    /** The replication origin's number, 0 if there is none. */
    public int origin() {
        return origin;
    }

    /** The top-level transaction, if the record tells it ({@code wal_level=logical}, first record of a subtransaction); else 0. */
    public int topLevelXid() {
        return topLevelXid;
    }

    /** Bytes of all page images together, as stored. */
    public int imageBytes() {
        return imageBytes;
    }

    /** The pages it touches, in ascending order of their ids. The list and its elements are reused. */
    public List<BlockReference> blocks() {
        return blocks;
    }

    /** The resource manager's data that belongs to no page. Read-only, little endian. */
    public ByteBuffer mainData() {
        return slice(mainAt, mainLength);
    }

    int blockCount() {
        return blockCount;
    }

    BlockReference block(int index) {
        return pool[index];
    }

    WalFormat format() {
        return format;
    }

    /** Where the pages' images and data begin, one after another, behind all headers. */
    int payloadAt() {
        return payloadAt;
    }

    byte[] bytes() {
        return bytes;
    }

    int mainAt() {
        return mainAt;
    }

    int mainLength() {
        return mainLength;
    }

    long startValue() {
        return start;
    }

    WalDamagedException damaged(String fault) {
        return new WalDamagedException(new Lsn(start), fault);
    }

    /** The {@link RelationFile} whose three numbers lie at this place of the record's bytes. */
    RelationFile relation(int numbersAt) {
        return relation(
                LittleEndian.i32(bytes, numbersAt),
                LittleEndian.i32(bytes, numbersAt + 4),
                LittleEndian.i32(bytes, numbersAt + 8));
    }

    /** A {@link RelationFile}, an old one where possible: few relations make most of any log. */
    RelationFile relation(int tablespaceOid, int databaseOid, int fileNumber) {
        int slot = (fileNumber ^ databaseOid * 31) & relations.length - 1;
        RelationFile known = relations[slot];
        if (known != null
                && known.fileNumber() == fileNumber
                && known.databaseOid() == databaseOid
                && known.tablespaceOid() == tablespaceOid) {
            return known;
        }
        RelationFile made = new RelationFile(tablespaceOid, databaseOid, fileNumber);
        relations[slot] = made;
        return made;
    }

    ByteBuffer slice(int at, int size) {
        return ByteBuffer.wrap(bytes, at, size).slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Becomes the record that lies in {@code from[begin, begin + size)}, whose checksum has been verified. All headers are checked; of what they say
     * only places and lengths are kept, the rest is read when it is asked for: most of it never is.
     *
     * @throws WalDamagedException if the parts do not add up
     */
    void become(byte[] from, int begin, int size, long startLsn, long endLsn) throws WalDamagedException {
        bytes = from;
        at = begin;
        length = size;
        start = startLsn;
        end = endLsn;
        info = LittleEndian.u8(from, begin + 16);
        rmgr = LittleEndian.u8(from, begin + 17);
        origin = 0;
        topLevelXid = 0;
        int images = 0;
        int main = 0;
        int blocksRead = 0;
        int lastId = -1;
        int relationAt = -1;
        int limit = begin + size;
        int cursor = begin + HEADER_BYTES;
        int payload = 0;
        while (limit - cursor > payload) {
            int id = LittleEndian.u8(from, cursor);
            if (id <= MAX_BLOCK_ID) {
                if (id <= lastId) {
                    throw damaged("block id " + id + " follows block id " + lastId);
                }
                need(4, cursor, limit);
                int flags = LittleEndian.u8(from, cursor + 1);
                int dataLength = LittleEndian.u16(from, cursor + 2);
                cursor += 4;
                BlockReference block = poolAt(blocksRead);
                block.id = id;
                block.flags = flags;
                block.payloadBefore = payload;
                block.dataLength = dataLength;
                block.imageLength = 0;
                checkBlock(id, flags, dataLength);
                if ((flags & BlockReference.HAS_IMAGE) != 0) {
                    cursor = readImageHeader(block, from, cursor, limit);
                    images += block.imageLength;
                    payload += block.imageLength;
                }
                if ((flags & SAME_RELATION) == 0) {
                    need(16, cursor, limit);
                    relationAt = cursor;
                    cursor += 12;
                } else if (relationAt < 0) {
                    throw damaged("block " + id + " refers to the relation of an earlier block, and there is none");
                } else {
                    need(4, cursor, limit);
                }
                block.relationAt = relationAt;
                block.blockAt = cursor;
                cursor += 4;
                payload += dataLength;
                lastId = id;
                blocksRead++;
            } else if (id == ID_DATA_SHORT) {
                need(2, cursor, limit);
                main = LittleEndian.u8(from, cursor + 1);
                cursor += 2;
                payload += main;
                break;
            } else if (id == ID_DATA_LONG) {
                need(5, cursor, limit);
                main = LittleEndian.i32(from, cursor + 1);
                cursor += 5;
                if (main < 0 || main > size) {
                    throw damaged("main data of " + Integer.toUnsignedString(main) + " bytes in a record of " + size);
                }
                payload += main;
                break;
            } else if (id == ID_ORIGIN) {
                need(3, cursor, limit);
                origin = LittleEndian.u16(from, cursor + 1);
                cursor += 3;
            } else if (id == ID_TOP_LEVEL_XID) {
                need(5, cursor, limit);
                topLevelXid = LittleEndian.i32(from, cursor + 1);
                cursor += 5;
            } else {
                throw damaged("block id " + id + " is not one that PostgreSQL writes");
            }
        }
        if (limit - cursor != payload) {
            throw damaged("headers promise " + payload + " bytes of data, " + (limit - cursor) + " follow");
        }
        blockCount = blocksRead;
        imageBytes = images;
        payloadAt = cursor;
        mainLength = main;
        mainAt = limit - main;
    }

    private void checkBlock(int id, int flags, int dataLength) throws WalDamagedException {
        int fork = flags & BlockReference.FORK;
        if (fork > FORK_MAX) {
            throw damaged("block " + id + " is of fork " + fork + ", there are 0 to " + FORK_MAX);
        }
        if (((flags & BlockReference.HAS_DATA) != 0) != (dataLength > 0)) {
            throw damaged(
                    "block " + id + " has flags " + WalFormat.hex(flags) + " but " + dataLength + " bytes of data");
        }
    }

    private int readImageHeader(BlockReference block, byte[] from, int from0, int limit) throws WalDamagedException {
        int cursor = from0;
        need(5, cursor, limit);
        int size = LittleEndian.u16(from, cursor);
        int holeOffset = LittleEndian.u16(from, cursor + 2);
        int flags = LittleEndian.u8(from, cursor + 4);
        cursor += 5;
        boolean hasHole = (flags & 0x01) != 0;
        boolean compressed = (flags & format.imageCompressedFlags()) != 0;
        int holeLength;
        if (!compressed) {
            holeLength = WalFormat.DATA_PAGE_BYTES - size;
        } else if (hasHole) {
            need(2, cursor, limit);
            holeLength = LittleEndian.u16(from, cursor);
            cursor += 2;
        } else {
            holeLength = 0;
        }
        boolean right = size <= WalFormat.DATA_PAGE_BYTES
                && holeOffset + holeLength <= WalFormat.DATA_PAGE_BYTES
                && (hasHole
                        ? holeOffset > 0 && holeLength > 0 && size < WalFormat.DATA_PAGE_BYTES
                        : holeOffset == 0 && holeLength == 0)
                && (!compressed || size < WalFormat.DATA_PAGE_BYTES);
        if (!right) {
            throw damaged("block " + block.id + " has an image of " + size + " bytes with flags " + WalFormat.hex(flags)
                    + " and a hole of " + holeLength + " bytes at " + holeOffset);
        }
        block.imageLength = size;
        block.imageFlags = flags;
        block.imageHoleOffset = holeOffset;
        block.imageHoleLength = holeLength;
        return cursor;
    }

    private void need(int wanted, int cursor, int limit) throws WalDamagedException {
        if (limit - cursor < wanted) {
            throw damaged("a header is cut off by the end of the record of " + length + " bytes");
        }
    }

    private BlockReference poolAt(int index) {
        if (index == pool.length) {
            pool = Arrays.copyOf(pool, Math.max(4, index * 2));
            for (int i = index; i < pool.length; i++) {
                pool[i] = new BlockReference(this);
            }
        }
        return pool[index];
    }

    private final class Blocks extends AbstractList<BlockReference> {
        @Override
        public BlockReference get(int index) {
            if (index < 0 || index >= blockCount) {
                throw new IndexOutOfBoundsException("block " + index + " of " + blockCount);
            }
            return pool[index];
        }

        @Override
        public int size() {
            return blockCount;
        }
    }

    @Override
    public String toString() {
        return "record at " + start() + ", end " + end() + ", resource manager " + rmgr + ", info "
                + WalFormat.hex(info) + ", xid " + Integer.toUnsignedString(xid()) + ", " + length + " bytes";
    }
}
