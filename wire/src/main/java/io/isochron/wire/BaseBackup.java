package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A running base backup (documentation, chapter 53.4, BASE_BACKUP); how its parts lie on the wire depends on the server's version, see
 * {@link BackupParts}. Pulled by one thread; whoever pulls slowly slows the server down.
 */
public final class BaseBackup implements AutoCloseable {
    /**
     * A tablespace of the server.
     *
     * @param oid its OID as unsigned number; 0 for the data directory itself
     * @param location its absolute path on the server; empty for the data directory itself
     * @param sizeKib the server's estimate in KiB
     */
    public record Tablespace(long oid, String location, long sizeKib) {}

    /** What a backup consists of: archives (the data directory's last), then the manifest, then the end. */
    public sealed interface Part {}

    /**
     * One tar archive.
     *
     * @param name {@code base.tar} or {@code <tablespace oid>.tar}
     * @param location the tablespace's path; empty for {@code base.tar}
     * @param tar the archive; what is not read of it before the next part is asked for is skipped
     */
    public record Archive(String name, String location, InputStream tar) implements Part {}

    /** The {@code backup_manifest} of the backup (documentation, chapter 69): JSON with a CRC-32C of every file. */
    public record Manifest(InputStream content) implements Part {}

    /**
     * The backup is complete; the connection is ready for other commands.
     *
     * @param endLsn WAL up to here is needed to make it consistent
     * @param timeline the timeline of {@code endLsn}
     */
    public record End(Lsn endLsn, int timeline) implements Part {}

    private final Backend backend;
    private final LongConsumer progress;
    private final Lsn startLsn;
    private final int timeline;
    private final List<Tablespace> tablespaces = new ArrayList<>();
    private @Nullable PartStream current;
    private final BackupParts parts;
    private @Nullable End end;
    private long archiveBytes;

    BaseBackup(Backend backend, int serverVersionNum, BaseBackupRequest request) throws IOException {
        this.backend = backend;
        this.progress = request.progress();
        boolean copyPerPart = serverVersionNum < 150_000;
        this.parts = copyPerPart ? new CopyPerPart(backend, tablespaces) : new TaggedParts(backend);
        backend.channel().send(MessageBuilder.of('Q').text(copyPerPart ? command14(request) : command(request)));
        try {
            List<@Nullable String> row = readRow();
            startLsn = Lsn.parse(Objects.requireNonNull(row.get(0)));
            timeline = Integer.parseUnsignedInt(Objects.requireNonNull(row.get(1)));
            readTablespaces();
        } catch (PostgresException e) {
            backend.drain(e);
            throw e;
        }
    }

    private static String command(BaseBackupRequest request) {
        return "BASE_BACKUP (LABEL " + label(request) + ", PROGRESS, CHECKPOINT '"
                + (request.fastCheckpoint() ? "fast" : "spread") + "', WAL false, WAIT false"
                + (request.maxRateKibPerSecond() == 0 ? "" : ", MAX_RATE " + request.maxRateKibPerSecond())
                + ", MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C')";
    }

    /** The grammar up to 14 has words instead of named options, each only where it is wanted. */
    private static String command14(BaseBackupRequest request) {
        return "BASE_BACKUP LABEL " + label(request) + " PROGRESS" + (request.fastCheckpoint() ? " FAST" : "")
                + " NOWAIT"
                + (request.maxRateKibPerSecond() == 0 ? "" : " MAX_RATE " + request.maxRateKibPerSecond())
                + " MANIFEST 'yes' MANIFEST_CHECKSUMS 'CRC32C'";
    }

    private static String label(BaseBackupRequest request) {
        return "'" + request.label().replace("'", "''") + "'";
    }

    /** The first row that comes. */
    private List<@Nullable String> readRow() throws IOException {
        do {
            backend.next(Deadline.NEVER);
            switch (backend.channel().type()) {
                case 'T', 'D', 'C' -> {}
                default -> throw backend.unexpected("in the answer to BASE_BACKUP");
            }
        } while (backend.channel().type() != 'D');
        List<@Nullable String> row = backend.row();
        if (row.size() < 2 || row.get(0) == null || row.get(1) == null) {
            throw backend.unexpected("a position was expected");
        }
        return row;
    }

    private void readTablespaces() throws IOException {
        while (true) {
            backend.next(Deadline.NEVER);
            switch (backend.channel().type()) {
                case 'T', 'C' -> {}
                case 'D' -> {
                    List<@Nullable String> row = backend.row();
                    String oid = row.get(0);
                    String location = row.get(1);
                    String size = row.get(2);
                    tablespaces.add(new Tablespace(
                            oid == null ? 0 : Long.parseLong(oid),
                            location == null ? "" : location,
                            size == null ? 0 : Long.parseLong(size)));
                }
                case 'H' -> {
                    return;
                }
                default -> throw backend.unexpected("in the answer to BASE_BACKUP");
            }
        }
    }

    /** Where replay of the backup begins: the redo position of its checkpoint. */
    public Lsn startLsn() {
        return startLsn;
    }

    /** The timeline of {@link #startLsn()}. */
    public int timeline() {
        return timeline;
    }

    /** All tablespaces with their estimated sizes, the data directory itself with OID 0. */
    public List<Tablespace> tablespaces() {
        return List.copyOf(tablespaces);
    }

    /**
     * The next part; after the {@link End} again the end.
     *
     * @throws PostgresException if the server gives up, for instance because a page checksum does not hold
     */
    public Part next() throws IOException {
        End over = end;
        if (over != null) {
            return over;
        }
        PartStream unread = current;
        if (unread != null) {
            unread.skipRest();
        }
        BackupParts.Head head;
        try {
            head = parts.next();
        } catch (IOException e) {
            close();
            throw e;
        }
        if (head == null) {
            return finish();
        }
        PartStream stream = new PartStream();
        current = stream;
        return head.manifest() ? new Manifest(stream) : new Archive(head.name(), head.location(), stream);
    }

    private End finish() throws IOException {
        try {
            return readEnd();
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private End readEnd() throws IOException {
        List<@Nullable String> row = readRow();
        End done = new End(
                Lsn.parse(Objects.requireNonNull(row.get(0))),
                Integer.parseUnsignedInt(Objects.requireNonNull(row.get(1))));
        do {
            // An error that comes after all data (a checksum that did not hold) still means: no backup.
            backend.next(Deadline.NEVER);
        } while (backend.channel().type() != 'Z');
        end = done;
        return done;
    }

    boolean isOver() {
        return end != null;
    }

    /** Closes the connection; a backup that is not complete is given up. */
    @Override
    public void close() {
        if (end == null) {
            backend.close();
        }
    }

    /** The data messages of one part, as one stream; its content is never copied into a buffer of its own. */
    private final class PartStream extends InputStream {
        private ByteBuffer piece = ByteBuffer.allocate(0);
        private boolean over;

        private boolean fill() throws IOException {
            while (!over && !piece.hasRemaining()) {
                ByteBuffer data;
                try {
                    data = parts.data();
                } catch (IOException e) {
                    BaseBackup.this.close();
                    throw e;
                }
                if (data == null) {
                    over = true;
                } else {
                    piece = data;
                    archiveBytes += data.remaining();
                    progress.accept(archiveBytes);
                }
            }
            return !over;
        }

        @Override
        public int read() throws IOException {
            return fill() ? piece.get() & 0xFF : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, into.length);
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, piece.remaining());
            piece.get(into, offset, count);
            return count;
        }

        @Override
        public int available() {
            return piece.remaining();
        }

        void skipRest() throws IOException {
            while (fill()) {
                piece.position(piece.limit());
            }
        }
    }
}
