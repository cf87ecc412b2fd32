package io.isochron.bench;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * A made-up log: pages and records of the right form (src/include/access/xlog_internal.h, xlogrecord.h), with content that is random and
 * often makes no sense, under checksums that hold.
 */
final class SyntheticLog {
    static final int SEGMENT_BYTES = 1 << 20;
    static final Lsn START = new Lsn(5L * SEGMENT_BYTES);

    private static final int RECORD_HEADER = 24;
    private static final int LONG_RECORD_MAX = 40_000;
    private static final int[] RESOURCE_MANAGERS = {0, 0, 1, 1, 1, 2, 4, 5, 7, 8, 9, 9, 10, 10, 10, 11, 14, 21, 130};

    private final WalFormat format;
    private final Random random;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long previous = START.value() - 64;

    private SyntheticLog(WalFormat format, Random random) {
        this.format = format;
        this.random = random;
    }

    /** About so many bytes, from {@link #START} on. */
    static byte[] write(WalFormat format, Random random, int bytes) {
        SyntheticLog log = new SyntheticLog(format, random);
        while (log.out.size() < bytes) {
            log.record();
        }
        return log.out.toByteArray();
    }

    private long position() {
        return START.value() + out.size();
    }

    private void record() {
        while ((out.size() & 7) != 0) {
            out.write(0);
        }
        pageHeaderIfDue(0);
        byte[] record = sealed(body());
        previous = position();
        for (int at = 0; at < record.length; ) {
            pageHeaderIfDue(at == 0 ? 0 : record.length - at);
            int room = WalFormat.PAGE_BYTES - (out.size() & WalFormat.PAGE_BYTES - 1);
            int size = Math.min(room, record.length - at);
            out.write(record, at, size);
            at += size;
        }
    }

    private void pageHeaderIfDue(int remaining) {
        if ((out.size() & WalFormat.PAGE_BYTES - 1) != 0) {
            return;
        }
        boolean first = (out.size() & SEGMENT_BYTES - 1) == 0;
        ByteBuffer header = ByteBuffer.allocate(first ? 40 : 24).order(ByteOrder.LITTLE_ENDIAN);
        header.putShort((short) format.pageMagic()).putShort((short) ((remaining > 0 ? 1 : 0) | (first ? 2 : 0)));
        header.putInt(1).putLong(position()).putInt(remaining).putInt(0);
        if (first) {
            header.putLong(42).putInt(SEGMENT_BYTES).putInt(WalFormat.PAGE_BYTES);
        }
        out.writeBytes(header.array());
    }

    private byte[] body() {
        ByteBuffer headers = ByteBuffer.allocate(2_000).order(ByteOrder.LITTLE_ENDIAN);
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        int blocks = random.nextInt(4) == 0 ? random.nextInt(6) : random.nextInt(2);
        for (int id = 0; id < blocks; id++) {
            boolean image = random.nextInt(6) == 0;
            byte[] data = noise(random.nextInt(40));
            byte[] page = noise(image ? 1 + random.nextInt(WalFormat.DATA_PAGE_BYTES - 1) : 0);
            headers.put((byte) id);
            headers.put((byte) (random.nextInt(4) | (image ? 0x10 : 0) | (data.length > 0 ? 0x20 : 0)));
            headers.putShort((short) data.length);
            if (image) {
                headers.putShort((short) page.length).putShort((short) 0);
                headers.put((byte) (format.majorVersion() == 14 ? 0x02 : 0x04));
            }
            headers.putInt(1663).putInt(5).putInt(16_384 + random.nextInt(50)).putInt(random.nextInt());
            payload.writeBytes(page);
            payload.writeBytes(data);
        }
        byte[] main = noise(random.nextInt(300) == 0 ? random.nextInt(LONG_RECORD_MAX) : random.nextInt(120));
        if (main.length > 255) {
            headers.put((byte) 254).putInt(main.length);
        } else {
            headers.put((byte) 255).put((byte) main.length);
        }
        payload.writeBytes(main);
        ByteBuffer record = ByteBuffer.allocate(RECORD_HEADER + headers.position() + payload.size());
        record.position(RECORD_HEADER);
        record.put(headers.array(), 0, headers.position()).put(payload.toByteArray());
        return record.array();
    }

    /** Bytes of which many are small numbers, as counts and flags are. */
    private byte[] noise(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        for (int i = 0; i < size; i++) {
            if (random.nextInt(3) > 0) {
                bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(8) : 0);
            }
        }
        return bytes;
    }

    private byte[] sealed(byte[] record) {
        int kind = random.nextInt(16) << 4;
        int manager = RESOURCE_MANAGERS[random.nextInt(RESOURCE_MANAGERS.length)];
        if (manager == 0 && kind == 0x40) {
            kind = 0x10; // a segment switch would have to be followed by the next segment
        }
        ByteBuffer header = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0, record.length).putInt(4, random.nextInt(5_000)).putLong(8, previous);
        header.put(16, (byte) kind).put(17, (byte) manager);
        reseal(record, 0, record.length);
        return record;
    }

    /** Makes the checksum of a record that lies in one piece right again. */
    static void reseal(byte[] bytes, int at, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, at + RECORD_HEADER, length - RECORD_HEADER);
        crc.update(bytes, at, 20);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at + 20, (int) crc.getValue());
    }
}
