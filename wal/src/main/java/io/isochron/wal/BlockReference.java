package io.isochron.wal;

import java.nio.ByteBuffer;

/**
 * One page that a record touches: a view that is valid as long as its {@link WalRecord} is. Copy what is to be kept;
 * {@link #relation()} may be kept.
 *
 * <p>Source: {@code XLogRecordBlockHeader} and what follows it in src/include/access/xlogrecord.h.
 */
public final class BlockReference {
    static final int FORK = 0x0F;
    static final int HAS_IMAGE = 0x10;
    static final int HAS_DATA = 0x20;
    private static final int WILL_INITIALISE = 0x40;

    private final WalRecord record;
    int id;
    int flags;
    /** Where its relation's three numbers lie in the record's bytes; for one that shares the relation of the block before, that block's. */
    int relationAt;
    /** Where its page number lies in the record's bytes. */
    int blockAt;
    /** Bytes of images and data of the blocks before. */
    int payloadBefore;

    int imageLength;
    int dataLength;
    /** Of the image; what an earlier record left, if there is none. */
    int imageFlags;

    int imageHoleOffset;
    int imageHoleLength;

    BlockReference(WalRecord record) {
        this.record = record;
    }

    /** The record's own number for this page, 0 to 32; numbers ascend within a record but need not be adjacent. */
    public int id() {
        return id;
    }

    /** The storage that the page belongs to. */
    public RelationFile relation() {
        return record.relation(relationAt);
    }

    /** 0 main, 1 free space map, 2 visibility map, 3 initialisation fork. */
    public int fork() {
        return flags & FORK;
    }

    /** Page number within the fork, unsigned 32-bit. */
    public long block() {
        return LittleEndian.u32(record.bytes(), blockAt);
    }

    /** Whether replay builds the page from nothing. */
    public boolean willInitialise() {
        return (flags & WILL_INITIALISE) != 0;
    }

    /** Whether a full-page image is there. */
    public boolean hasImage() {
        return (flags & HAS_IMAGE) != 0;
    }

    /** Whether replay restores the image; otherwise it is there for consistency checks only. */
    public boolean imageApplied() {
        return hasImage() && (imageFlags & record.format().imageApplyFlag()) != 0;
    }

    /** Whether the image is compressed (pglz, LZ4 or zstd). */
    public boolean imageCompressed() {
        return hasImage() && (imageFlags & record.format().imageCompressedFlags()) != 0;
    }

    /** Bytes of the image as stored, without its hole, 0 to 8192. */
    public int imageLength() {
        return imageLength;
    }

    /** Where the left-out run of zeros begins in the page. */
    public int holeOffset() {
        return hasImage() ? imageHoleOffset : 0;
    }

    /** Bytes of the left-out run of zeros. */
    public int holeLength() {
        return hasImage() ? imageHoleLength : 0;
    }

    /** The image as stored; empty if there is none. Read-only, little endian. */
    public ByteBuffer image() {
        return record.slice(imageAt(), imageLength);
    }

    /** Whether the resource manager put data with this page. */
    public boolean hasData() {
        return (flags & HAS_DATA) != 0;
    }

    /** The resource manager's data for this page; empty if there is none. Read-only, little endian. */
    public ByteBuffer data() {
        return record.slice(dataAt(), dataLength);
    }

    /** Where the image begins in the record's bytes. */
    int imageAt() {
        return record.payloadAt() + payloadBefore;
    }

    /** Where the data begins in the record's bytes. */
    int dataAt() {
        return imageAt() + imageLength;
    }

    @Override
    public String toString() {
        return "block reference #" + id + " " + relation() + " fork " + fork() + " block " + block();
    }
}
