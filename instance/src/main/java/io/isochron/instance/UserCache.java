package io.isochron.instance;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A directory of this user for what is expensive to make and can be made again. Entries are directories that appear whole by one
 * rename; several processes may ask for the same entry at once. A directory that somebody else put there, or could write to, is
 * never used: programs are started from it.
 */
public final class UserCache {
    private static final Object IN_THIS_PROCESS = new Object();

    /** Fills the directory of a new entry. */
    @FunctionalInterface
    public interface Filler {
        void fill(Path directory) throws IOException;
    }

    private UserCache() {}

    /**
     * The cache of this user: {@code /var/cache/isochron} for root, {@code ~/.cache/isochron} for others, else a directory under
     * {@code /tmp} that is named after the user. Others may read it, because servers of root run as another user.
     *
     * @throws IOException when none of them can be made and trusted
     */
    public static Path directory() throws IOException {
        List<String> problems = new ArrayList<>();
        for (Path candidate : candidates()) {
            try {
                return trusted(candidate);
            } catch (IOException e) {
                problems.add("'" + candidate + "': " + e.getMessage());
            }
        }
        throw new PostgresInstanceException("no directory for a cache: " + String.join("; ", problems)
                + "\nhint: make one of them writable for this user alone.");
    }

    private static List<Path> candidates() throws IOException {
        Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        List<Path> candidates = new ArrayList<>();
        if (Objects.equals(uid, 0)) {
            candidates.add(Path.of("/var/cache/isochron"));
        } else {
            candidates.add(Path.of(System.getProperty("user.home", "/nonexistent"), ".cache", "isochron"));
        }
        candidates.add(Path.of("/tmp/isochron-cache-" + uid));
        return candidates;
    }

    /** Makes the directory if it is not there and checks that it belongs to this user and that nobody else can write to it. */
    static Path trusted(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Set<PosixFilePermission> mode = PosixFilePermissions.fromString("rwxr-xr-x");
            Path parent = directory.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try {
                // with its mode from the beginning: another thread or process that starts now looks whether to trust it
                Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(mode));
            } catch (java.nio.file.FileAlreadyExistsException e) {
                return checked(directory);
            }
            Files.setPosixFilePermissions(directory, mode); // whatever the umask is
        }
        return checked(directory);
    }

    private static Path checked(Path directory) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!attributes.isDirectory()) {
            throw new PostgresInstanceException("it is not a directory");
        }
        if (!Objects.equals(Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS), uid)) {
            throw new PostgresInstanceException(
                    "it belongs to user '" + attributes.owner().getName() + "'");
        }
        if (attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new PostgresInstanceException("others can write to it");
        }
        if (!Files.isWritable(directory)) {
            throw new PostgresInstanceException("it cannot be written to");
        }
        return directory;
    }

    /** The entry of this name, made by the filler if it is not there. Who loses the race gets the winner's. */
    public static Path entry(Path cache, String name, Filler filler) throws IOException {
        Path entry = cache.resolve(name);
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
            return entry;
        }
        synchronized (IN_THIS_PROCESS) {
            try (FileChannel channel = FileChannel.open(
                            cache.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (!lock.isValid()) {
                    throw new PostgresInstanceException("cannot lock the cache '" + cache + "'");
                }
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    return entry;
                }
                removeUnfinished(cache);
                Path fresh = Files.createTempDirectory(cache, ".new-");
                try {
                    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                    filler.fill(fresh);
                    Files.move(fresh, entry, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    TempDirs.delete(fresh);
                }
                return entry;
            }
        }
    }

    /** What a process that was killed had begun; the lock is held, so nobody is at work on it. */
    private static void removeUnfinished(Path cache) throws IOException {
        List<Path> unfinished;
        try (Stream<Path> children = Files.list(cache)) {
            unfinished = children.filter(each -> each.getFileName().toString().startsWith(".new-"))
                    .toList();
        }
        for (Path each : unfinished) {
            TempDirs.delete(each);
        }
    }
}
