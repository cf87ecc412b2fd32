package io.isochron.bench;

import io.isochron.instance.PostgresInstance;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Whole WAL segments that a real server wrote under pgbench. The server is stopped; {@link #close} removes everything.
 */
final class RecordedWal implements AutoCloseable {
    static final int SEGMENT_BYTES = 16 << 20;

    private static final Path PGBENCH = Path.of("/usr/lib/postgresql/15/bin/pgbench");
    private static final int SLICE_SECONDS = 5;
    private static final int SCALE = 10;
    private static final int CLIENTS = 8;

    private final TestCluster cluster;
    private final Lsn start;
    private final Lsn end;

    private RecordedWal(TestCluster cluster, Lsn start, Lsn end) {
        this.cluster = cluster;
        this.start = start;
        this.end = end;
    }

    /** What pgbench does. Checkpoints come every 5 minutes, PostgreSQL's default. */
    enum Load {
        /** Its standard transaction of three updates and an insert: mostly page images at first. */
        STANDARD("standard"),
        /** Fifty rows updated and twenty inserted by each transaction: many small records. */
        BATCHES(
                "batches",
                "\\set first random(1, 100000 * :scale - 50)",
                "begin;",
                "update pgbench_accounts set abalance = abalance + 1 where aid between :first and :first + 49;",
                "insert into pgbench_history select 1, 1, :first + i, i, now() from generate_series(1, 20) i;",
                "commit;");

        final String title;
        private final String script;

        Load(String title, String... script) {
            this.title = title;
            this.script = String.join("\n", script);
        }

        static Load of(String title) {
            return Stream.of(values())
                    .filter(load -> load.title.equals(title))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "load '" + title + "' is not known\nhint: known are: standard, batches"));
        }
    }

    /** Whether pgbench is on this machine. */
    static boolean possible() {
        return Files.isExecutable(PGBENCH);
    }

    /**
     * Lets a server write.
     *
     * @param major PostgreSQL's major version
     * @param mebibytes how much WAL at least
     */
    static RecordedWal record(int major, long mebibytes, Load load)
            throws IOException, SQLException, InterruptedException {
        if (!possible()) {
            throw new IOException("no pgbench at '" + PGBENCH + "'\nhint: install Debian's package postgresql-15");
        }
        TestCluster cluster = TestCluster.start(
                1,
                major,
                ClusterOptions.defaults()
                        .with("wal_keep_size", Long.toString(mebibytes + 1024))
                        .with("max_wal_size", "16GB")
                        .with("synchronous_commit", "off"));
        try {
            TestShard shard = cluster.shard(0);
            pgbench(shard, "-i", "-q", "-s", Integer.toString(SCALE));
            List<String> work = new ArrayList<>(
                    List.of("-n", "-c", Integer.toString(CLIENTS), "-T", Integer.toString(SLICE_SECONDS)));
            if (!load.script.isEmpty()) {
                Path script = cluster.directory().resolve("script.sql");
                Files.writeString(script, load.script);
                work.addAll(List.of("-f", script.toString(), "-s", Integer.toString(SCALE)));
            }
            Lsn start = switched(shard);
            while (position(shard).minus(start) < mebibytes << 20) {
                pgbench(shard, work.toArray(String[]::new));
            }
            Lsn end = switched(shard);
            shard.stop(PostgresInstance.StopMode.FAST);
            return new RecordedWal(cluster, start, end);
        } catch (IOException | SQLException | InterruptedException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private static void pgbench(TestShard shard, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(PGBENCH.toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-h", shard.home().toString(), "-p", Integer.toString(shard.port()), "-U", "postgres"));
        command.add("postgres");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IOException("pgbench did not end well: " + String.join(" ", command));
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** Ends the segment; the start of the next one. */
    private static Lsn switched(TestShard shard) throws SQLException {
        Lsn last = Lsn.parse(shard.query("select pg_switch_wal()"));
        return WalFileName.holding(1, last, SEGMENT_BYTES).end();
    }

    private static Lsn position(TestShard shard) throws SQLException {
        return Lsn.parse(shard.query("select pg_current_wal_insert_lsn()"));
    }

    Path directory() {
        return cluster.shard(0).dataDirectory().resolve("pg_wal");
    }

    /** Name of the segment file with a position. */
    String fileHolding(Lsn position) {
        return WalFileName.holding(1, position, SEGMENT_BYTES).name();
    }

    /** Where the first segment and a record begin. */
    Lsn start() {
        return start;
    }

    /** The end of the last segment. */
    Lsn end() {
        return end;
    }

    long bytes() {
        return end.minus(start);
    }

    /** The server's version: 150019 for 15.19. */
    int versionNum() {
        return cluster.shard(0).instance().installation().versionNum();
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }
}
