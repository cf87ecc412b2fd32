package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * One file of a {@link Spool}. Its size never changes after it was made, so that making bytes durable needs no change of the file system's own records.
 *
 * <p>Format, big-endian: a header of 32 bytes ({@code magic u64 "ISOSPOL1", number u64, system identifier u64, unused u32, CRC-32C u32} over the 28 bytes before it), then frames: {@code length u32 (not
 * 0), timeline u32, LSN u64, CRC-32C u32} over the file's number, these three and the payload, then the payload, a piece of WAL. The first frame that does not hold ends the file: a crash tears at most
 * frames that were not yet durable. The number in the checksum makes frames of an earlier use of the file invalid.
 */
final class SpoolFile implements AutoCloseable {
    static final int FILE_BYTES = 16 << 20;
    static final int HEADER_BYTES = 32;
    static final int FRAME_BYTES = 20;
    private static final long MAGIC = 0x49534F53504F4C31L;

    /** Takes frames in their order. */
    interface FrameHandler {
        void frame(int timeline, Lsn at, ByteBuffer payload) throws IOException, InterruptedException;
    }

    private final Path path;
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer numberBytes = ByteBuffer.allocate(8);
    private long number;
    private int position = HEADER_BYTES;
    private Lsn end = Lsn.INVALID;

    private SpoolFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Makes a file of full size; durable when this returns, except its name. */
    static SpoolFile create(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        for (int at = 0; at < FILE_BYTES; at += zeros.capacity()) {
            write(channel, zeros.clear(), at);
        }
        channel.force(true);
        return new SpoolFile(path, channel);
    }

    static SpoolFile open(Path path) throws IOException {
        SpoolFile file = new SpoolFile(path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        file.number = file.read(header, 0) && header.getLong(0) == MAGIC && header.getInt(28) == crc(header, 28)
                ? header.getLong(8)
                : -1;
        return file;
    }

    private static int crc(ByteBuffer bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(0).limit(length));
        return (int) crc.getValue();
    }

    /** Its place in the order of files; -1 if it holds nothing. */
    long number() {
        return number;
    }

    /** Begins to use it, whatever it held before. */
    void begin(long newNumber, long systemIdentifier) throws IOException {
        number = newNumber;
        position = HEADER_BYTES;
        end = Lsn.INVALID;
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putLong(MAGIC)
                .putLong(newNumber)
                .putLong(systemIdentifier)
                .putInt(0)
                .putInt(crc(header, 28));
        write(channel, header.flip(), 0);
    }

    /** Whether a frame with so many bytes still fits. */
    boolean fits(int payloadBytes) {
        return position + FRAME_BYTES + payloadBytes <= FILE_BYTES;
    }

    /**
     * Writes a frame; not durable before {@link #sync}.
     *
     * @param frame room for the frame's head and the payload, which stands behind it; overwritten
     */
    void append(int timeline, Lsn at, ByteBuffer frame) throws IOException {
        int length = frame.limit() - FRAME_BYTES;
        frame.putInt(0, length).putInt(4, timeline).putLong(8, at.value());
        frame.putInt(16, checksum(frame, length));
        write(channel, frame.position(0), position);
        position += FRAME_BYTES + length;
        end = at.plus(length);
    }

    private int checksum(ByteBuffer frame, int length) {
        crc.reset();
        crc.update(numberBytes.putLong(0, number).rewind());
        crc.update(frame.duplicate().position(0).limit(16));
        crc.update(frame.duplicate().position(FRAME_BYTES).limit(FRAME_BYTES + length));
        return (int) crc.getValue();
    }

    /** Makes every frame durable (fdatasync). */
    void sync() throws IOException {
        channel.force(false);
    }

    /** End of the WAL in it; {@link Lsn#INVALID} if there is none. */
    Lsn end() {
        return end;
    }

    /**
     * Reads all frames that hold.
     *
     * @param systemIdentifier the system whose WAL is wanted: a file of another one holds nothing
     */
    void replay(long systemIdentifier, FrameHandler handler) throws IOException, InterruptedException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        if (number < 0 || !read(header, 0) || header.getLong(16) != systemIdentifier) {
            return;
        }
        ByteBuffer head = ByteBuffer.allocate(FRAME_BYTES);
        int at = HEADER_BYTES;
        while (at + FRAME_BYTES < FILE_BYTES && read(head.clear(), at)) {
            int length = head.getInt(0);
            if (length <= 0 || length > FILE_BYTES - at - FRAME_BYTES) {
                return;
            }
            ByteBuffer frame = ByteBuffer.allocate(FRAME_BYTES + length);
            if (!read(frame, at) || frame.getInt(16) != checksum(frame, length)) {
                return;
            }
            handler.frame(
                    frame.getInt(4),
                    new Lsn(frame.getLong(8)),
                    frame.position(FRAME_BYTES).slice());
            at += FRAME_BYTES + length;
        }
    }

    private boolean read(ByteBuffer into, int at) throws IOException {
        int done = 0;
        into.position(0);
        while (into.hasRemaining()) {
            int count = channel.read(into, at + done);
            if (count < 0) {
                return false;
            }
            done += count;
        }
        return true;
    }

    private static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
        long to = at;
        while (bytes.hasRemaining()) {
            int count = channel.write(bytes, to);
            if (count <= 0) {
                throw new EOFException("nothing could be written at " + to);
            }
            to += count;
        }
    }

    void delete() throws IOException {
        channel.close();
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
