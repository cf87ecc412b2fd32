package io.isochron.instance;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Private directories with short paths. The path of a Unix socket may have 107 bytes (unix(7)), so sockets and the clusters around
 * them live directly under {@code /tmp}, or under what the system property {@value #PARENT} names, which tests set.
 */
public final class TempDirs {
    /** The system property with another parent than {@code /tmp}. */
    public static final String PARENT = "isochron.tmp";

    private TempDirs() {}

    /** Makes {@code /tmp/<prefix><random>}, mode 0700, owned by the user that runs servers. */
    public static Path create(String prefix, RunAs runAs) throws IOException {
        Path temporary = Path.of(System.getProperty(PARENT, "/tmp"));
        Path parent = Files.isWritable(temporary) ? temporary : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
        Path directory = Files.createTempDirectory(
                parent, prefix, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        runAs.own(directory);
        return directory;
    }

    /** Deletes a directory and all below it without following symbolic links; what is not there is no error. */
    public static void delete(Path root) throws IOException {
        if (!Files.exists(root, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException problem) throws IOException {
                if (problem instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw problem;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException problem)
                    throws IOException {
                if (problem != null && !(problem instanceof NoSuchFileException)) {
                    throw problem;
                }
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
