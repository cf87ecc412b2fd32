package io.isochron.wal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of WAL bytes into records and checks every one: CRC-32C, link to the record before, header, parts. Bytes may come in
 * pieces of any size. One reader follows one shard on one PostgreSQL timeline; it is not safe for several threads.
 *
 * <p>Sources: page headers in src/include/access/xlog_internal.h; the rules for records that go on over pages, for segment switches and
 * for records that a crash left unfinished ("overwritten" ones) in src/backend/access/transam/xlogreader.c.
 *
 * <p>Memory: records within one page are read where they lie; a record over several pages is gathered in a buffer that grows as bytes
 * come in, never beyond {@link Limits#maxRecordBytes()}, whatever a length field claims.
 */
public final class WalReader {
    /** What is known about the position a reader starts at. */
    public enum StartMode {
        /** A record begins there, or the header of the page that begins with it. */
        RECORD_BOUNDARY,
        /** It is the start of a page; the rest of a record that began earlier is skipped. */
        UNKNOWN
    }

    /**
     * Bounds on what input can make the reader do.
     *
     * @param maxRecordBytes longest record accepted; PostgreSQL writes at most 1020 MiB ({@code XLogRecordMaxSize})
     */
    public record Limits(int maxRecordBytes) {
        /** What PostgreSQL itself allows. */
        public static final Limits DEFAULT = new Limits(1020 * 1024 * 1024);

        public Limits {
            if (maxRecordBytes < WalRecord.HEADER_BYTES) {
                throw new IllegalArgumentException(
                        "limit of " + maxRecordBytes + " bytes is less than a record's header");
            }
        }
    }

    private static final int PAGE_MASK = WalFormat.PAGE_BYTES - 1;
    private static final int COPY_BYTES = 64 * 1024;
    private static final int GATHER_BYTES = 16 * 1024;
    private static final int GATHER_KEEP_BYTES = 4 * 1024 * 1024;

    private final int segmentSizeBytes;
    private final Limits limits;
    private final WalRecord record;
    private final CRC32C crc = new CRC32C();
    private final PageHeader header;
    private final long start;

    private byte[] copy = new byte[0];
    private boolean aligned;
    private boolean firstPage = true;
    private long fed;
    private long recordEnd;
    private long previousStart;
    private long skipTo;
    /** Bytes of an earlier record, begun before an unknown start, that are still to be passed over. */
    private long foreignBytes;

    private byte[] gathered = new byte[GATHER_BYTES];
    private int gatheredLength;
    private int gatheredTotal;
    /** Start of the record being gathered, 0 if none is. */
    private long gatheredStart;
    /** Start of the record that a crash left unfinished, if the next record must say so; else 0. */
    private long overwritten;

    private @Nullable WalDamagedException damage;
    private boolean broken;

    /**
     * @param segmentSizeBytes size of the server's WAL segment files, a power of two from 1 MiB to 1 GiB
     * @param start position of the first byte that counts
     * @throws IllegalArgumentException if the start cannot be what the mode says, or the segment size is impossible
     */
    public WalReader(WalFormat format, int segmentSizeBytes, Lsn start, StartMode mode, Limits limits) {
        WalFileName.checkSegmentSize(segmentSizeBytes);
        this.segmentSizeBytes = segmentSizeBytes;
        this.limits = limits;
        this.record = new WalRecord(format);
        this.header = new PageHeader(format, segmentSizeBytes);
        this.start = start.value();
        int inPage = (int) (this.start & PAGE_MASK);
        if (mode == StartMode.UNKNOWN && inPage != 0) {
            throw new IllegalArgumentException("WAL reader cannot start at " + start
                    + " without knowing a record boundary: it is not the start of a page of " + WalFormat.PAGE_BYTES);
        }
        if (inPage != 0 && (inPage < header.bytesAt(this.start) || (inPage & 7) != 0)) {
            throw new IllegalArgumentException("no WAL record can start at " + start);
        }
        this.aligned = mode == StartMode.RECORD_BOUNDARY;
        this.fed = this.start;
        this.recordEnd = this.start;
    }

    /** As the other one, with PostgreSQL's own limits. */
    public WalReader(WalFormat format, int segmentSizeBytes, Lsn start, StartMode mode) {
        this(format, segmentSizeBytes, start, mode, Limits.DEFAULT);
    }

    /** End of all bytes fed. */
    public Lsn fed() {
        return new Lsn(fed);
    }

    /**
     * End of the last complete record as in {@link WalRecord#end()}, which after a segment switch, and by up to 7 bytes of padding
     * otherwise, may lie beyond {@link #fed()}. The start position if there was none yet.
     */
    public Lsn recordEnd() {
        return new Lsn(recordEnd);
    }

    /**
     * Start of the incomplete record at the end of what was fed, or {@link #recordEnd()} if there is none: a new reader that starts here
     * with {@link StartMode#RECORD_BOUNDARY} gives the same records from here on. Before {@link #aligned()} it is the start position, which
     * is good for {@link StartMode#UNKNOWN} only.
     */
    public Lsn pendingStart() {
        return new Lsn(gatheredStart != 0 ? gatheredStart : recordEnd);
    }

    /** Whether a record boundary has been found; true from the beginning unless started with {@link StartMode#UNKNOWN}. */
    public boolean aligned() {
        return aligned;
    }

    /** The server's system identifier as the segments' first pages tell it, unsigned; 0 if none was seen yet. */
    public long systemIdentifier() {
        return header.systemIdentifier();
    }

    /**
     * Takes the next bytes of the log and hands every record that they complete to the handler.
     *
     * @param at position of the first byte; must be {@link #fed()}. Only before anything was taken it may be earlier: bytes before the
     *     start position are passed over
     * @param bytes from position to limit; neither is changed, and the bytes are not kept
     * @throws WalDamagedException if the bytes are not sound WAL; all records handed out before are. The reader cannot go on
     * @throws IllegalArgumentException if the bytes do not follow the ones before
     */
    public void feed(Lsn at, ByteBuffer bytes, RecordHandler handler) throws WalDamagedException {
        if (damage != null) {
            throw new WalDamagedException(damage.at(), damage.fault());
        }
        if (broken) {
            throw new IllegalStateException("a record handler failed, this WAL reader cannot go on");
        }
        int from = bytes.position();
        if (at.value() != fed) {
            long before = fed - at.value();
            if (fed != start || before < 0) {
                throw new IllegalArgumentException("WAL bytes at " + at + " do not follow " + fed());
            }
            from += (int) Math.min(before, bytes.remaining());
        }
        broken = true;
        try {
            if (bytes.hasArray()) {
                consume(bytes.array(), bytes.arrayOffset() + from, bytes.arrayOffset() + bytes.limit(), handler);
            } else {
                feedCopied(bytes, from, handler);
            }
            broken = false;
        } catch (WalDamagedException e) {
            damage = e;
            throw e;
        }
    }

    private void feedCopied(ByteBuffer bytes, int from, RecordHandler handler) throws WalDamagedException {
        if (copy.length == 0) {
            copy = new byte[COPY_BYTES];
        }
        int cursor = from;
        while (cursor < bytes.limit()) {
            int size = Math.min(copy.length, bytes.limit() - cursor);
            bytes.get(cursor, copy, 0, size);
            consume(copy, 0, size, handler);
            cursor += size;
        }
    }

    private void consume(byte[] bytes, int from, int limit, RecordHandler handler) throws WalDamagedException {
        int cursor = from;
        while (cursor < limit) {
            int inPage = (int) (fed & PAGE_MASK);
            int size;
            if (Long.compareUnsigned(fed, skipTo) < 0) {
                size = (int) Math.min(limit - cursor, skipTo - fed);
                fed += size;
            } else if (inPage < PageHeader.SHORT_BYTES || inPage < header.bytesAt(fed)) {
                int wanted = header.bytesAt(fed);
                size = Math.min(limit - cursor, wanted - inPage);
                header.take(inPage, bytes, cursor, size);
                fed += size;
                if (inPage + size == wanted) {
                    pageBegins(fed - wanted);
                }
            } else {
                int available = Math.min(limit - cursor, WalFormat.PAGE_BYTES - inPage);
                if (foreignBytes > 0) {
                    size = (int) Math.min(available, foreignBytes);
                    fed += size;
                    foreignBytes -= size;
                    if (foreignBytes == 0) {
                        boundaryAt(align(fed));
                    }
                } else if (gatheredStart != 0) {
                    size = gather(bytes, cursor, available, handler);
                } else {
                    size = records(bytes, cursor, available, handler);
                }
            }
            cursor += size;
        }
    }

    /**
     * Reads the records that begin here, one after another and in place, as long as they are whole; begins to gather the one that is not. This
     * loop is where a scan spends its time.
     *
     * @param available bytes up to the end of the page or of what is there, at least 1
     * @return the bytes used
     */
    private int records(byte[] bytes, int cursor, int available, RecordHandler handler) throws WalDamagedException {
        int limit = cursor + available;
        int at = cursor;
        while (limit - at >= 4) {
            long begin = fed;
            int total = checkedLength(LittleEndian.i32(bytes, at), begin);
            if (total > limit - at) {
                break;
            }
            fed = begin + total;
            complete(bytes, at, total, begin, handler);
            long taken = recordEnd - begin;
            if (taken >= limit - at) {
                // padding, or the zeros behind a segment switch, that are not all here
                return at + total - cursor;
            }
            at += (int) taken;
            fed = recordEnd;
        }
        gatheredStart = fed;
        gatheredLength = 0;
        gatheredTotal = 0;
        return at - cursor + gather(bytes, at, limit - at, handler);
    }

    private int gather(byte[] bytes, int cursor, int available, RecordHandler handler) throws WalDamagedException {
        int wanted = (gatheredTotal == 0 ? 4 : gatheredTotal) - gatheredLength;
        int size = Math.min(wanted, available);
        if (gatheredLength + size > gathered.length) {
            long grown = Math.max(gatheredLength + (long) size, gathered.length * 2L);
            gathered = Arrays.copyOf(gathered, (int) Math.min(grown, limits.maxRecordBytes()));
        }
        System.arraycopy(bytes, cursor, gathered, gatheredLength, size);
        gatheredLength += size;
        fed += size;
        if (gatheredTotal == 0 && gatheredLength == 4) {
            gatheredTotal = checkedLength(LittleEndian.i32(gathered, 0), gatheredStart);
        } else if (gatheredLength == gatheredTotal) {
            long begin = gatheredStart;
            gatheredStart = 0;
            complete(gathered, 0, gatheredTotal, begin, handler);
            if (gathered.length > GATHER_KEEP_BYTES) {
                gathered = new byte[GATHER_BYTES];
            }
        }
        return size;
    }

    private int checkedLength(int total, long at) throws WalDamagedException {
        if (total < WalRecord.HEADER_BYTES || total > limits.maxRecordBytes()) {
            throw new WalDamagedException(
                    new Lsn(at),
                    "record length " + Integer.toUnsignedString(total) + " is not within " + WalRecord.HEADER_BYTES
                            + " and " + limits.maxRecordBytes());
        }
        return total;
    }

    private void complete(byte[] bytes, int at, int total, long begin, RecordHandler handler)
            throws WalDamagedException {
        checkHeader(bytes, at, begin);
        crc.reset();
        crc.update(bytes, at + WalRecord.HEADER_BYTES, total - WalRecord.HEADER_BYTES);
        crc.update(bytes, at, 20);
        if ((int) crc.getValue() != LittleEndian.i32(bytes, at + 20)) {
            throw new WalDamagedException(
                    new Lsn(begin),
                    "record of " + total + " bytes has checksum " + WalFormat.hex(LittleEndian.i32(bytes, at + 20))
                            + ", its content gives " + WalFormat.hex((int) crc.getValue()));
        }
        long end = align(fed);
        if (bytes[at + 17] == ResourceManager.XLOG && (bytes[at + 16] & 0xF0) == XlogInfo.SWITCH) {
            end = (end + segmentSizeBytes - 1) & -segmentSizeBytes;
        }
        record.become(bytes, at, total, begin, end);
        if (overwritten != 0) {
            checkOverwrites(overwritten);
            overwritten = 0;
        }
        previousStart = begin;
        boundaryAt(end);
        handler.record(record);
    }

    private void checkHeader(byte[] bytes, int at, long begin) throws WalDamagedException {
        int rmgr = LittleEndian.u8(bytes, at + 17);
        if (rmgr > ResourceManager.LAST_BUILT_IN && rmgr < ResourceManager.FIRST_CUSTOM) {
            throw new WalDamagedException(
                    new Lsn(begin), "record is of resource manager " + rmgr + ", which does not exist");
        }
        long previous = LittleEndian.i64(bytes, at + 8);
        boolean linked = previousStart != 0 ? previous == previousStart : Long.compareUnsigned(previous, begin) < 0;
        if (!linked) {
            throw new WalDamagedException(
                    new Lsn(begin),
                    "record says that the one before it is at " + new Lsn(previous) + ", expected "
                            + (previousStart != 0 ? new Lsn(previousStart) : "one before " + new Lsn(begin)));
        }
    }

    /** The first record after an unfinished one names it (struct {@code xl_overwrite_contrecord}). */
    private void checkOverwrites(long unfinished) throws WalDamagedException {
        boolean right = record.rmgr() == ResourceManager.XLOG
                && (record.info() & 0xF0) == XlogInfo.OVERWRITE_CONTRECORD
                && record.mainLength() >= 8
                && LittleEndian.i64(record.bytes(), record.mainAt()) == unfinished;
        if (!right) {
            throw record.damaged("record should say that it replaces the unfinished one at " + new Lsn(unfinished));
        }
    }

    private void boundaryAt(long end) {
        aligned = true;
        recordEnd = end;
        skipTo = end;
    }

    private void pageBegins(long page) throws WalDamagedException {
        boolean first = firstPage;
        firstPage = false;
        header.check(page);
        boolean continuation = header.continuesRecord();
        boolean overwrites = header.replacesUnfinishedRecord();
        long remaining = header.remainingBytes();
        if (overwrites && (gatheredStart != 0 || foreignBytes > 0 || first) && !continuation) {
            overwritten = gatheredStart;
            gatheredStart = 0;
            foreignBytes = 0;
            boundaryAt(page);
        } else if (gatheredStart != 0 || foreignBytes > 0) {
            long expected = gatheredStart != 0 ? gatheredTotal - gatheredLength : foreignBytes;
            if (!continuation || overwrites || remaining != expected) {
                throw PageHeader.fault(
                        page,
                        "page has flags " + header.flags() + " and continues a record with " + remaining
                                + " bytes, expected " + expected + " bytes"
                                + (gatheredStart != 0 ? " of the record at " + new Lsn(gatheredStart) : ""));
            }
        } else if (!aligned && continuation && remaining > 0) {
            foreignBytes = remaining;
        } else if (continuation || overwrites) {
            throw PageHeader.fault(page, "page has flags " + header.flags() + " but no record goes on into it");
        } else {
            aligned = true;
        }
    }

    private static long align(long position) {
        return position + 7 & -8L;
    }
}
