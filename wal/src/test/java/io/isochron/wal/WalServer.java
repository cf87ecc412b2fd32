package io.isochron.wal;

import io.isochron.instance.EmbeddedBinaries;
import io.isochron.instance.FreePorts;
import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.RunAs;
import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

/** A real server whose segment files are read; {@link #close()} leaves nothing. */
final class WalServer implements AutoCloseable {
    static final int SEGMENT_BYTES = 4 << 20;

    private final RunAs runAs = RunAs.current();
    private final Path directory;
    private final PostgresInstance instance;
    private final int major;

    WalServer(int major, Map<String, String> further) throws IOException {
        this.major = major;
        // Debian's 15 where it is there, because the segments are then of the same build as pg_waldump
        PostgresInstallation installation = major == 15 && Files.isExecutable(WalDump.PROGRAM)
                ? PostgresInstallation.at(Path.of("/usr/lib/postgresql/15/bin"))
                : EmbeddedBinaries.installation(major);
        directory = TempDirs.create("icwal-", runAs);
        instance = PostgresInstance.builder(installation, directory.resolve("data"), directory)
                .port(FreePorts.loopback())
                .runAs(runAs)
                .build();
        Map<String, String> settings = new LinkedHashMap<>(Map.of(
                "fsync", "off",
                "shared_buffers", "64MB",
                "max_prepared_transactions", "20",
                "max_wal_size", "4GB",
                "wal_keep_size", "4GB",
                "autovacuum", "off",
                "timezone", "UTC"));
        settings.putAll(further);
        try {
            instance.initdb(new PostgresInstance.InitOptions(SEGMENT_BYTES >> 20, true, java.util.List.of()));
            instance.start(settings);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        this.settings = settings;
    }

    private final Map<String, String> settings;

    int major() {
        return major;
    }

    WalFormat format() {
        return WalFormat.of(major);
    }

    Path dataDirectory() {
        return directory.resolve("data");
    }

    Path walDirectory() {
        return dataDirectory().resolve("pg_wal");
    }

    /** A directory that the server may write to. */
    Path makeDirectory(String name) throws IOException {
        Path made = Files.createDirectory(directory.resolve(name));
        runAs.own(made);
        return made;
    }

    Connection connect(String database) throws SQLException {
        return instance.jdbc(database);
    }

    String query(String sql) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    void kill() throws IOException {
        instance.kill();
    }

    void start() throws IOException {
        instance.start(settings);
    }

    /** End of what is certain to be in the files. */
    Lsn flushed() throws SQLException {
        return Lsn.parse(query("select pg_current_wal_flush_lsn()"));
    }

    /** The first segment that initdb made. */
    Lsn firstSegment() throws IOException {
        try (var files = Files.list(walDirectory())) {
            return files.flatMap(file -> WalFileName.parse(file.getFileName().toString(), SEGMENT_BYTES).stream())
                    .map(WalFileName::start)
                    .min(Lsn::compareTo)
                    .orElseThrow();
        }
    }

    /** Bytes of the segment files of timeline 1, from and to any positions. */
    byte[] read(Lsn from, Lsn to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(to.minus(from)));
        Lsn at = from;
        while (at.isBefore(to)) {
            WalFileName file = WalFileName.holding(1, at, SEGMENT_BYTES);
            Lsn end = Lsn.min(to, file.end());
            try (FileChannel channel = FileChannel.open(walDirectory().resolve(file.name()), StandardOpenOption.READ)) {
                bytes.limit((int) end.minus(from));
                while (bytes.hasRemaining()) {
                    if (channel.read(bytes, from.plus(bytes.position()).minus(file.start())) < 0) {
                        throw new IOException(file + " is too short");
                    }
                }
            }
            at = end;
        }
        return bytes.array();
    }

    @Override
    public void close() throws IOException {
        try {
            instance.close();
        } finally {
            TempDirs.delete(directory);
        }
    }
}
