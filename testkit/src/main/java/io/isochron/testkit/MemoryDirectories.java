package io.isochron.testkit;

import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Keeps the directories of tests in memory ({@code /dev/shm}) where that is possible: their clusters come and go by the thousands of
 * files, and to give one an inode costs an ext4 file system without a journal a look at every one that was deleted in the last
 * minutes. {@code -Disochron.tmp=/tmp} keeps them on disk. JUnit's {@code @TempDir} is made here too.
 */
public final class MemoryDirectories implements TempDirFactory {
    /** Clusters of three classes at a time, with room to spare; the shared memory of a container has 64 MiB unless it is given more. */
    private static final long FREE_BYTES_MIN = 6L << 30;

    private static final Path MEMORY = Path.of("/dev/shm");

    /** Lets {@link TempDirs} make its directories in memory, if that is possible and nothing else was asked for. */
    static synchronized void use() {
        if (System.getProperty(TempDirs.PARENT) == null) {
            System.setProperty(TempDirs.PARENT, fits(MEMORY, FREE_BYTES_MIN) ? MEMORY.toString() : "/tmp");
        }
    }

    /** Whether it is a file system in memory that has so many bytes free and lets programs run. */
    static boolean fits(Path memory, long freeBytes) {
        try {
            if (!Files.isWritable(memory)
                    || !Files.getFileStore(memory).type().equals("tmpfs")
                    || Files.getFileStore(memory).getUsableSpace() < freeBytes
                    || memoryAvailable() < freeBytes) {
                return false;
            }
            Path program = Files.createTempFile(
                    memory,
                    "ickit-",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try {
                return Files.isExecutable(program);
            } finally {
                Files.delete(program);
            }
        } catch (IOException e) {
            return false;
        }
    }

    /** What the machine can give without swapping, in bytes; proc(5), {@code MemAvailable}. */
    private static long memoryAvailable() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElse(0);
    }

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
        use();
        return Files.createTempDirectory(Path.of(System.getProperty(TempDirs.PARENT, "/tmp")), "ickit-");
    }
}
