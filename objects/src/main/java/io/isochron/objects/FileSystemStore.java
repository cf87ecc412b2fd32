package io.isochron.objects;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Objects as files of a folder on a local or network file system that has hard links. An object is written to a temporary file in {@code .tmp},
 * synced, made read-only (0440), linked to its name, which fails if the name is taken (link(2)), and its folder is synced. Temporary
 * files of writers that died are removed when the store is opened, once they are an hour old.
 */
public final class FileSystemStore implements ObjectStore {
    private static final String TEMPORARY = ".tmp";
    private static final Duration ORPHAN_AGE = Duration.ofHours(1);
    private static final Set<PosixFilePermission> READ_ONLY = PosixFilePermissions.fromString("r--r-----");
    private static final FileAttribute<?> DIRECTORY_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---"));
    private static final FileAttribute<?> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"));

    private final Path root;
    private final Path temporary;
    /** Folders whose own entries are known to be durable since this store was opened. */
    private final Set<Path> durableDirectories = ConcurrentHashMap.newKeySet();

    /** Folders that were synced since this store was opened, so that what died writers left in them is durable. */
    private final Set<Path> syncedFolders = ConcurrentHashMap.newKeySet();

    private FileSystemStore(Path root) {
        this.root = root;
        this.temporary = root.resolve(TEMPORARY);
    }

    /**
     * Makes a store in a folder, which is made too if need be (not its parents). A store that is there already is opened.
     *
     * @throws StoreException if the folder holds something else
     */
    public static FileSystemStore create(Path root) throws IOException {
        Path absolute = root.toAbsolutePath().normalize();
        FileSystemStore store = new FileSystemStore(absolute);
        try {
            Files.createDirectory(absolute, DIRECTORY_MODE);
            Path parent = absolute.getParent();
            if (parent != null) {
                Durability.syncDirectory(parent);
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(store.temporary) && !isEmpty(absolute)) {
                throw new StoreException(
                        "folder " + absolute
                                + " holds something that is not a store\nhint: choose an empty folder or one that does not exist");
            }
        } catch (NoSuchFileException e) {
            throw new StoreException(
                    "folder " + absolute + " cannot be made: the folder it would be in does not exist\nhint: make "
                            + absolute.getParent() + " first",
                    e);
        }
        try {
            Files.createDirectory(store.temporary, DIRECTORY_MODE);
        } catch (FileAlreadyExistsException e) {
            // opened below
        }
        Durability.syncDirectory(absolute);
        return open(absolute);
    }

    /**
     * Opens the store in a folder.
     *
     * @throws NotARepositoryException if there is no store in it: no such folder, or not made by {@link #create}
     */
    public static FileSystemStore open(Path root) throws IOException {
        FileSystemStore store = new FileSystemStore(root.toAbsolutePath().normalize());
        try {
            if (!Files.readAttributes(store.temporary, BasicFileAttributes.class)
                    .isDirectory()) {
                throw new NotARepositoryException(store.describe());
            }
        } catch (NoSuchFileException e) {
            throw new NotARepositoryException(store.describe());
        }
        store.removeOrphans();
        return store;
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            return !entries.iterator().hasNext();
        } catch (NotDirectoryException e) {
            return false;
        }
    }

    /** Ages are compared with a file just made, so that the clock that counts is the file system's own. */
    private void removeOrphans() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(temporary)) {
            @Nullable FileTime now = null;
            for (Path entry : entries) {
                if (now == null) {
                    Path probe = Files.createFile(temporary.resolve("probe-" + UUID.randomUUID()), FILE_MODE);
                    now = Files.getLastModifiedTime(probe);
                    Files.deleteIfExists(probe);
                }
                try {
                    if (Files.getLastModifiedTime(entry)
                            .toInstant()
                            .isBefore(now.toInstant().minus(ORPHAN_AGE))) {
                        Files.deleteIfExists(entry);
                    }
                } catch (NoSuchFileException e) {
                    // its writer finished, or another opener removed it
                }
            }
        } catch (java.nio.file.AccessDeniedException | java.nio.file.ReadOnlyFileSystemException e) {
            // opened by someone who may only read: nothing is theirs to clean
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        Path file = path(name);
        Path folder = parent(file);
        makeDirectories(folder);
        Path written = temporary.resolve(UUID.randomUUID().toString());
        try {
            writeDurably(written, content);
            try {
                Files.createLink(file, written);
            } catch (FileAlreadyExistsException e) {
                Durability.syncDirectory(folder);
                throw new ObjectExistsException(name, describe());
            } catch (UnsupportedOperationException e) {
                throw new StoreException(
                        "the file system of " + root + " has no hard links\nhint: choose another file system", e);
            }
            Durability.syncDirectory(folder);
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw full(content, e);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    /** By rename(2), so that the name always leads to whole bytes. */
    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        Path file = path(name);
        Path folder = parent(file);
        makeDirectories(folder);
        Path written = temporary.resolve(UUID.randomUUID().toString());
        try {
            writeDurably(written, content);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Durability.syncDirectory(folder);
        } catch (IOException e) {
            throw full(content, e);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    private void writeDurably(Path file, Content content) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), FILE_MODE);
                OutputStream out = Channels.newOutputStream(channel)) {
            content.writeTo(out);
            if (channel.size() != content.bytes()) {
                throw new IOException("content said " + content.bytes() + " bytes and wrote " + channel.size());
            }
            Files.setPosixFilePermissions(file, READ_ONLY);
            channel.force(true);
        }
    }

    /** The text of ENOSPC and EDQUOT depends on the language, so the free space is looked at too. */
    private IOException full(Content content, IOException e) {
        String message = String.valueOf(e.getMessage());
        long free;
        try {
            free = Files.getFileStore(root).getUsableSpace();
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
            return e;
        }
        boolean said = message.contains("No space left on device") || message.contains("Disk quota exceeded");
        return said || free < content.bytes() ? new StoreFullException(root.toString(), free, content.bytes(), e) : e;
    }

    /** Another process may have made a folder and not yet synced it, so each is synced once by everyone who relies on it. */
    private void makeDirectories(Path folder) throws IOException {
        if (folder.equals(root) || durableDirectories.contains(folder)) {
            return;
        }
        Path above = parent(folder);
        makeDirectories(above);
        try {
            Files.createDirectory(folder, DIRECTORY_MODE);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw gone(e);
        } catch (IOException e) {
            throw full(Content.of(new byte[0]), e);
        }
        Durability.syncDirectory(above);
        durableDirectories.add(folder);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        requireFile(name);
        FileChannel channel;
        try {
            channel = FileChannel.open(path(name), StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw certainlyAbsent(name);
        }
        try {
            channel.position(offset);
            return new RangeStream(channel, length);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Without a look at the file first: a folder cannot be read, and what is missing is looked for then. */
    @Override
    public byte[] readAll(ObjectName name, int limit) throws IOException {
        try {
            return read(name, limit);
        } catch (FileNotFoundException e) {
            requireFile(name);
            // it is there now: created between the two looks, or it cannot be read, which a second attempt tells
            return read(name, limit);
        }
    }

    private byte[] read(ObjectName name, int limit) throws IOException {
        try (FileInputStream in = new FileInputStream(path(name).toFile())) {
            return in.readNBytes(limit + 1);
        }
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path(name), BasicFileAttributes.class);
            if (attributes.isRegularFile()) {
                return Optional.of(new ObjectInfo(name, attributes.size()));
            }
        } catch (NoSuchFileException e) {
            certainlyAbsent(name);
        }
        return Optional.empty();
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        requireRoot();
        return FileListing.list(root, prefix, startAfter == null ? "" : startAfter.value(), this::syncOnce);
    }

    /**
     * A writer that died between link and sync left a name that is seen and may not survive a loss of power. Whoever lists it relies on it, so each
     * folder is synced before this store lists it first.
     */
    private void syncOnce(Path folder) throws IOException {
        if (!syncedFolders.contains(folder)) {
            Durability.syncDirectory(folder);
            syncedFolders.add(folder);
        }
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        requireFile(name);
        Path file = path(name);
        try {
            Files.delete(file);
        } catch (NoSuchFileException e) {
            throw certainlyAbsent(name);
        }
        Durability.syncDirectory(parent(file));
    }

    /** A folder is no object. */
    private void requireFile(ObjectName name) throws IOException {
        if (stat(name).isEmpty()) {
            throw new ObjectNotFoundException(name, describe());
        }
    }

    /** A missing file is absence only while the store itself is there: a mount that went away takes {@code .tmp} with it. */
    private ObjectNotFoundException certainlyAbsent(ObjectName name) throws IOException {
        requireRoot();
        return new ObjectNotFoundException(name, describe());
    }

    private void requireRoot() throws IOException {
        try {
            Files.readAttributes(temporary, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            throw gone(e);
        }
    }

    private IOException gone(IOException cause) {
        return new IOException("the store in " + root + " is gone\nhint: is its file system mounted?", cause);
    }

    private Path path(ObjectName name) {
        return root.resolve(name.value());
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalStateException(path + " has no folder");
        }
        return parent;
    }

    @Override
    public String describe() {
        return root.toString();
    }

    /** A part of a file, from where its channel stands. */
    private static final class RangeStream extends InputStream {
        private final FileChannel channel;
        private long left;

        RangeStream(FileChannel channel, long length) {
            this.channel = channel;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int wanted = (int) Math.min(left, length);
            if (wanted <= 0) {
                return length == 0 ? 0 : -1;
            }
            int got = channel.read(ByteBuffer.wrap(target, offset, wanted));
            left -= Math.max(got, 0);
            return got;
        }

        @Override
        public int available() throws IOException {
            return (int) Math.min(Math.min(left, channel.size() - channel.position()), Integer.MAX_VALUE);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
