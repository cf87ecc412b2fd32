package io.isochron.wal;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** Writes WAL the way a server does: page headers, continued records, switches, records that a crash leaves unfinished. */
final class SyntheticWal {
    static final int SEGMENT_BYTES = 1 << 20;
    static final long SYSTEM = 7_123_456_789_012_345_678L;
    static final int TIMELINE = 3;

    /** What was written, as a reader should find it. */
    record Written(Lsn start, Lsn end, int rmgr, int info, int xid, int length) {
        static Written of(WalRecord record) {
            return new Written(
                    record.start(), record.end(), record.rmgr(), record.info(), record.xid(), record.length());
        }
    }

    private final WalFormat format;
    private final long start;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Written> records = new ArrayList<>();
    private long previous;
    private long unfinished;

    /** @param start the start of a page */
    SyntheticWal(WalFormat format, Lsn start) {
        this.format = format;
        this.start = start.value();
        this.previous = start.value() - 64;
    }

    Lsn start() {
        return new Lsn(start);
    }

    Lsn end() {
        return new Lsn(position());
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    List<Written> records() {
        return records;
    }

    /** Bytes until the page ends, with the position aligned as for a next record. */
    int leftInPage() {
        int inPage = (int) (position() & 8191);
        return inPage == 0 ? 0 : 8192 - inPage;
    }

    /** A record with main data only. */
    Written record(int rmgr, int info, int xid, byte[] mainData) {
        return recordWithBody(rmgr, info, xid, mainDataBody(mainData));
    }

    /** A record whose length with header is exactly this, from 26. */
    Written recordOfLength(int length, int xid, byte fill) {
        int body = length - WalRecord.HEADER_BYTES;
        int main = body - 2 <= 255 ? body - 2 : body - 5;
        byte[] data = new byte[main];
        java.util.Arrays.fill(data, fill);
        return recordWithBody(21, 0x00, xid, mainDataBody(data));
    }

    Written recordWithBody(int rmgr, int info, int xid, byte[] body) {
        byte[] whole = assemble(rmgr, info, xid, body);
        headerIfPageBegins(0);
        long begin = position();
        write(whole, whole.length);
        pad();
        long end = position();
        previous = begin;
        Written written = new Written(new Lsn(begin), new Lsn(end), rmgr, info, xid, whole.length);
        records.add(written);
        return written;
    }

    /** XLOG_SWITCH: the rest of the segment is zeros, page headers included. */
    void switchSegment() {
        byte[] whole = assemble(0, XlogInfo.SWITCH, 0, new byte[0]);
        headerIfPageBegins(0);
        long begin = position();
        write(whole, whole.length);
        pad();
        previous = begin;
        long end = (position() + SEGMENT_BYTES - 1) & -SEGMENT_BYTES;
        bytes.writeBytes(new byte[(int) (end - position())]);
        records.add(new Written(new Lsn(begin), new Lsn(end), 0, XlogInfo.SWITCH, 0, whole.length));
    }

    /** A crash while a record was written that goes on into the next page: recovery writes a record that replaces it. */
    void breakOff(Lsn saysItReplaces, int length) {
        byte[] whole = assemble(21, 0, 9, mainDataBody(new byte[length]));
        headerIfPageBegins(0);
        unfinished = position();
        int left = leftInPage();
        if (left == 0 || left >= whole.length) {
            throw new IllegalArgumentException("the record must not fit the page: " + left);
        }
        bytes.write(whole, 0, left);
        ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        data.putLong(saysItReplaces == null ? unfinished : saysItReplaces.value());
        pageHeader(8, 0);
        record(0, XlogInfo.OVERWRITE_CONTRECORD, 0, data.array());
    }

    long unfinished() {
        return unfinished;
    }

    static byte[] mainDataBody(byte[] data) {
        ByteBuffer body = ByteBuffer.allocate(data.length + 5).order(ByteOrder.LITTLE_ENDIAN);
        if (data.length == 0) {
            return new byte[0];
        } else if (data.length <= 255) {
            body.put((byte) 255).put((byte) data.length);
        } else {
            body.put((byte) 254).putInt(data.length);
        }
        body.put(data).flip();
        byte[] result = new byte[body.remaining()];
        body.get(result);
        return result;
    }

    private byte[] assemble(int rmgr, int info, int xid, byte[] body) {
        ByteBuffer whole =
                ByteBuffer.allocate(WalRecord.HEADER_BYTES + body.length).order(ByteOrder.LITTLE_ENDIAN);
        whole.putInt(whole.capacity())
                .putInt(xid)
                .putLong(previous)
                .put((byte) info)
                .put((byte) rmgr)
                .putShort((short) 0);
        whole.position(24);
        whole.put(body);
        CRC32C crc = new CRC32C();
        crc.update(whole.array(), 24, body.length);
        crc.update(whole.array(), 0, 20);
        whole.putInt(20, (int) crc.getValue());
        return whole.array();
    }

    private void write(byte[] whole, int length) {
        int at = 0;
        while (at < length) {
            headerIfPageBegins(length - at);
            int size = Math.min(length - at, (int) (8192 - (position() & 8191)));
            bytes.write(whole, at, size);
            at += size;
        }
    }

    private void headerIfPageBegins(int remaining) {
        if ((position() & 8191) == 0) {
            pageHeader(remaining > 0 ? 1 : 0, remaining);
        }
    }

    private void pageHeader(int flags, int remaining) {
        boolean first = (position() & SEGMENT_BYTES - 1) == 0;
        ByteBuffer header = ByteBuffer.allocate(first ? 40 : 24).order(ByteOrder.LITTLE_ENDIAN);
        header.putShort((short) format.pageMagic())
                .putShort((short) (flags | (first ? 2 : 0)))
                .putInt(TIMELINE);
        header.putLong(position()).putInt(remaining).putInt(0);
        if (first) {
            header.putLong(SYSTEM).putInt(SEGMENT_BYTES).putInt(8192);
        }
        bytes.writeBytes(header.array());
    }

    private void pad() {
        bytes.writeBytes(new byte[(int) (-position() & 7)]);
    }

    private long position() {
        return start + bytes.size();
    }
}
