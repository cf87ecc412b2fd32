package io.isochron.bench;

import io.isochron.instance.TempDirs;
import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.XADataSource;
import org.postgresql.xa.PGXADataSource;

/**
 * The bank's transfers through ShardingSphere-JDBC, which routes each statement to its shard and lets Atomikos decide. It runs as a process of its own ({@link ShardingSphereClients}): its libraries ask
 * for other versions of what is used here. They are there only if the Maven profile {@code shardingsphere} has brought them.
 */
final class ShardingSphereTraffic implements Traffic {
    private static final long START_SECONDS = 180;
    private static final long STOP_SECONDS = 180;
    private static final int OUTPUT_LINES = 40;

    private final Process process;
    private final Path directory;
    private final Thread reader;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Queue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
    private final List<String> output = new ArrayList<>();
    private volatile boolean begun;
    private boolean ended;

    private ShardingSphereTraffic(Process process, Path directory) {
        this.process = process;
        this.directory = directory;
        this.reader = Thread.ofPlatform().name("shardingsphere-output").daemon().start(this::read);
    }

    /**
     * The libraries that the profile brings.
     *
     * @throws IllegalArgumentException if they are not there
     */
    static Path libraries() {
        return libraries(target());
    }

    static Path libraries(Path target) {
        Path libraries = target.resolve("shardingsphere");
        if (!Files.isDirectory(libraries)) {
            throw new IllegalArgumentException("--coordinator is 'shardingsphere', which is not built in"
                    + "\nhint: it is 83 MB of libraries; bring them with `mvn -Pshardingsphere -DskipTests package`.");
        }
        return libraries;
    }

    private static Path target() {
        return classes().resolveSibling(".").normalize();
    }

    /** The jar or folder that this class comes from. */
    private static Path classes() {
        try {
            return Path.of(ShardingSphereTraffic.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static ShardingSphereTraffic start(List<XADataSource> shards, Bank bank, long seed) throws SQLException {
        Path libraries = libraries();
        try {
            Path directory = Files.createTempDirectory("isochron-shardingsphere-");
            Path configuration = directory.resolve("sharding.yaml");
            Files.writeString(configuration, configuration(shards));
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-Djdbc.drivers=org.apache.shardingsphere.driver.ShardingSphereDriver",
                            "-Xmx512m",
                            "--add-opens=java.base/java.lang=ALL-UNNAMED",
                            "--add-opens=java.base/java.util=ALL-UNNAMED",
                            "--sun-misc-unsafe-memory-access=allow",
                            "-Dcom.atomikos.icatch.log_base_dir=" + directory,
                            "-Dcom.atomikos.icatch.output_dir=" + directory,
                            "-Dcom.atomikos.icatch.max_actives=200",
                            "-Dcom.atomikos.icatch.serial_jta_transactions=false",
                            "-cp",
                            classPath(libraries),
                            ShardingSphereClients.class.getName(),
                            configuration.toString(),
                            Integer.toString(bank.shards()),
                            Integer.toString(bank.accountsPerShard()),
                            Long.toString(bank.initialBalance()),
                            Long.toString(seed))
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            ShardingSphereTraffic traffic = new ShardingSphereTraffic(process, directory);
            try {
                if (traffic.ready.await(START_SECONDS, TimeUnit.SECONDS) && traffic.begun) {
                    return traffic;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            traffic.close();
            throw new SQLException("ShardingSphere did not start\n" + traffic.said());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its own libraries first; of those here only what JDBC needs. */
    private static String classPath(Path libraries) throws IOException {
        List<String> path = new ArrayList<>();
        path.add(classes().toString());
        path.add(libraries.resolve("*").toString());
        try (Stream<Path> ours = Files.list(target().resolve("lib"))) {
            ours.map(Path::toString)
                    .filter(name ->
                            name.matches(".*/(workload|instance|jspecify|postgresql|scram-|saslprep|stringprep)[^/]*"))
                    .sorted()
                    .forEach(path::add);
        }
        return String.join(":", path);
    }

    private static String configuration(List<XADataSource> shards) throws SQLException {
        StringBuilder yaml = new StringBuilder("databaseName: bank\ndataSources:\n");
        StringBuilder sources = new StringBuilder();
        for (int i = 0; i < shards.size(); i++) {
            PGXADataSource shard = server(shards.get(i));
            yaml.append("  ds_")
                    .append(i)
                    .append(":\n    dataSourceClassName: com.zaxxer.hikari.HikariDataSource\n")
                    .append("    driverClassName: org.postgresql.Driver\n    jdbcUrl: '")
                    .append(shard.getUrl())
                    .append("&options=-c%20lock_timeout%3D20s")
                    .append("'\n    username: ")
                    .append(shard.getUser())
                    .append("\n    password: ''\n    maximumPoolSize: 24\n    minimumIdle: 1\n");
            sources.append(i == 0 ? "" : ",").append("ds_").append(i).append(".%s");
        }
        yaml.append("rules:\n- !SHARDING\n  tables:\n");
        for (String[] table :
                new String[][] {{"accounts", "id"}, {"transfers", "account_id"}, {"orders", "account_id"}}) {
            yaml.append("    ")
                    .append(table[0])
                    .append(":\n      actualDataNodes: '")
                    .append(sources.toString().replace("%s", table[0]))
                    .append("'\n      databaseStrategy:\n        standard: {shardingColumn: ")
                    .append(table[1])
                    .append(", shardingAlgorithmName: by_shard}\n");
        }
        return yaml.append("  shardingAlgorithms:\n    by_shard: {type: MOD, props: {sharding-count: ")
                .append(shards.size())
                .append("}}\n- !TRANSACTION\n  defaultType: XA\n  providerType: Atomikos\n")
                .toString();
    }

    private static PGXADataSource server(XADataSource shard) {
        XADataSource server = shard instanceof SwitchableSource switchable ? switchable.server() : shard;
        if (server instanceof PGXADataSource postgres) {
            return postgres;
        }
        throw new IllegalArgumentException("a shard is reached by " + server.getClass() + ", which has no address");
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Acknowledged one = ShardingSphereClients.parse(line);
                if (one != null) {
                    acknowledged.add(one);
                } else if (line.equals(ShardingSphereClients.READY)) {
                    begun = true;
                    ready.countDown();
                } else {
                    keep(line);
                }
            }
        } catch (IOException e) {
            keep(e.toString());
        }
        ready.countDown();
    }

    private synchronized void keep(String line) {
        output.add(line);
        if (output.size() > OUTPUT_LINES) {
            output.remove(OUTPUT_LINES / 2);
        }
    }

    private synchronized String said() {
        return String.join("\n", output);
    }

    @Override
    public void stop() throws SQLException, InterruptedException {
        // the end of its input tells it to end
        try {
            process.outputWriter(StandardCharsets.UTF_8).close();
        } catch (IOException e) {
            keep(e.toString());
        }
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new SQLException("ShardingSphere's clients do not end\n" + said());
        }
        reader.join();
        ended = true;
        if (process.exitValue() != 0) {
            throw new SQLException("a client of ShardingSphere failed\n" + said());
        }
    }

    @Override
    public List<Acknowledged> acknowledged() {
        return List.copyOf(acknowledged);
    }

    @Override
    public String notes() {
        return "ShardingSphere-JDBC with Atomikos in a process of its own";
    }

    @Override
    public void close() {
        if (!ended) {
            process.destroyForcibly();
        }
        try {
            process.waitFor();
            reader.join();
            TempDirs.delete(directory);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
