package io.isochron.restore;

import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.RunAs;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The PostgreSQL server of one restored shard, run with a configuration of ours. For one thread, but for {@link #kill} and sessions. */
final class ShardServer implements Sessions {

    private static final Duration START = Duration.ofMinutes(5);
    private static final Duration STOP = Duration.ofMinutes(5);
    private static final int SOCKET_PATH_BYTES_MAX = 100;
    private static final String TEMPORARY = "/tmp";
    private static final String TEMPORARY_PREFIX = "isochron-";
    static final long POLL_MILLIS = 15;

    private final ShardPlan plan;
    private final ShardPaths paths;
    private final RestoreOptions options;
    private final PostgresInstallation installation;
    private final RunAs runAs;
    private final PostgresInstance instance;
    private volatile @Nullable String superuser;
    private volatile @Nullable String anyDatabase;

    ShardServer(
            ShardPlan plan, ShardPaths paths, RestoreOptions options, Path socketDirectory, @Nullable String superuser)
            throws IOException {
        this.plan = plan;
        this.paths = paths;
        this.options = options;
        this.superuser = superuser;
        this.installation = PostgresInstallation.find(plan.postgresMajor(), options.postgresBin());
        this.runAs = RunAs.current();
        this.instance = PostgresInstance.builder(installation, paths.data(), socketDirectory)
                .port(InstanceConfig.PORT)
                .log(paths.log())
                .runAs(runAs)
                .build();
    }

    /**
     * The directory of the socket: the one that is known if it can still be used, else one beside the data if the path is short enough for a
     * socket's address, else a fresh one under /tmp that only the servers' user may enter.
     */
    static Path socketDirectory(ShardPaths paths, @Nullable String known) throws IOException {
        Path beside = paths.root().resolve("socket");
        if (known != null && (Path.of(known).equals(beside) || Files.isDirectory(Path.of(known)))) {
            return Path.of(known);
        }
        String socket = beside + "/.s.PGSQL." + InstanceConfig.PORT;
        if (socket.getBytes(java.nio.charset.StandardCharsets.UTF_8).length <= SOCKET_PATH_BYTES_MAX) {
            return beside;
        }
        Path fresh = Files.createTempDirectory(Path.of(TEMPORARY), TEMPORARY_PREFIX);
        RunAs.current().own(fresh);
        return fresh;
    }

    /** Makes the socket directory anew if a stop has removed it. */
    void ensureSocketDirectory() throws IOException {
        if (!Files.isDirectory(instance.socketDirectory())) {
            Files.createDirectory(
                    instance.socketDirectory(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            runAs.own(instance.socketDirectory());
        }
    }

    /** Removes a socket directory under /tmp; one beside the data goes with it. */
    private void removeTemporarySocketDirectory() throws IOException {
        Path directory = instance.socketDirectory();
        Path name = directory.getFileName();
        if (Path.of(TEMPORARY).equals(directory.getParent())
                && name != null
                && name.toString().startsWith(TEMPORARY_PREFIX)) {
            Trees.delete(directory);
        }
    }

    /**
     * Stops a server that a killed process left behind, if there is one. One that was only just being started has no lock file yet, by which it would be
     * known, and would be in the way later: it is waited for until it has one or is gone.
     */
    void stopLeftover() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START.toNanos();
        boolean running = instance.attach();
        while (!running && isBeingStarted() && System.nanoTime() - deadline < 0) {
            Thread.sleep(POLL_MILLIS);
            running = instance.attach();
        }
        if (running) {
            instance.stop(PostgresInstance.StopMode.FAST, STOP);
        }
    }

    /** Whether a process runs that was given the data directory as PostgreSQL is, be it only the program that drops privileges before. */
    private boolean isBeingStarted() {
        List<String> given = List.of("-D", paths.data().toString());
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info()
                        .arguments()
                        .filter(arguments -> Collections.indexOfSubList(List.of(arguments), given) >= 0)
                        .isPresent());
    }

    /** Takes a running server over. */
    boolean attach() throws IOException {
        return instance.isRunning() || instance.attach();
    }

    /** Writes the configuration. */
    void configure(
            Optional<InetSocketAddress> feed,
            String feedPassword,
            boolean hotStandby,
            boolean durable,
            boolean readOnly)
            throws IOException {
        Files.createDirectories(paths.own());
        AutoConf.annotate(paths.data());
        Optional<InstanceConfig.Feed> source = Optional.empty();
        if (feed.isPresent()) {
            InetSocketAddress address = feed.get();
            InstanceConfig.Feed at = new InstanceConfig.Feed(
                    address.getAddress().getHostAddress(),
                    address.getPort(),
                    "isochron",
                    paths.passFile().toString());
            Files.deleteIfExists(paths.passFile());
            Files.createFile(
                    paths.passFile(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(paths.passFile(), "*:*:*:*:" + feedPassword + "\n");
            source = Optional.of(at);
        } else {
            Files.deleteIfExists(paths.passFile());
        }
        InstanceConfig config = new InstanceConfig(
                plan.shard(),
                plan.postgresMajor(),
                instance.socketDirectory().toString(),
                paths.hba().toString(),
                paths.ident().toString(),
                plan.settings(),
                options.sharedBuffersMiB(),
                source,
                hotStandby,
                durable,
                readOnly);
        Files.writeString(paths.config(), config.text());
        Files.writeString(paths.hba(), InstanceConfig.HBA);
        Files.writeString(paths.ident(), "");
        runAs.own(paths.own());
        runAs.own(paths.data().resolve("postgresql.auto.conf"));
    }

    /** Makes the server a standby at its next start. */
    void markStandby() throws IOException {
        if (!Files.exists(paths.standbySignal())) {
            Files.createFile(paths.standbySignal());
            runAs.own(paths.standbySignal());
        }
    }

    /** Starts the server and returns once it answers, if only to say that it is starting up. */
    void start() throws IOException {
        anyDatabase = null;
        instance.start(Map.of("config_file", paths.config().toString()), PostgresInstance.Readiness.ANSWERS, START);
    }

    /** Fails if the server has ended by itself. */
    void requireRunning() throws IOException {
        if (!instance.isRunning()) {
            throw new RestoreException(
                    "PostgreSQL of the restored shard " + plan.shard() + " has ended; its log ends with:\n"
                            + instance.logTail(),
                    "look at " + paths.log());
        }
    }

    boolean running() {
        return instance.isRunning();
    }

    void reload() throws IOException {
        instance.reload();
    }

    void stop() throws IOException {
        instance.stop(PostgresInstance.StopMode.FAST, STOP);
        removeTemporarySocketDirectory();
    }

    void kill() throws IOException {
        instance.kill();
    }

    Path socketDirectory() {
        return instance.socketDirectory();
    }

    /** Asks the server to end recovery, without a session. Source: PostgreSQL's src/bin/pg_ctl/pg_ctl.c, {@code do_promote}. */
    void requestPromotion() throws IOException, InterruptedException {
        Path file = paths.data().resolve("promote");
        if (!Files.exists(file)) {
            Files.createFile(file);
            runAs.own(file);
        }
        long pid = instance.pid()
                .orElseThrow(() -> new RestoreException(
                        "PostgreSQL of the restored shard " + plan.shard() + " does not run",
                        "look at " + paths.log()));
        Process kill = new ProcessBuilder("/bin/kill", "-USR1", Long.toString(pid))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (kill.waitFor() != 0) {
            requireRunning();
            throw new RestoreException(
                    "PostgreSQL of the restored shard " + plan.shard() + " cannot be told to end recovery",
                    "look at " + paths.log());
        }
    }

    /** Waits until sessions can write, that is until recovery has ended. */
    void awaitPromoted(Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            requireRunning();
            if (connectable() && !inRecovery()) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new RestoreException(
                        "PostgreSQL of the restored shard " + plan.shard() + " did not end recovery within "
                                + patience.toSeconds() + " s",
                        "look at " + paths.log());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Whether a session can be opened now. */
    boolean connectable() throws IOException {
        try {
            anyDatabase();
            return true;
        } catch (SQLException e) {
            String state = Objects.requireNonNullElse(e.getSQLState(), "08000");
            // still starting up (57P03), or no answer at all
            if (state.equals("57P03") || state.startsWith("08")) {
                return false;
            }
            throw new RestoreException(
                    "no session can be opened on the restored shard " + plan.shard() + ": " + e.getMessage(),
                    "name a role that is a superuser there, and a database that accepts connections",
                    e);
        }
    }

    private boolean inRecovery() throws IOException {
        return ask("select pg_catalog.pg_is_in_recovery()").equals("t");
    }

    /** The end of the last record that was replayed. */
    Lsn replayed() throws IOException {
        return Lsn.parse(ask("select pg_catalog.pg_last_wal_replay_lsn()"));
    }

    void checkpoint() throws SQLException {
        try (Connection connection = open(anyDatabase(), true);
                Statement statement = connection.createStatement()) {
            statement.execute("checkpoint");
        }
    }

    private String ask(String sql) throws IOException {
        try (Connection connection = open(anyDatabase(), false);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            requireRunning();
            throw new RestoreException(
                    "the restored shard " + plan.shard() + " does not answer: " + e.getMessage(),
                    "look at " + paths.log(),
                    e);
        }
    }

    @Override
    public String anyDatabase() throws SQLException {
        String known = anyDatabase;
        if (known != null) {
            return known;
        }
        SQLException last = new SQLException("no database accepts connections");
        for (String database : new String[] {"postgres", "template1", options.database()}) {
            for (String role : roles()) {
                try (Connection connection = connect(database, role, false)) {
                    connection.setReadOnly(true);
                    superuser = role;
                    anyDatabase = database;
                    return database;
                } catch (SQLException e) {
                    last = e;
                    String state = Objects.requireNonNullElse(e.getSQLState(), "08000");
                    if (state.equals("57P03") || state.startsWith("08")) {
                        throw e;
                    }
                }
            }
        }
        throw last;
    }

    private Set<String> roles() {
        Set<String> roles = new LinkedHashSet<>();
        if (superuser != null) {
            roles.add(superuser);
        }
        options.superuser().ifPresent(roles::add);
        if (plan.superuser() != null) {
            roles.add(plan.superuser());
        }
        roles.add("postgres");
        return roles;
    }

    /** The superuser's name, once a session was opened. */
    Optional<String> superuser() {
        return Optional.ofNullable(superuser);
    }

    @Override
    public Connection open(String database, boolean writes) throws SQLException {
        anyDatabase();
        return connect(database, Objects.requireNonNull(superuser), writes);
    }

    private Connection connect(String database, String role, boolean writes) throws SQLException {
        return instance.jdbc(
                database,
                Map.of(
                        "user",
                        role,
                        "options",
                        Sessions.startupOptions(writes),
                        "ApplicationName",
                        "isochron_restore"));
    }

    /** A connection for callers: the server's own settings decide whether it may write. */
    Connection plain(String database) throws SQLException {
        anyDatabase();
        return instance.jdbc(database, Map.of("user", Objects.requireNonNull(superuser)));
    }

    /** A libpq connection string that works on this host. */
    String connectionString(String database) {
        String role = superuser == null ? "postgres" : superuser;
        return "host=" + instance.socketDirectory() + " port=" + InstanceConfig.PORT + " user=" + role + " dbname="
                + database;
    }
}
