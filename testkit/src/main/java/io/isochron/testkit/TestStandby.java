package io.isochron.testkit;

import io.isochron.instance.FreePorts;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.PostgresInstanceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A streaming standby of a {@link TestShard}, made by an online backup (PostgreSQL documentation, "Making a Base Backup Using the Low Level API"), which can be promoted. It lies in the cluster's
 * directory; closing ends its server.
 */
public final class TestStandby implements AutoCloseable {
    private static final Set<String> EMPTY_DIRECTORIES = Set.of("pg_wal", "pg_replslot", "pg_stat_tmp", "pg_dynshmem");
    private static final Set<String> LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts", "backup_label");

    private final TestShard primary;
    private final Path home;
    private final PostgresInstance instance;
    private final String name;

    private TestStandby(TestShard primary, Path home, PostgresInstance instance, String name) {
        this.primary = primary;
        this.home = home;
        this.instance = instance;
        this.name = name;
    }

    /**
     * Makes and starts a standby; it streams when this returns. The primary must keep its WAL for long enough ({@link ClusterOptions#keepingWal()}).
     *
     * @param name its name, also the {@code application_name} of its walreceiver
     */
    public static TestStandby start(TestShard primary, String name)
            throws IOException, SQLException, InterruptedException {
        return start(primary, name, primary.instance());
    }

    /** The same of a standby that was promoted: the next in a row. */
    public static TestStandby start(TestStandby promoted, String name)
            throws IOException, SQLException, InterruptedException {
        return start(promoted.primary, name, promoted.instance);
    }

    private static TestStandby start(TestShard shard, String name, PostgresInstance of)
            throws IOException, SQLException, InterruptedException {
        Path home = shard.home().resolveSibling(shard.name() + "-" + name);
        Files.createDirectory(home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path data = home.resolve("data");
        try (Connection connection = of.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            // the functions' names before PostgreSQL 15
            boolean old = connection.getMetaData().getDatabaseMajorVersion() < 15;
            statement.execute("select " + (old ? "pg_start_backup" : "pg_backup_start") + "('" + name + "', true"
                    + (old ? ", false)" : ")"));
            copy(of.dataDirectory(), data);
            try (ResultSet label = statement.executeQuery(
                    "select labelfile from " + (old ? "pg_stop_backup" : "pg_backup_stop") + "(false)")) {
                label.next();
                Files.writeString(data.resolve("backup_label"), label.getString(1), StandardCharsets.UTF_8);
            }
        }
        Files.createFile(data.resolve("standby.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "\nprimary_conninfo = 'host=" + of.socketDirectory() + " port=" + of.port() + " user="
                        + TestShard.ISOCHRON + " application_name=" + name + "'\n",
                StandardOpenOption.APPEND);
        of.runAs().own(home);
        TestStandby standby = new TestStandby(shard, home, startOnFreePort(of, data, home), name);
        standby.awaitStreaming(of);
        return standby;
    }

    /** As a shard does: the class that runs beside this one may take the port first. */
    private static PostgresInstance startOnFreePort(PostgresInstance of, Path data, Path home) throws IOException {
        for (int attempt = 1; ; attempt++) {
            PostgresInstance instance = PostgresInstance.builder(of.installation(), data, home)
                    .port(FreePorts.loopback())
                    .listenAddress("127.0.0.1")
                    .log(home.resolve("server.log"))
                    .runAs(of.runAs())
                    .endsWithJvm(true)
                    .build();
            try {
                instance.start(Map.of());
                return instance;
            } catch (PostgresInstanceException e) {
                if (!TestShard.portTaken(e) || attempt == TestShard.PORT_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Path below = from.relativize(directory);
                Files.createDirectory(
                        to.resolve(below.toString()),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                if (below.toString().equals("pg_wal")) {
                    Files.createDirectory(
                            to.resolve("pg_wal/archive_status"),
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                }
                return EMPTY_DIRECTORIES.contains(below.toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!LEFT_OUT.contains(from.relativize(file).toString())) {
                    try {
                        Files.copy(file, to.resolve(from.relativize(file).toString()));
                    } catch (NoSuchFileException e) {
                        // removed while it was copied: replay does without it
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    private void awaitStreaming(PostgresInstance upstream) throws SQLException, InterruptedException {
        await(
                "streams",
                () -> query(
                                upstream,
                                "select count(*) from pg_stat_replication where state = 'streaming' and application_name = '"
                                        + name + "'")
                        .equals("1"));
    }

    @FunctionalInterface
    private interface Question {
        boolean yes() throws SQLException;
    }

    private void await(String what, Question question) throws SQLException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!question.yes()) {
            if (System.nanoTime() - until > 0) {
                throw new IllegalStateException(
                        "standby " + name + " " + what + ": not in 90 s\n" + instance.logTail());
            }
            Thread.sleep(50);
        }
    }

    /** Ends recovery: the standby is a primary on the next PostgreSQL timeline when this returns. */
    public void promote() throws IOException {
        instance.promote(Duration.ofSeconds(90));
    }

    /** Stops replaying and receiving, as a cut network does: what the primary writes from now on is not received. */
    public void disconnect() throws SQLException, InterruptedException {
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("alter system set primary_conninfo = ''");
            statement.execute("select pg_reload_conf()");
        }
        await(
                "disconnects",
                () -> query(instance, "select count(*) from pg_stat_wal_receiver")
                        .equals("0"));
    }

    private static String query(PostgresInstance server, String sql) throws SQLException {
        try (Connection connection = server.jdbc("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** The first column of the first row as text, asked as superuser in the database {@code postgres}. */
    public String query(String sql) throws SQLException {
        return query(instance, sql);
    }

    /** Runs one statement as superuser in the database {@code postgres}. */
    public void execute(String sql) throws SQLException {
        try (Connection connection = superuser("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** A new session of the superuser. */
    public Connection superuser(String database) throws SQLException {
        return instance.jdbc(database);
    }

    public int port() {
        return instance.port();
    }

    public PostgresInstance instance() {
        return instance;
    }

    /** The primary's connection string with this standby as the second address. */
    public String connectionStringOfBoth() {
        return primary.connectionString()
                .replace(
                        "host=127.0.0.1 port=" + primary.port(),
                        "host=127.0.0.1,127.0.0.1 port=" + primary.port() + "," + port());
    }

    /** Kills its server; its files go with the cluster. */
    @Override
    public void close() throws IOException {
        instance.kill();
    }

    @Override
    public String toString() {
        return "TestStandby[" + home + ", port " + port() + "]";
    }
}
