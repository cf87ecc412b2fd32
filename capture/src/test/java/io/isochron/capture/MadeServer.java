package io.isochron.capture;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * The WAL of a server that commits transactions, of which every byte is known. Pages and records are PostgreSQL's (src/include/access/xlog_internal.h, xlogrecord.h); a record is either XLOG_NOOP with
 * bytes of no meaning or a commit.
 */
public final class MadeServer {
    /** Size of its WAL files. */
    public static final int SEGMENT_BYTES = 1 << 20;

    private static final Lsn START = new Lsn(16L * SEGMENT_BYTES);
    private static final int TIMELINE = 1;
    private static final int RECORD_HEADER = 24;
    private static final int NOOP = 0x20;
    private static final int XACT = 1;

    private final WalFormat format;
    private final long systemIdentifier;
    private final Random random;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long previous;
    private int xid = 700;

    /** @param random what it writes follows from it */
    public MadeServer(int major, long systemIdentifier, Random random) {
        this.format = WalFormat.of(major);
        this.systemIdentifier = systemIdentifier;
        this.random = random;
    }

    /** Where its WAL begins. */
    public Lsn start() {
        return START;
    }

    /** Where it ends now, behind a whole record. */
    public Lsn end() {
        return START.plus(bytes.size());
    }

    /** The bytes of a range. */
    public byte[] bytes(long from, long to) {
        return Arrays.copyOfRange(bytes.toByteArray(), (int) (from - START.value()), (int) (to - START.value()));
    }

    /** Writes a transaction. */
    public void transaction() {
        // now and then more than an object holds
        byte[] work = new byte[1 + random.nextInt(random.nextInt(20) == 0 ? 30_000 : 600)];
        random.nextBytes(work);
        record(0, NOOP, ++xid, work);
        byte[] commit = new byte[Long.BYTES];
        ByteBuffer.wrap(commit).order(ByteOrder.LITTLE_ENDIAN).putLong(800_000_000_000_000L + xid * 1_000_000L);
        record(XACT, 0, xid, commit);
    }

    private void record(int manager, int info, int transaction, byte[] data) {
        boolean small = data.length <= 255;
        ByteBuffer whole = ByteBuffer.allocate(RECORD_HEADER + (small ? 2 : 5) + data.length)
                .order(ByteOrder.LITTLE_ENDIAN);
        whole.putInt(whole.capacity()).putInt(transaction).putLong(previous);
        whole.put((byte) info).put((byte) manager).putShort((short) 0).position(RECORD_HEADER);
        if (small) {
            whole.put((byte) 255).put((byte) data.length);
        } else {
            whole.put((byte) 254).putInt(data.length);
        }
        whole.put(data);
        CRC32C crc = new CRC32C();
        crc.update(whole.array(), RECORD_HEADER, whole.capacity() - RECORD_HEADER);
        crc.update(whole.array(), 0, RECORD_HEADER - Integer.BYTES);
        whole.putInt(RECORD_HEADER - Integer.BYTES, (int) crc.getValue());
        pageHeader(0);
        long begin = end().value();
        byte[] record = whole.array();
        for (int at = 0; at < record.length; ) {
            pageHeader(record.length - at);
            int room = (int) (WalFormat.PAGE_BYTES - (end().value() & (WalFormat.PAGE_BYTES - 1)));
            int size = Math.min(record.length - at, room);
            bytes.write(record, at, size);
            at += size;
        }
        bytes.writeBytes(new byte[(int) (-end().value() & 7)]);
        previous = begin;
    }

    /** Begins a page if the last one is full. */
    private void pageHeader(int remaining) {
        long at = end().value();
        if ((at & (WalFormat.PAGE_BYTES - 1)) != 0) {
            return;
        }
        boolean first = (at & (SEGMENT_BYTES - 1)) == 0;
        ByteBuffer header = ByteBuffer.allocate(first ? 40 : 24).order(ByteOrder.LITTLE_ENDIAN);
        header.putShort((short) format.pageMagic())
                .putShort((short) ((remaining > 0 ? 1 : 0) | (first ? 2 : 0)))
                .putInt(TIMELINE)
                .putLong(at)
                .putInt(remaining)
                .putInt(0);
        if (first) {
            header.putLong(systemIdentifier).putInt(SEGMENT_BYTES).putInt(WalFormat.PAGE_BYTES);
        }
        bytes.writeBytes(header.array());
    }
}
