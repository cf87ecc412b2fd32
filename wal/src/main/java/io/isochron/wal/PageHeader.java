package io.isochron.wal;

/**
 * The header of a WAL page, gathered from pieces and checked against its place and against the pages before (structs
 * {@code XLogPageHeaderData} and, at the start of a segment, {@code XLogLongPageHeaderData}, src/include/access/xlog_internal.h).
 */
final class PageHeader {
    /** Bytes of the header of most pages. */
    static final int SHORT_BYTES = 24;

    private static final int LONG_BYTES = 40;
    private static final int CONTINUES_RECORD = 0x01;
    private static final int LONG = 0x02;
    private static final int REPLACES_UNFINISHED_RECORD = 0x08;
    private static final int ALL_FLAGS = 0x0F;

    private final WalFormat format;
    private final int segmentSizeBytes;
    private final byte[] bytes = new byte[LONG_BYTES];
    private int timeline;
    private long systemIdentifier;

    PageHeader(WalFormat format, int segmentSizeBytes) {
        this.format = format;
        this.segmentSizeBytes = segmentSizeBytes;
    }

    /** Bytes of the header of the page that holds this position. */
    int bytesAt(long position) {
        return (position & (segmentSizeBytes - 1) & -WalFormat.PAGE_BYTES) == 0 ? LONG_BYTES : SHORT_BYTES;
    }

    void take(int at, byte[] from, int fromAt, int size) {
        System.arraycopy(from, fromAt, bytes, at, size);
    }

    /** Whether the page begins with the rest of a record. */
    boolean continuesRecord() {
        return (LittleEndian.u16(bytes, 2) & CONTINUES_RECORD) != 0;
    }

    /** Whether the record that went on into this page was never finished, and another one begins here. */
    boolean replacesUnfinishedRecord() {
        return (LittleEndian.u16(bytes, 2) & REPLACES_UNFINISHED_RECORD) != 0;
    }

    /** Bytes of the continued record from here on, over this and further pages. */
    long remainingBytes() {
        return LittleEndian.u32(bytes, 16);
    }

    /** For messages. */
    String flags() {
        return WalFormat.hex(LittleEndian.u16(bytes, 2));
    }

    /** Of the last segment seen, 0 before. */
    long systemIdentifier() {
        return systemIdentifier;
    }

    /**
     * Checks what is complete now.
     *
     * @param page start of the page
     * @throws WalDamagedException if the header is not one for this place after the pages before
     */
    void check(long page) throws WalDamagedException {
        int magic = LittleEndian.u16(bytes, 0);
        if (magic != format.pageMagic()) {
            throw fault(
                    page,
                    "page magic is " + WalFormat.hex(magic) + ", " + format + " has "
                            + WalFormat.hex(format.pageMagic()));
        }
        boolean longHeader = bytesAt(page) == LONG_BYTES;
        int flags = LittleEndian.u16(bytes, 2);
        if ((flags & ~ALL_FLAGS) != 0 || longHeader != ((flags & LONG) != 0)) {
            throw fault(page, "page has flags " + flags());
        }
        long address = LittleEndian.i64(bytes, 8);
        if (address != page) {
            throw fault(page, "page says that it belongs at " + new Lsn(address));
        }
        int pageTimeline = LittleEndian.i32(bytes, 4);
        if (Integer.compareUnsigned(pageTimeline, timeline) < 0 || pageTimeline == 0) {
            throw fault(
                    page,
                    "page is of timeline " + Integer.toUnsignedString(pageTimeline) + " after timeline "
                            + Integer.toUnsignedString(timeline));
        }
        timeline = pageTimeline;
        if (longHeader) {
            checkSegment(page);
        }
    }

    private void checkSegment(long page) throws WalDamagedException {
        long system = LittleEndian.i64(bytes, 24);
        if (systemIdentifier != 0 && system != systemIdentifier) {
            throw fault(
                    page,
                    "segment is of system " + Long.toUnsignedString(system) + ", the ones before of system "
                            + Long.toUnsignedString(systemIdentifier));
        }
        if (LittleEndian.i32(bytes, 32) != segmentSizeBytes || LittleEndian.i32(bytes, 36) != WalFormat.PAGE_BYTES) {
            throw fault(
                    page,
                    "segment has " + LittleEndian.u32(bytes, 32) + " bytes in pages of "
                            + LittleEndian.u32(bytes, 36) + ", expected " + segmentSizeBytes + " in pages of "
                            + WalFormat.PAGE_BYTES);
        }
        systemIdentifier = system;
    }

    static WalDamagedException fault(long page, String fault) {
        return new WalDamagedException(new Lsn(page), fault);
    }
}
