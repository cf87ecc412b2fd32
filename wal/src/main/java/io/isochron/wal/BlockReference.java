package io.isochron.wal;

import java.nio.ByteBuffer;

/**
 * One page that a record touches: a view that is valid as long as its {@link WalRecord} is. Copy what is to be kept;
 * {@link #relation()} may be kept.
 *
 * <p>Source: {@code XLogRecordBlockHeader} and what follows it in src/include/access/xlogrecord.h.
 */
public final class BlockReference {
    private final WalRecord record;
    int id;
    int fork;
    int block;
    boolean willInitialise;
    boolean hasImage;
    boolean imageApplied;
    boolean imageCompressed;
    int imageFlags;
    int holeOffset;
    int holeLength;
    int imageLength;
    int imageAt;
    int dataLength;
    int dataAt;
    int tablespaceOid;
    int databaseOid;
    int fileNumber;
    boolean hasData;

    BlockReference(WalRecord record) {
        this.record = record;
    }

    /** The record's own number for this page, 0 to 32; numbers ascend within a record but need not be adjacent. */
    public int id() {
        return id;
    }

    /** The storage that the page belongs to. */
    public RelationFile relation() {
        return record.relation(tablespaceOid, databaseOid, fileNumber);
    }

    /** 0 main, 1 free space map, 2 visibility map, 3 initialisation fork. */
    public int fork() {
        return fork;
    }

    /** Page number within the fork, unsigned 32-bit. */
    public long block() {
        return block & 0xFFFFFFFFL;
    }

    /** Whether replay builds the page from nothing. */
    public boolean willInitialise() {
        return willInitialise;
    }

    /** Whether a full-page image is there. */
    public boolean hasImage() {
        return hasImage;
    }

    /** Whether replay restores the image; otherwise it is there for consistency checks only. */
    public boolean imageApplied() {
        return imageApplied;
    }

    /** Whether the image is compressed (pglz, LZ4 or zstd). */
    public boolean imageCompressed() {
        return imageCompressed;
    }

    /** Bytes of the image as stored, without its hole, 0 to 8192. */
    public int imageLength() {
        return imageLength;
    }

    /** Where the left-out run of zeros begins in the page. */
    public int holeOffset() {
        return holeOffset;
    }

    /** Bytes of the left-out run of zeros. */
    public int holeLength() {
        return holeLength;
    }

    /** The image as stored; empty if there is none. Read-only, little endian. */
    public ByteBuffer image() {
        return record.slice(imageAt, imageLength);
    }

    /** Whether the resource manager put data with this page. */
    public boolean hasData() {
        return hasData;
    }

    /** The resource manager's data for this page; empty if there is none. Read-only, little endian. */
    public ByteBuffer data() {
        return record.slice(dataAt, dataLength);
    }

    @Override
    public String toString() {
        return "block reference #" + id + " " + relation() + " fork " + fork + " block " + block();
    }
}
