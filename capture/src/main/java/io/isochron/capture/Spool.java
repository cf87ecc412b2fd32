package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * WAL of one shard on a local disk from the moment it is received until the repository has it: what lets a commit be confirmed after one fdatasync. Files of 16 MiB ({@link SpoolFile}) in a folder of the
 * shard's own, written in a ring. It holds WAL in the clear.
 *
 * <p>One thread appends; any thread may release. A capture that was killed, or whose host lost power, finds here all that it had confirmed and the repository lacks.
 */
final class Spool implements AutoCloseable {
    private static final int PAYLOAD_BYTES = 256 << 10;
    private static final int FREE_FILES_KEPT = 2;

    private final Path folder;
    private final long systemIdentifier;
    private final FileChannel lockFile;
    private final FileLock lock;
    private final Deque<SpoolFile> used = new ArrayDeque<>();
    private final Deque<SpoolFile> free = new ArrayDeque<>();
    private final ByteBuffer frame = ByteBuffer.allocateDirect(SpoolFile.FRAME_BYTES + PAYLOAD_BYTES);
    private long nextNumber;
    private @Nullable SpoolFile current;

    private Spool(Path folder, long systemIdentifier, FileChannel lockFile, FileLock lock) {
        this.folder = folder;
        this.systemIdentifier = systemIdentifier;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * Opens a shard's spool, making it if it does not exist.
     *
     * @param root the folder of all spools; its parent must exist
     * @param systemIdentifier decimal, of the shard
     * @throws CaptureException if another process uses it, or the folder cannot be made
     */
    static Spool open(Path root, String shard, String systemIdentifier) throws IOException {
        Path folder = root.resolve(shard);
        FileChannel lockFile = null;
        try {
            makeDirectory(root);
            makeDirectory(folder);
            lockFile = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock;
            try {
                lock = lockFile.tryLock();
            } catch (OverlappingFileLockException e) {
                lock = null;
            }
            if (lock == null) {
                lockFile.close();
                throw new CaptureException(
                        "the spool " + folder + " of shard " + shard + " is in use by another capture",
                        "a shard has one capture; stop the other one");
            }
            Spool spool = new Spool(folder, Long.parseUnsignedLong(systemIdentifier), lockFile, lock);
            spool.load();
            return spool;
        } catch (CaptureException e) {
            throw e;
        } catch (IOException e) {
            if (lockFile != null) {
                lockFile.close();
            }
            throw new CaptureException(
                    "the spool " + folder + " of shard " + shard + " cannot be used: " + e,
                    "capture.spool names a folder on a local disk that capture may write",
                    e);
        }
    }

    private static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            syncDirectory(directory.toAbsolutePath().getParent());
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    static void syncDirectory(@Nullable Path directory) throws IOException {
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private void load() throws IOException {
        List<SpoolFile> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*.spool")) {
            for (Path entry : entries) {
                SpoolFile file = SpoolFile.open(entry);
                nextNumber = Math.max(nextNumber, file.number() + 1);
                if (file.number() < 0) {
                    file.delete();
                } else {
                    files.add(file);
                }
            }
        }
        files.sort(Comparator.comparingLong(SpoolFile::number));
        used.addAll(files);
    }

    /** Hands out everything that was durable when the last capture ended, in order. To be called before anything is appended. */
    void replay(SpoolFile.FrameHandler handler) throws IOException, InterruptedException {
        for (SpoolFile file : List.copyOf(used)) {
            file.replay(systemIdentifier, handler);
        }
    }

    /**
     * Forgets everything and begins anew with the beginning of a record that the repository does not take before it is complete; durable when this returns.
     *
     * @param at where these bytes begin
     */
    synchronized void restart(int timeline, Lsn at, ByteBuffer bytes) throws IOException {
        List<SpoolFile> old = List.copyOf(used);
        used.clear();
        current = null;
        roll();
        append(timeline, at, bytes);
        sync();
        for (SpoolFile file : old) {
            recycle(file);
        }
        if (free.isEmpty()) {
            // made ahead: filling a file takes longer than a commit should wait
            free.addLast(SpoolFile.create(folder.resolve("%016x.spool".formatted(nextNumber++))));
            syncDirectory(folder);
        }
    }

    /** Writes a piece of WAL; durable after {@link #sync}. */
    synchronized void append(int timeline, Lsn at, ByteBuffer payload) throws IOException {
        ByteBuffer from = payload.duplicate();
        Lsn to = at;
        while (from.hasRemaining()) {
            int length = Math.min(from.remaining(), PAYLOAD_BYTES);
            SpoolFile file = current;
            if (file == null || !file.fits(length)) {
                file = roll();
            }
            frame.clear().position(SpoolFile.FRAME_BYTES);
            frame.put(from.slice(from.position(), length));
            from.position(from.position() + length);
            file.append(timeline, to, frame.flip());
            to = to.plus(length);
        }
    }

    /** What was appended is durable when this returns. */
    void sync() throws IOException {
        SpoolFile file = current;
        if (file != null) {
            file.sync();
        }
    }

    /** The repository holds everything before this position: files that end there are used again. */
    synchronized void release(Lsn archived) throws IOException {
        while (used.size() > 1) {
            SpoolFile oldest = used.getFirst();
            if (oldest == current || oldest.end().isAfter(archived)) {
                return;
            }
            used.removeFirst();
            recycle(oldest);
        }
    }

    private void recycle(SpoolFile file) throws IOException {
        if (free.size() < FREE_FILES_KEPT) {
            free.addLast(file);
        } else {
            file.delete();
        }
    }

    private SpoolFile roll() throws IOException {
        SpoolFile before = current;
        if (before != null) {
            before.sync();
        }
        long number = nextNumber++;
        SpoolFile file = free.pollFirst();
        if (file == null) {
            file = SpoolFile.create(folder.resolve("%016x.spool".formatted(number)));
            syncDirectory(folder);
        }
        file.begin(number, systemIdentifier);
        used.addLast(file);
        current = file;
        return file;
    }

    @Override
    public synchronized void close() throws IOException {
        for (SpoolFile file : used) {
            file.close();
        }
        for (SpoolFile file : free) {
            file.close();
        }
        lock.release();
        lockFile.close();
    }
}
