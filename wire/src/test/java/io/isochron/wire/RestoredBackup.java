package io.isochron.wire;

import io.isochron.instance.EmbeddedBinaries;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.RunAs;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * A base backup laid out as a data directory.
 *
 * @param home directory of everything; {@code data} lies in it, and {@code tablespace-<oid>} beside
 * @param archives the names of the archives that came
 * @param manifest the text of backup_manifest
 */
record RestoredBackup(Path home, Lsn start, Lsn end, int timeline, List<String> archives, String manifest) {
    static RestoredBackup take(ReplicationConnection connection, Path home, BaseBackupRequest request)
            throws IOException {
        Path data = Files.createDirectories(home.resolve("data"));
        List<String> archives = new ArrayList<>();
        String manifest = "";
        try (BaseBackup backup = connection.baseBackup(request)) {
            while (true) {
                switch (backup.next()) {
                    case BaseBackup.Archive archive -> {
                        archives.add(archive.name());
                        boolean base = archive.location().isEmpty();
                        Path into = base
                                ? data
                                : home.resolve("tablespace-" + archive.name().replace(".tar", ""));
                        extract(archive.tar(), Files.createDirectories(into), home);
                    }
                    case BaseBackup.Manifest content ->
                        manifest = new String(content.content().readAllBytes(), StandardCharsets.UTF_8);
                    case BaseBackup.End end -> {
                        return new RestoredBackup(
                                home, backup.startLsn(), end.endLsn(), end.timeline(), archives, manifest);
                    }
                }
            }
        }
    }

    private static void extract(InputStream archive, Path into, Path home) throws IOException {
        TarArchiveInputStream tar = new TarArchiveInputStream(archive);
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            Path path = into.resolve(entry.getName());
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(path, home.resolve("tablespace-" + path.getFileName()));
            } else if (entry.isDirectory()) {
                Files.createDirectories(path);
            } else {
                Files.createDirectories(path.getParent());
                Files.copy(tar, path);
            }
        }
    }

    Path data() {
        return home.resolve("data");
    }

    /** Checks every file of the manifest; gives how many there were. */
    int verify() throws IOException {
        Matcher file = Pattern.compile(
                        "\"Path\": \"([^\"]+)\", \"Size\": (\\d+), [^}]*\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"([0-9a-f]{8})\"")
                .matcher(manifest);
        int count = 0;
        while (file.find()) {
            byte[] content = Files.readAllBytes(data().resolve(file.group(1)));
            CRC32C crc = new CRC32C();
            crc.update(content);
            String found = content.length + " " + String.format("%08x", Integer.reverseBytes((int) crc.getValue()));
            String wanted = file.group(2) + " " + file.group(3);
            if (!found.equals(wanted)) {
                throw new IOException(file.group(1) + " is " + found + ", the manifest says " + wanted);
            }
            count++;
        }
        return count;
    }

    /** Prepares a standby that is fed from an address, with the password in a file and not on a command line. */
    PostgresInstance standby(int major, RunAs runAs, String primaryConninfo) throws IOException {
        Files.createFile(data().resolve("standby.signal"));
        Files.writeString(
                data().resolve("postgresql.auto.conf"),
                "primary_conninfo = '" + primaryConninfo.replace("\\", "\\\\").replace("'", "''")
                        + "'\nhot_standby = on\nwal_retrieve_retry_interval = 100\narchive_mode = off\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        return instance(major, runAs);
    }

    PostgresInstance instance(int major, RunAs runAs) throws IOException {
        Files.setPosixFilePermissions(data(), PosixFilePermissions.fromString("rwx------"));
        runAs.own(home);
        return PostgresInstance.builder(EmbeddedBinaries.installation(major), data(), home)
                .port(5432)
                .log(home.resolve("restored.log"))
                .runAs(runAs)
                .build();
    }
}
