package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Target;
import io.isochron.instance.RunAs;
import io.isochron.store.WalArchiveReader;
import io.isochron.testkit.Seeds;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.VariedWorkload;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import io.isochron.wire.WalFeedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What our feed makes of a base backup equals, byte for byte and before anyone connects, what PostgreSQL's own recovery makes of it at the same
 * position: every file of every relation and fork, every SLRU, every relation map and prepared transaction.
 */
class SamePagesAsPostgresRecoveryTest {

    /**
     * What is not compared. {@code pg_control} holds times of its own; {@code pg_wal} names the new timeline's beginning and its reason;
     * {@code postmaster.*} and {@code *.signal}, {@code backup_label.old}, {@code backup_manifest} and configuration files are not the databases';
     * {@code pg_stat} are counters that redo does not restore.
     */
    private static final Pattern NOT_COMPARED = Pattern.compile(
            "global/pg_control|pg_wal/.*|postmaster\\.(pid|opts)|.*\\.signal|backup_label\\.old|backup_manifest|.*\\.conf|pg_stat/.*|pg_stat_tmp/.*");

    /** 17 and 18, or the one that {@code -Disochron.postgres=} names. */
    static IntStream majors() {
        Integer one = Integer.getInteger("isochron.postgres");
        return one == null ? IntStream.of(17, 18) : IntStream.of(one);
    }

    @ParameterizedTest
    @MethodSource("majors")
    void everyRelationAndSlruFileIsTheSame(int major) throws Exception {
        long seed = Seeds.seed();
        try (RestoreFixture fixture = RestoreFixture.start(1, major)) {
            TestShard shard = fixture.cluster.shard(0);
            VariedWorkload.run(shard, seed, 0.1);
            fixture.backup();
            changeEverything(shard, new Random(seed));
            Instant moment = Instant.now();
            changeEverything(shard, new Random(seed + 1));
            fixture.awaitSafe(moment.plusSeconds(1));
            ShardPlan plan = fixture.plan(new Target.Time(moment)).shards().getFirst();
            assertThat(plan.walBytes()).isGreaterThan(1 << 20);

            Path ours = replayByFeed(fixture, plan);
            Path theirs = replayByPostgres(fixture, plan);

            Map<String, Path> left = files(ours);
            Map<String, Path> right = files(theirs);
            assertThat(left.keySet()).isEqualTo(right.keySet()).hasSizeGreaterThan(2000);
            assertThat(left.keySet()).anyMatch(name -> name.startsWith("pg_tblspc/") && name.split("/").length > 3);
            assertThat(left.keySet()).anyMatch(name -> name.startsWith("pg_twophase/"));
            List<String> different = new ArrayList<>();
            for (Map.Entry<String, Path> file : left.entrySet()) {
                long at = Files.mismatch(file.getValue(), right.get(file.getKey()));
                if (at >= 0) {
                    different.add(file.getKey() + " at byte " + at);
                }
            }
            assertThat(different)
                    .as("seed %d, PostgreSQL %d, replayed to %s", seed, major, plan.boundary())
                    .isEmpty();
        }
    }

    /** Touches every table with every kind of index again, so that all of them have WAL behind the snapshot. */
    private static void changeEverything(TestShard shard, Random random) throws SQLException {
        try (Connection connection = shard.superuser(VariedWorkload.DATABASE);
                Statement statement = connection.createStatement()) {
            statement.execute("set lock_timeout = '300ms'");
            List<String[]> tables = new ArrayList<>();
            try (var rows = statement.executeQuery(
                    "select format('%I.%I', n.nspname, c.relname), (select quote_ident(a.attname)"
                            + " from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
                            + " and a.attidentity = '' order by a.attnum limit 1) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                            + " where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by c.oid")) {
                while (rows.next()) {
                    tables.add(new String[] {rows.getString(1), rows.getString(2)});
                }
            }
            int changed = 0;
            for (String[] table : tables) {
                changed += attempt(
                        statement,
                        "update " + table[0] + " set " + table[1] + " = " + table[1]
                                + " where ctid in (select ctid from " + table[0] + " limit "
                                + (50 + random.nextInt(400)) + ")");
                attempt(
                        statement,
                        "delete from " + table[0] + " where ctid in (select ctid from " + table[0] + " offset "
                                + random.nextInt(50) + " limit " + random.nextInt(60) + ")");
                if (random.nextInt(3) == 0) {
                    attempt(statement, "vacuum " + table[0]);
                }
            }
            assertThat(changed).as("tables that were changed").isGreaterThan(5);
            String name = "again" + random.nextInt(1_000_000);
            for (String sql : List.of(
                    "create unlogged table " + name + "_u (id int primary key, t text)",
                    "insert into " + name + "_u select n, repeat('u', 50) from generate_series(1, 2000) n",
                    "create table " + name + " (id serial primary key, p point, a int[], t text) tablespace space_one",
                    "insert into " + name + " (p, a, t) select point(n, n), array[n, n % 7], repeat(md5(n::text), 40)"
                            + " from generate_series(1, 1500) n",
                    "create index on " + name + " using gist (p)",
                    "create index on " + name + " using gin (a)",
                    "create index on " + name + " using spgist (p)",
                    "create index on " + name + " using brin (id)",
                    "create index on " + name + " using hash (id)",
                    "insert into " + name
                            + " (p, a, t) select point(-n, n), array[n % 5], 'x' from generate_series(1, 700) n",
                    "delete from " + name + " where id % 3 = 0",
                    "vacuum " + name,
                    "truncate " + name + "_u",
                    "insert into " + name + "_u values (1, 'after')",
                    "select lo_from_bytea(0, convert_to(repeat('large', 20000), 'UTF8'))",
                    "begin; savepoint a; insert into " + name
                            + " (t) values ('kept'); rollback to a; savepoint b; insert into " + name
                            + " (t) values ('sub'); commit",
                    "begin; insert into " + name + " (t) values ('prepared'); prepare transaction '" + name + "'",
                    "checkpoint")) {
                statement.execute(sql);
            }
        }
    }

    private static int attempt(Statement statement, String sql) {
        try {
            statement.execute(sql);
            return 1;
        } catch (SQLException e) {
            // locked by an open prepared transaction, or a table that does not take this change
            return 0;
        }
    }

    private static Path replayByFeed(RestoreFixture fixture, ShardPlan plan) throws Exception {
        ShardPaths paths = fetched(fixture, plan, "byfeed");
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0);
        try (ArchiveFeedSource source = new ArchiveFeedSource(fixture.repository, plan);
                WalFeedServer feed = new WalFeedServer(loopback, source, "secret")) {
            ShardServer server = new ShardServer(plan, paths, fixture.options(), paths.root(), null);
            server.configure(Optional.of((InetSocketAddress) feed.address()), "secret", false, false, true);
            server.markStandby();
            source.advance(plan.boundary());
            try (Server process = new Server(fixture, paths)) {
                while (feed.progress().applied().isBefore(plan.boundary())) {
                    process.requireAlive();
                    Thread.sleep(20);
                }
                assertThat(feed.progress().applied()).isEqualTo(plan.boundary());
                Files.createFile(paths.data().resolve("promote"));
                RunAs.current().own(paths.data().resolve("promote"));
                process.signal("USR1");
                process.finish();
            }
        }
        return paths.data();
    }

    private static Path replayByPostgres(RestoreFixture fixture, ShardPlan plan) throws Exception {
        ShardPaths paths = fetched(fixture, plan, "bypostgres");
        Path archive = Files.createDirectory(paths.root().resolve("archive"));
        writeSegments(fixture, plan, archive);
        ShardServer server = new ShardServer(plan, paths, fixture.options(), paths.root(), null);
        server.configure(Optional.empty(), "", false, false, true);
        Files.writeString(
                paths.config(),
                Files.readString(paths.config()) + "restore_command = 'cp " + archive
                        + "/%f %p'\nrecovery_target_lsn = '" + plan.boundary()
                        + "'\nrecovery_target_inclusive = off\nrecovery_target_action = 'promote'\n");
        Files.createFile(paths.data().resolve("recovery.signal"));
        RunAs.current().own(paths.root());
        try (Server process = new Server(fixture, paths)) {
            process.finish();
        }
        return paths.data();
    }

    private static ShardPaths fetched(RestoreFixture fixture, ShardPlan plan, String name) throws Exception {
        Path target = Files.createDirectory(fixture.cluster.directory().resolve(name));
        ShardPaths paths = new ShardPaths(target, plan.shard());
        try (Workers workers = new Workers(2)) {
            new ShardFetch(fixture.repository.snapshots().open(plan.snapshotId()), paths, workers, bytes -> {}).fetch();
        }
        RunAs.current().own(paths.root());
        return paths;
    }

    private static void writeSegments(RestoreFixture fixture, ShardPlan plan, Path archive) throws IOException {
        int size = plan.walSegmentBytes();
        long start = plan.walStart().value() & -(long) size;
        try (WalArchiveReader reader = fixture.repository.wal().openReader(plan.shard(), plan.timeline(), start)) {
            for (long segment = start; segment <= plan.boundary().value() + size; segment += size) {
                ByteBuffer bytes = ByteBuffer.allocate(size);
                int count = 1;
                while (bytes.hasRemaining() && count > 0) {
                    count = reader.read(bytes);
                }
                // an archive that ends within a segment: the rest of the file is zeros
                Files.write(
                        archive.resolve(WalFileName.holding(plan.timeline(), new Lsn(segment), size)
                                .name()),
                        bytes.array());
            }
        }
    }

    private static Map<String, Path> files(Path data) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(data, java.nio.file.FileVisitOption.FOLLOW_LINKS)) {
            all.filter(Files::isRegularFile).forEach(file -> {
                String name = data.relativize(file).toString();
                if (!NOT_COMPARED.matcher(name).matches()) {
                    files.put(name, file);
                }
            });
        }
        return files;
    }

    /** A server to which nobody ever connects. */
    private static final class Server implements AutoCloseable {
        private final Process process;
        private final Path log;

        Server(RestoreFixture fixture, ShardPaths paths) throws IOException {
            log = paths.log();
            process = new ProcessBuilder(RunAs.current()
                            .command(List.of(
                                    fixture.options()
                                            .postgresBin()
                                            .orElseThrow()
                                            .resolve("postgres")
                                            .toString(),
                                    "-D",
                                    paths.data().toString(),
                                    "-c",
                                    "config_file=" + paths.config())))
                    .directory(new java.io.File("/"))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        }

        void requireAlive() throws IOException {
            assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
        }

        void signal(String name) throws Exception {
            assertThat(new ProcessBuilder("/bin/kill", "-" + name, Long.toString(process.pid()))
                            .start()
                            .waitFor())
                    .isZero();
        }

        /** Waits for the end of recovery, then stops the server cleanly. */
        void finish() throws Exception {
            while (!Files.readString(log).contains("database system is ready to accept connections")) {
                requireAlive();
                Thread.sleep(30);
            }
            assertThat(Files.readString(log)).contains("archive recovery complete");
            signal("INT");
            assertThat(process.waitFor(180, java.util.concurrent.TimeUnit.SECONDS))
                    .isTrue();
            assertThat(process.exitValue()).as(Files.readString(log)).isZero();
        }

        @Override
        public void close() {
            if (process.isAlive()) {
                process.destroy();
            }
        }
    }
}
