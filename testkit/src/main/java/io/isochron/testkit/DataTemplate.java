package io.isochron.testkit;

import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.PostgresInstance.InitOptions;
import io.isochron.instance.RunAs;
import io.isochron.instance.TempDirs;
import io.isochron.instance.UserCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * A fresh data directory per version, made once by {@code initdb} and copied from then on, which is several times faster. Every
 * copy gets a system identifier of its own, as a cluster made by {@code initdb} has: in {@code pg_control} (the first eight bytes of
 * {@code ControlFileData}, whose last field is a CRC-32C of what precedes it, {@code src/include/catalog/pg_control.h}) and in the
 * long page header of the first WAL segment ({@code xlp_sysid} at offset 24, {@code src/include/access/xlog_internal.h}).
 */
final class DataTemplate {
    private static final int CONTROL_DATA_MAX = 512;
    private static final int SYSTEM_ID_IN_WAL = 24;

    private DataTemplate() {}

    /** The template; nobody may write into it. */
    static Path of(PostgresInstallation installation, int walSegmentSizeMebibytes, RunAs runAs) throws IOException {
        Path cache = UserCache.directory();
        String build = Objects.requireNonNull(installation.bin().getParent())
                .getFileName()
                .toString();
        String name = "initdb-" + build + "-" + walSegmentSizeMebibytes + "-" + runAs.user();
        return UserCache.entry(cache, name, fresh -> {
                    Path work = TempDirs.create("ickit-", runAs);
                    try {
                        PostgresInstance.builder(installation, work.resolve("data"), work)
                                .runAs(runAs)
                                .build()
                                .initdb(new InitOptions(walSegmentSizeMebibytes, true, List.of()));
                        copyTree(work.resolve("data"), fresh.resolve("data"));
                    } finally {
                        TempDirs.delete(work);
                    }
                })
                .resolve("data");
    }

    /** Copies the template to a new data directory and makes it a system of its own. */
    static void copy(Path template, Path dataDirectory) throws IOException {
        copyTree(template, dataDirectory);
        long systemIdentifier = new SecureRandom().nextLong() >>> 1;
        changeControlFile(dataDirectory.resolve("global/pg_control"), systemIdentifier);
        try (FileChannel segment =
                FileChannel.open(dataDirectory.resolve("pg_wal/000000010000000000000001"), StandardOpenOption.WRITE)) {
            segment.write(longBytes(systemIdentifier), SYSTEM_ID_IN_WAL);
        }
    }

    private static ByteBuffer longBytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
    }

    private static void changeControlFile(Path file, long systemIdentifier) throws IOException {
        ByteBuffer control = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int crcAt = checksumPosition(control, file);
        control.putLong(0, systemIdentifier);
        control.putInt(crcAt, checksum(control, crcAt));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(control, 0);
        }
    }

    /** The length of the struct differs by version; its checksum is where the checksum of everything before it stands. */
    private static int checksumPosition(ByteBuffer control, Path file) throws IOException {
        for (int at = Long.BYTES;
                at < Math.min(CONTROL_DATA_MAX, control.limit() - Integer.BYTES);
                at += Integer.BYTES) {
            if (control.getInt(at) == checksum(control, at)) {
                return at;
            }
        }
        throw new IOException("no checksum found in '" + file + "'");
    }

    private static int checksum(ByteBuffer control, int length) {
        CRC32C crc = new CRC32C();
        crc.update(control.slice(0, length));
        return (int) crc.getValue();
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Process process = new ProcessBuilder("cp", "-a", "--reflink=auto", from.toString(), to.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException("'" + from + "' not copied to '" + to + "': " + output);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while copying '" + from + "'", e);
        }
    }
}
