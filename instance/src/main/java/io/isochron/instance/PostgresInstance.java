package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.TreeMap;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.xa.PGXADataSource;

/**
 * One PostgreSQL server on a data directory: made, started as a direct child of this process, promoted, stopped, killed; or found
 * running already and attached to. Not for use by several threads at once, except {@link #kill()}, {@link #pid()} and connections.
 *
 * <p>The server's output goes to a log file; every error of a server that does not come up carries the end of it. Settings are
 * given on the command line ({@code -c}), so they win over configuration files and must hold no secrets.
 */
public final class PostgresInstance implements AutoCloseable {
    /** How a server is asked to stop (PostgreSQL documentation, "Shutting Down the Server"). */
    public enum StopMode {
        /** Waits for all sessions to end by themselves. */
        SMART("TERM"),
        /** Rolls open transactions back, writes a checkpoint. */
        FAST("INT"),
        /** Ends at once, without a checkpoint: the next start recovers from a crash. */
        IMMEDIATE("QUIT");

        private final String signal;

        StopMode(String signal) {
            this.signal = signal;
        }
    }

    /** What {@link #start} waits for. */
    public enum Readiness {
        /** A session can be opened and answers a query. A standby needs {@code hot_standby=on} and consistency for that. */
        QUERIES,
        /** The server answers connection attempts, if only with "the database system is starting up". */
        ANSWERS
    }

    /** What the process is doing, as far as this object knows. */
    public enum State {
        STOPPED,
        STARTING,
        RUNNING,
        CLOSED
    }

    /** How a data directory is made. */
    public record InitOptions(int walSegmentSizeMebibytes, boolean dataChecksums, List<String> further) {
        public InitOptions {
            further = List.copyOf(further);
        }

        /** Segments of 16 MiB, data checksums. */
        public static InitOptions defaults() {
            return new InitOptions(16, true, List.of());
        }
    }

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(60);

    private final PostgresInstallation installation;
    private final Path dataDirectory;
    private final Path socketDirectory;
    private final Path log;
    private final int port;
    private final @Nullable String listenAddress;
    private final String superuser;
    private final RunAs runAs;
    private final boolean endsWithJvm;
    private final Map<String, String> environment;
    private volatile State state = State.STOPPED;
    private volatile @Nullable ProcessHandle server;

    PostgresInstance(PostgresInstanceBuilder builder) throws IOException {
        this.installation = builder.installation;
        this.dataDirectory = builder.dataDirectory.toAbsolutePath();
        this.socketDirectory = builder.socketDirectory.toAbsolutePath();
        this.port = builder.port;
        this.listenAddress = builder.listenAddress;
        this.superuser = builder.superuser;
        this.endsWithJvm = builder.endsWithJvm;
        this.environment = builder.environment;
        this.runAs = builder.runAs == null ? RunAs.current() : builder.runAs;
        this.log = builder.log != null
                ? builder.log
                : dataDirectory.resolveSibling(Objects.requireNonNull(dataDirectory.getFileName()) + ".log");
        int length = socketFile().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (length > 107) {
            throw new PostgresInstanceException("path of the Unix socket '" + socketFile() + "' has " + length
                    + " bytes, at most 107 are possible\nhint: choose a socket directory with a shorter path.");
        }
    }

    /** An instance on a data directory, with its Unix socket in a directory that only the server's user may enter. */
    public static PostgresInstanceBuilder builder(
            PostgresInstallation installation, Path dataDirectory, Path socketDirectory) {
        return new PostgresInstanceBuilder(installation, dataDirectory, socketDirectory);
    }

    /** Makes the data directory: UTF8, no locale, trusting whoever reaches the Unix socket, superuser as configured. */
    public void initdb(InitOptions options) throws IOException {
        requireState(State.STOPPED);
        List<String> command = new ArrayList<>(List.of(
                installation.program("initdb").toString(),
                "--pgdata=" + dataDirectory,
                "--username=" + superuser,
                "--auth=trust",
                "--no-locale",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
                "--wal-segsize=" + options.walSegmentSizeMebibytes()));
        if (options.dataChecksums()) {
            command.add("--data-checksums");
        } else if (installation.major() >= 18) {
            command.add("--no-data-checksums");
        }
        command.addAll(options.further());
        ProcessBuilder builder = new ProcessBuilder(runAs.command(command)).directory(new java.io.File("/"));
        ServerProcess.environment(builder);
        Processes.run(builder);
    }

    /**
     * Starts the server and waits until it is ready.
     *
     * @param settings server settings by name, over those of the configuration files
     * @throws IOException when the server ends before it is ready, is not ready in time (it is stopped then), or another server
     *     runs on the data directory; the message carries the end of the log
     */
    public void start(Map<String, String> settings, Readiness readiness, Duration timeout) throws IOException {
        requireState(State.STOPPED);
        Optional<PostmasterPid> other = PostmasterPid.ofRunning(dataDirectory);
        if (other.isPresent()) {
            throw new PostgresInstanceException("data directory '" + dataDirectory
                    + "' is in use by the running process " + other.get().pid() + "\nhint: stop that server first.");
        }
        ServerProcess.prepare(socketDirectory, runAs);
        long logStart = Files.exists(log) ? Files.size(log) : 0;
        Map<String, String> all = new TreeMap<>(settings);
        all.put("unix_socket_directories", socketDirectory.toString());
        all.put("port", Integer.toString(port));
        all.put("listen_addresses", listenAddress == null ? "" : listenAddress);
        all.putIfAbsent("logging_collector", "off");
        all.putIfAbsent("log_destination", "stderr");
        state = State.STARTING;
        try {
            Process started = ServerProcess.spawn(installation, dataDirectory, all, environment, log, runAs);
            server = started.toHandle();
            if (endsWithJvm) {
                ExitGuard.protect(this);
            }
            new ReadyWait(this, logStart).until(readiness, timeout);
            state = State.RUNNING;
        } finally {
            if (state == State.STARTING) {
                kill();
            }
        }
    }

    /** {@link #start(Map, Readiness, Duration)} until queries are answered, for at most 60 s. */
    public void start(Map<String, String> settings) throws IOException {
        start(settings, Readiness.QUERIES, Duration.ofSeconds(60));
    }

    /**
     * Takes over a server that runs on the data directory already, started by another process.
     *
     * @return whether one runs; a stale {@code postmaster.pid} counts as none
     */
    public boolean attach() throws IOException {
        requireState(State.STOPPED);
        Optional<PostmasterPid> running = PostmasterPid.ofRunning(dataDirectory);
        if (running.isEmpty()) {
            return false;
        }
        server = ProcessHandle.of(running.get().pid()).orElse(null);
        state = isRunning() ? State.RUNNING : State.STOPPED;
        if (isRunning() && endsWithJvm) {
            ExitGuard.protect(this);
        }
        return isRunning();
    }

    /**
     * Stops the server and waits for its end; a server that does not run is no error.
     *
     * @throws IOException when it still runs after the time
     */
    public void stop(StopMode mode, Duration timeout) throws IOException {
        ProcessHandle process = server;
        if (process != null && process.isAlive()) {
            Processes.signal(mode.signal, process.pid());
            if (!Processes.await(timeout, () -> !process.isAlive())) {
                throw new PostgresInstanceException("PostgreSQL on '" + dataDirectory + "' (process " + process.pid()
                        + ") did not stop within " + timeout.toMillis()
                        + " ms\nhint: stop it in immediate mode, or look at '"
                        + log + "'.");
            }
        }
        ended();
    }

    /** {@link #stop(StopMode, Duration)} for at most 60 s. */
    public void stop(StopMode mode) throws IOException {
        stop(mode, STOP_PATIENCE);
    }

    /** {@code kill -9} of the server and all its processes at once, as a power cut would end them; waits until they are gone. */
    public void kill() throws IOException {
        ProcessHandle process = server;
        if (process != null && process.isAlive()) {
            if (!ServerProcess.killAll(process, STOP_PATIENCE)) {
                throw new PostgresInstanceException("PostgreSQL on '" + dataDirectory + "' survived being killed");
            }
            // killed between making a lock file and writing it: PostgreSQL takes an empty one for a server that is just
            // starting
            LockFiles.removeEmpty(dataDirectory.resolve("postmaster.pid"));
            LockFiles.removeEmpty(socketFile().resolveSibling(socketFile().getFileName() + ".lock"));
        }
        ended();
    }

    private void ended() {
        server = null;
        if (state != State.CLOSED) {
            state = State.STOPPED;
        }
        ExitGuard.release(this);
    }

    /** Ends recovery and waits until the server takes writes ({@code pg_promote}). A server that is no standby is an error. */
    public void promote(Duration timeout) throws IOException {
        try (Connection connection = jdbc("postgres");
                PreparedStatement promote = connection.prepareStatement("select pg_promote(true, ?)")) {
            promote.setInt(1, (int) Math.max(1, timeout.toSeconds()));
            try (var result = promote.executeQuery()) {
                if (!result.next() || !result.getBoolean(1)) {
                    throw new PostgresInstanceException("PostgreSQL on '" + dataDirectory + "' was not promoted within "
                            + timeout.toSeconds() + " s; its log ends with:\n" + logTail());
                }
            }
        } catch (SQLException e) {
            throw new PostgresInstanceException(
                    "PostgreSQL on '" + dataDirectory + "' cannot be promoted: " + e.getMessage(), e);
        }
    }

    /** Rereads the configuration files (SIGHUP). */
    public void reload() throws IOException {
        ProcessHandle process = server;
        if (process != null) {
            Processes.signal("HUP", process.pid());
        }
    }

    /** Halts the postmaster and all its processes where they are (SIGSTOP), or lets them go on (SIGCONT). */
    public void freeze(boolean frozen) throws IOException {
        ProcessHandle process = server;
        if (process != null) {
            Processes.signal(frozen ? "STOP" : "CONT", process.pid());
            for (ProcessHandle each : process.descendants().toList()) {
                Processes.signal(frozen ? "STOP" : "CONT", each.pid());
            }
        }
    }

    /** A new session of the superuser through the Unix socket. */
    public Connection jdbc(String database) throws SQLException {
        return jdbc(database, Map.of());
    }

    /** A new session of the superuser through the Unix socket with further connection properties of pgjdbc. */
    public Connection jdbc(String database, Map<String, String> further) throws SQLException {
        Properties properties = jdbcProperties();
        properties.putAll(further);
        return DriverManager.getConnection(jdbcUrl(database), properties);
    }

    /** Sessions of the superuser through the Unix socket that can take part in two-phase commits. */
    public XADataSource xaDataSource(String database) {
        PGXADataSource source = new PGXADataSource();
        source.setUrl(jdbcUrl(database));
        source.setUser(superuser);
        source.setSocketFactory(UnixSocketFactory.class.getName());
        source.setSocketFactoryArg(socketFile().toString());
        source.setSslmode("disable");
        return source;
    }

    /** The URL for pgjdbc; it needs {@link #jdbcProperties()} too. */
    public String jdbcUrl(String database) {
        String name = java.net.URLEncoder.encode(database, java.nio.charset.StandardCharsets.UTF_8);
        return "jdbc:postgresql://localhost:" + port + "/" + name;
    }

    /** Connection properties that lead pgjdbc to the Unix socket as superuser. */
    public Properties jdbcProperties() {
        Properties properties = new Properties();
        properties.setProperty("user", superuser);
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", socketFile().toString());
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        return properties;
    }

    /** Whether the server's process lives. */
    public boolean isRunning() {
        ProcessHandle process = server;
        return process != null && process.isAlive();
    }

    /** The id of the server's process (the postmaster), if it lives. */
    public OptionalLong pid() {
        ProcessHandle process = server;
        return process != null && process.isAlive() ? OptionalLong.of(process.pid()) : OptionalLong.empty();
    }

    public State state() {
        return state == State.RUNNING && !isRunning() ? State.STOPPED : state;
    }

    public PostgresInstallation installation() {
        return installation;
    }

    public Path dataDirectory() {
        return dataDirectory;
    }

    public Path socketDirectory() {
        return socketDirectory;
    }

    /** The port that names the Unix socket's file, and on which the server listens if it listens. */
    public int port() {
        return port;
    }

    public String superuser() {
        return superuser;
    }

    public RunAs runAs() {
        return runAs;
    }

    public Path log() {
        return log;
    }

    /** The last lines of the log, at most 8 KiB. */
    public String logTail() {
        return LogTail.read(log, 0);
    }

    Path socketFile() {
        return socketDirectory.resolve(".s.PGSQL." + port);
    }

    private void requireState(State expected) throws IOException {
        if (state() != expected) {
            throw new PostgresInstanceException(
                    "PostgreSQL on '" + dataDirectory + "' is " + state().name().toLowerCase(java.util.Locale.ROOT)
                            + ", not " + expected.name().toLowerCase(java.util.Locale.ROOT));
        }
        if (state != expected) {
            ended();
        }
    }

    /** Ends the server, fast if it can, by force if it must. Files stay. Closing twice is no error. */
    @Override
    public void close() throws IOException {
        try {
            stop(StopMode.FAST, Duration.ofSeconds(20));
        } catch (PostgresInstanceException e) {
            kill();
        } finally {
            state = State.CLOSED;
        }
    }

    @Override
    public String toString() {
        return "PostgresInstance[" + dataDirectory + ", " + state() + "]";
    }
}
