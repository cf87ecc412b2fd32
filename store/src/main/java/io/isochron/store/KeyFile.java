package io.isochron.store;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of mode 0600 that holds a repository's key: Tink's JSON form of a keyset or, with a {@link KeyWrapping}, a {@link WrappedKey}. Both are in docs/repository-format.md.
 *
 * <p>It is only ever replaced as a whole, with the former file kept beside it, so that at every moment, also after a crash, one of the two has every key that sealed anything.
 */
public final class KeyFile {
    private final Path path;
    private final @Nullable KeyWrapping wrapping;

    /** @param wrapping what encrypts the keyset; null: nothing does */
    public KeyFile(Path path, @Nullable KeyWrapping wrapping) {
        this.path = path;
        this.wrapping = wrapping;
    }

    public Path path() {
        return path;
    }

    /** Whether the keyset is encrypted by something else. */
    public boolean wrapped() {
        return wrapping != null;
    }

    /**
     * Makes a new key and keeps it in this file, which is new, durable on return.
     *
     * @throws KeyFileException if the file exists
     */
    public RepositoryKey create() throws IOException {
        RepositoryKey key = RepositoryKey.random();
        keep(key);
        return key;
    }

    /**
     * Keeps a key that is there already in this file, which is new, durable on return. The file is read again, and unwrapped again if it is wrapped, before this returns; if it does not hold the same
     * keys it is removed.
     *
     * @throws KeyFileException if the file exists, or does not give the key back
     */
    public void keep(RepositoryKey key) throws IOException {
        byte[] bytes = encode(key);
        try {
            write(path, bytes);
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileException(
                    "key file " + path
                            + " exists already\nhint: it may be the only key of a repository; choose another path",
                    e);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(
                    "key file " + path + " cannot be made: its folder does not exist\nhint: make the folder first", e);
        }
        Durability.syncDirectory(folder(path));
        boolean same = false;
        try {
            same = load().equalsKey(key);
        } finally {
            if (!same) {
                Files.deleteIfExists(path);
            }
        }
        if (!same) {
            throw new KeyFileException("key file " + path
                    + " does not give back the key that was written to it, and was removed\nhint: "
                    + (wrapping == null
                            ? "look at the disk it is on"
                            : "the unwrap program must give the same for the same bytes each time"));
        }
    }

    /**
     * Reads the key.
     *
     * @throws KeyFileException if there is none, it is not a key or not wrapped as it should be, or group or others have any right to it
     * @throws KeyWrappingRefusedException if what wraps it refuses
     */
    public RepositoryKey load() throws IOException {
        return decode(read());
    }

    private byte[] read() throws IOException {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
            if (permissions.stream().anyMatch(permission -> !permission.name().startsWith("OWNER_"))) {
                throw new KeyFileException(
                        "key file " + path + " has mode " + PosixFilePermissions.toString(permissions)
                                + ", others than its owner can use it\nhint: chmod 600 " + path);
            }
            return Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(
                    "key file " + path
                            + " does not exist\nhint: give the key file that init made; without it the repository cannot be read",
                    e);
        }
    }

    private RepositoryKey decode(byte[] bytes) throws IOException {
        WrappedKey envelope = WrappedKey.read(bytes, path);
        if (envelope == null && wrapping != null) {
            throw new KeyFileException(
                    "key file " + path
                            + " is not wrapped, and the configuration says that it is\nhint: give the right key file, or take key-wrapping out of the configuration");
        }
        return envelope == null
                ? RepositoryKey.parse(new String(bytes, StandardCharsets.UTF_8), "key file " + path)
                : envelope.unwrap(wrapping, path);
    }

    /** What the file is to hold. A wrapping proves that it can unwrap before anything relies on it. */
    private byte[] encode(RepositoryKey key) throws IOException {
        if (wrapping == null) {
            return (key.serialize() + "\n").getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = WrappedKey.wrap(key, wrapping);
        WrappedKey again = WrappedKey.read(bytes, path);
        if (again == null || !again.unwrap(wrapping, path).equalsKey(key)) {
            throw new KeyFileException(
                    "wrapping '" + wrapping.name()
                            + "' gives another key back than it was given; nothing was written\nhint: its wrap and unwrap must be of the same key");
        }
        return bytes;
    }

    /**
     * Takes the file for a change. Others that want to change it meanwhile are refused; readers are not concerned.
     *
     * @throws KeyFileException if someone else is changing it
     */
    Change change() throws IOException {
        Path real = path.toRealPath();
        Path beside = real.resolveSibling(real.getFileName() + ".lock");
        FileChannel channel =
                FileChannel.open(beside, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), ownerOnly());
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw busy();
            }
            byte[] before = read();
            return new Change(channel, real, before, decode(before));
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw busy();
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private KeyFileException busy() {
        return new KeyFileException(
                "key file " + path + " is being changed by another process\nhint: wait for it to end");
    }

    /** The file, held for a change. */
    final class Change implements AutoCloseable {
        private final FileChannel lock;
        private final Path real;
        private final RepositoryKey key;
        private byte[] bytes;

        private Change(FileChannel lock, Path real, byte[] bytes, RepositoryKey key) {
            this.lock = lock;
            this.real = real;
            this.bytes = bytes;
            this.key = key;
        }

        /** What it held when it was taken. */
        RepositoryKey key() {
            return key;
        }

        /** Where the file as it was before key {@code id} came is kept. */
        Path backup(String id) {
            return real.resolveSibling(real.getFileName() + ".before-" + id);
        }

        /**
         * Replaces the file, durable on return. The former one is durable beside it before, as {@link #backup}, unless there is one already.
         *
         * @throws KeyFileException if the file was changed by someone who does not take it first, or {@code next} lacks a key of the former
         */
        void replace(RepositoryKey next, String id) throws IOException {
            if (!next.keyIds().containsAll(key.keyIds())) {
                throw new IllegalArgumentException("keys " + key.keyIds() + " must not become " + next.keyIds());
            }
            Path temporary = real.resolveSibling(real.getFileName() + ".new");
            byte[] content = encode(next);
            if (Files.notExists(backup(id))) {
                put(temporary, bytes, backup(id));
            }
            if (!Arrays.equals(Files.readAllBytes(real), bytes)) {
                throw new KeyFileException("key file " + path
                        + " was changed meanwhile; this change was not made\nhint: run the command again");
            }
            put(temporary, content, real);
            bytes = content;
        }

        /** By a temporary file, so that there is never half a file; it keeps the owner of the former one. */
        private void put(Path temporary, byte[] content, Path target) throws IOException {
            Files.deleteIfExists(temporary);
            write(temporary, content);
            CrashPoint.reached("rotate.written");
            if (!Files.getOwner(temporary).equals(Files.getOwner(real))) {
                Files.setOwner(temporary, Files.getOwner(real));
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            CrashPoint.reached("rotate.moved");
            Durability.syncDirectory(folder(real));
        }

        @Override
        public void close() throws IOException {
            lock.close();
        }
    }

    private static Path folder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return folder == null ? file.toAbsolutePath() : folder;
    }

    private static FileAttribute<Set<PosixFilePermission>> ownerOnly() {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    }

    private static void write(Path file, byte[] content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly())) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }
}
