package io.isochron.testkit;

import io.isochron.instance.FreePorts;
import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.PostgresInstance;
import io.isochron.instance.PostgresInstance.StopMode;
import io.isochron.instance.PostgresInstanceException;
import io.isochron.instance.RunAs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/**
 * One shard of a {@link TestCluster}. Roles: {@code postgres} (superuser, by Unix socket without, by TCP with a password) and
 * {@code isochron} (replication, {@code pg_read_all_data}, {@code pg_monitor}; with a password).
 */
public final class TestShard {
    /** The role that Isochron connects as. */
    public static final String ISOCHRON = "isochron";

    static final int PORT_ATTEMPTS = 8;

    private final String name;
    private final Path home;
    private final PostgresInstallation installation;
    private final RunAs runAs;
    private final ClusterOptions options;
    private final String password;
    private final @Nullable FakeClock clock;
    private PostgresInstance instance;

    TestShard(String name, Path cluster, PostgresInstallation installation, RunAs runAs, ClusterOptions options)
            throws IOException {
        this.name = name;
        this.home = cluster.resolve(name);
        this.installation = installation;
        this.runAs = runAs;
        this.options = options;
        byte[] random = new byte[12];
        new SecureRandom().nextBytes(random);
        this.password = HexFormat.of().formatHex(random);
        this.clock = options.fakeClocks() ? FakeClock.at(cluster.resolve(name + ".clock")) : null;
        this.instance = build();
    }

    private PostgresInstance build() throws IOException {
        return PostgresInstance.builder(installation, home.resolve("data"), home)
                .port(FreePorts.loopback())
                .listenAddress("127.0.0.1")
                .log(home.resolve("server.log"))
                .runAs(runAs)
                .environment(clock == null ? Map.of() : clock.environment())
                .build();
    }

    void create(Path template) throws IOException {
        Files.createDirectory(home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        DataTemplate.copy(template, dataDirectory());
        configure();
        runAs.own(home);
        startOnFreePort();
        try (Connection connection = superuser("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("alter role postgres password '" + password + "'");
            statement.execute("create role " + ISOCHRON + " login replication password '" + password
                    + "' in role pg_read_all_data, pg_monitor");
        } catch (SQLException e) {
            throw new IOException("roles of " + name + " not made: " + e.getMessage(), e);
        }
        secretFile(passwordFile(), "127.0.0.1:*:*:*:" + password + "\n" + home + ":*:*:*:" + password + "\n");
    }

    private void configure() throws IOException {
        StringBuilder text = new StringBuilder("\n# of this test\n");
        Map<String, String> settings = new TreeMap<>(options.settings());
        settings.put("listen_addresses", "127.0.0.1");
        settings.put("unix_socket_directories", home.toString());
        settings.put("cluster_name", name);
        if (options.tls()) {
            settings.put("ssl", "on");
            settings.put("ssl_cert_file", certificate().toString());
            settings.put("ssl_key_file", home.resolve("server.key").toString());
            Certificates.selfSigned(certificate(), home.resolve("server.key"));
        }
        settings.forEach((key, value) ->
                text.append(key).append(" = '").append(value.replace("'", "''")).append("'\n"));
        Files.writeString(dataDirectory().resolve("postgresql.conf"), text, StandardOpenOption.APPEND);
        String tcp = options.tls() ? "hostssl" : "host";
        Files.writeString(
                dataDirectory().resolve("pg_hba.conf"),
                "local all all trust\nlocal replication all trust\n"
                        + tcp + " all all 127.0.0.1/32 scram-sha-256\n"
                        + tcp + " replication all 127.0.0.1/32 scram-sha-256\n");
    }

    private void startOnFreePort() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                instance.start(Map.of());
                return;
            } catch (PostgresInstanceException e) {
                if (!portTaken(e) || attempt == PORT_ATTEMPTS) {
                    throw e;
                }
                instance = build();
            }
        }
    }

    /** Whether a server did not start because somebody else took the port that was free before. */
    static boolean portTaken(PostgresInstanceException e) {
        return e.toString().contains("could not create any TCP/IP sockets");
    }

    /**
     * The shard's own clock.
     *
     * @throws IllegalStateException if the cluster was not started with {@link ClusterOptions#withFakeClocks()}
     */
    public FakeClock clock() {
        if (clock == null) {
            throw new IllegalStateException("shard " + name + " runs on the machine's clock");
        }
        return clock;
    }

    /** The shard's name in its cluster, such as {@code shard1}. */
    public String name() {
        return name;
    }

    /** How Isochron connects by TCP: a libpq string without the password, which is in {@link #passwordFile()}. */
    public String connectionString() {
        return connectionString(ISOCHRON);
    }

    /** The same for another role ({@code isochron} or {@code postgres}). */
    public String connectionString(String role) {
        return "host=127.0.0.1 port=" + port() + " user=" + role + " dbname=postgres passfile=" + passwordFile()
                + (options.tls() ? " sslmode=require" : "");
    }

    /** The same with the password in it, which only a test may do. */
    public String connectionStringWithPassword() {
        return "host=127.0.0.1 port=" + port() + " user=" + ISOCHRON + " dbname=postgres password=" + password
                + (options.tls() ? " sslmode=require" : "");
    }

    /** How Isochron connects through the Unix socket; no password is asked for. */
    public String socketConnectionString() {
        return "host=" + home + " port=" + port() + " user=" + ISOCHRON + " dbname=postgres";
    }

    /** A file in the format of {@code .pgpass}, mode 0600. */
    public Path passwordFile() {
        return home.resolve("pgpass");
    }

    /**
     * The server's certificate (PEM) if the cluster uses TLS: for {@code localhost} and {@code 127.0.0.1}, self-signed, so it is
     * its own root for {@code sslrootcert}.
     */
    public Path certificate() {
        return home.resolve("server.crt");
    }

    public String password() {
        return password;
    }

    public int port() {
        return instance.port();
    }

    public Path dataDirectory() {
        return home.resolve("data");
    }

    /** The directory of the Unix socket, and of the data directory and log. */
    public Path home() {
        return home;
    }

    public PostgresInstance instance() {
        return instance;
    }

    /** A new session of the superuser. */
    public Connection superuser(String database) throws SQLException {
        return instance.jdbc(database);
    }

    /** Sessions of the superuser in a database that can take part in two-phase commits. */
    public XADataSource xaDataSource(String database) {
        return instance.xaDataSource(database);
    }

    /** Runs one statement as superuser in the database {@code postgres}, in a transaction of its own. */
    public void execute(String sql) throws SQLException {
        try (Connection connection = superuser("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of the first row as text. */
    public String query(String sql) throws SQLException {
        try (Connection connection = superuser("postgres");
                Statement statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            if (!result.next()) {
                throw new SQLException("no row: " + sql);
            }
            return String.valueOf(result.getString(1));
        }
    }

    /** Changes a setting (ALTER SYSTEM) and rereads the configuration; one that needs a restart waits for it. */
    public void set(String setting, String value) throws SQLException {
        execute("alter system set " + setting + " = '" + value.replace("'", "''") + "'");
        query("select pg_reload_conf()");
    }

    /** As a power cut ends it: all processes killed at once. */
    public void kill() throws IOException {
        instance.kill();
    }

    public void stop(StopMode mode) throws IOException {
        instance.stop(mode);
    }

    /** Starts it again after a stop or a kill, on the same port. */
    public void start() throws IOException {
        instance.start(Map.of());
    }

    /** Stops (fast) and starts. */
    public void restart() throws IOException {
        stop(StopMode.FAST);
        start();
    }

    void discard() throws IOException {
        OptionalLong pid = instance.pid();
        instance.kill();
        if (clock != null && pid.isPresent()) {
            FakeClock.removeLeftovers(pid.getAsLong());
        }
    }

    private static void secretFile(Path file, String text) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "TestShard[" + name + ", port " + port() + "]";
    }
}
