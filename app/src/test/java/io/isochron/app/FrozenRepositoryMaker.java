package io.isochron.app;

import static org.awaitility.Awaitility.await;

import io.isochron.instance.PostgresInstance.StopMode;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.workload.Bank;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Makes a frozen repository: a small one, by the real commands on real PostgreSQL, with every kind of object that this program writes, and what its sources held at a moment. Run by hand, once for each
 * format version and again when a kind of object is added; what was frozen before stays in the tests. Run with a folder that is not there yet, and optionally a moment to capture up to: one just behind
 * midnight gives an hour and a day in the ledger, for which libfaketime can set the clock, here 30,600 s back.
 *
 * <pre>mvn -q test-compile -Dfast &amp;&amp; LD_PRELOAD=.../libfaketimeMT.so.1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME=-30600 java -Duser.name=tester -cp ... io.isochron.app.FrozenRepositoryMaker app/src/test/resources/frozen/... 2026-11-26T00:00:20Z</pre>
 */
final class FrozenRepositoryMaker {
    private static final int MAJOR = 17;

    private final TestCluster cluster;
    private final Path home;
    private final TestHost host;
    private final Bank bank = new Bank(2, 50, 100_000);
    private TestHost capturing;
    private Cancellation cancellation = new Cancellation();
    private Thread capture = new Thread();
    private final AtomicInteger captureCode = new AtomicInteger();
    private long seed = 1;

    private FrozenRepositoryMaker(TestCluster cluster) {
        this.cluster = cluster;
        this.home = cluster.directory();
        this.host = host();
        this.capturing = host();
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        Instant until = arguments.length > 1 ? Instant.parse(arguments[1]) : Instant.EPOCH;
        try (TestCluster cluster = TestCluster.start(2, MAJOR)) {
            FrozenRepositoryMaker maker = new FrozenRepositoryMaker(cluster);
            try {
                maker.make(Files.createDirectories(folder), until);
            } finally {
                maker.cancellation.request();
                maker.capture.join();
                maker.host.run("restored", "rewound", "--stop");
            }
        }
    }

    private TestHost host() {
        return new TestHost(home, Map.of("HOSTNAME", "frozen"));
    }

    private void make(Path folder, Instant until) throws Exception {
        for (TestShard shard : cluster.shards()) {
            // a third of the size; nothing here needs them
            shard.execute(
                    "update pg_database set datistemplate = false, datallowconn = false where datname like 'template%'");
            shard.execute("drop database template0");
            shard.execute("drop database template1");
        }
        XaWorkload.createBank(cluster.xaDataSources(), bank);
        configure(cluster.shards().subList(0, 1));
        ok("init", "--key-kept");
        startCapture();
        ok("backup", "--label", "the first shard");
        load(Duration.ofSeconds(1), 40);
        configure(cluster.shards());
        ok("shard", "add", "shard2", "--apply");
        load(Duration.ofSeconds(2), 40);
        stopCapture();
        ok("key", "rotate", "--apply");
        startCapture();
        load(Duration.ofSeconds(1), 40);

        Quiet quiet = quiet();
        awaitPlan(quiet.moment());

        promote(cluster.shard(0));
        schemaChanges();
        // enough events within ten seconds for a part of a minute
        load(Duration.ofSeconds(6), 150);
        Instant underLoad = Instant.now();
        load(Duration.ofSeconds(2), 40);
        while (Instant.now().isBefore(until)) {
            Thread.sleep(500);
        }
        // a minute of the ledger is over when a segment of the next one is there
        Instant minute = Instant.ofEpochSecond((Instant.now().getEpochSecond() / 60 + 1) * 60 + 3);
        Thread.sleep(Duration.between(Instant.now(), minute));
        load(Duration.ofSeconds(1), 40);
        awaitPlan(underLoad);
        stopCapture();
        Map<String, Object> compacted = compact();
        ok("expire", "--apply");
        say(host.out());
        // what lies before the first snapshot is not kept, compacted or not
        compacted.put("pieces", stillThere((List<?>) compacted.get("pieces")));
        ok("scrub", "--budget", "1MiB");
        ok("scrub");

        List<Object> moments = new ArrayList<>();
        moments.add(moment(folder, "quiet", quiet.moment(), quiet.tables()));
        moments.add(moment(folder, "load", underLoad, Map.of()));
        ok("restore", "--target", quiet.moment().toString(), "--to", "rewound", "--stop");
        ok("verify");
        say(host.out());
        Map<?, ?> audit = json("audit");
        say("audit head " + audit.get("head"));
        Files.copy(home.resolve("key"), folder.resolve("TEST-KEY"));
        Frozen.pack(home.resolve("repository"), folder.resolve("repository.zip"));
        Files.writeString(
                folder.resolve("expected.json"),
                Json.write(Json.object(
                                "made", Instant.now(),
                                "postgres", cluster.shard(0).query("show server_version"),
                                "objects", Frozen.objects(home.resolve("repository")),
                                "compacted", compacted,
                                "auditEntries", audit.get("count"),
                                "auditHead", audit.get("head"),
                                "moments", moments))
                        + "\n");
        say("repository.zip: " + Files.size(folder.resolve("repository.zip")) + " bytes");
    }

    /** What capture wrote in its last minute is left alone. */
    private Map<String, Object> compact() throws Exception {
        List<String> before = Frozen.names(home.resolve("repository"));
        Map<?, ?> done = json("compact", "--apply", "--size", "1", "--settle", "1m");
        List<String> pieces = new ArrayList<>(Frozen.names(home.resolve("repository")));
        pieces.removeAll(before);
        pieces.removeIf(name -> !name.startsWith("wal/"));
        if (pieces.isEmpty()) {
            throw new IllegalStateException("nothing was compacted: " + host.all());
        }
        Map<String, Object> compacted = new LinkedHashMap<>();
        compacted.put("removed", done.get("removed"));
        compacted.put("written", done.get("written"));
        compacted.put("pieces", pieces);
        return compacted;
    }

    private List<?> stillThere(List<?> names) throws Exception {
        return names.stream()
                .filter(Frozen.names(home.resolve("repository"))::contains)
                .toList();
    }

    /** A moment at which nothing ran but what was in doubt, and what the tables hold there. */
    private record Quiet(Instant moment, Map<String, Object> tables) {}

    /**
     * At the moment one transaction is prepared on both shards and decided on none, and another is committed on one and still prepared on the other: a cut must roll back the first and commit the second.
     */
    private Quiet quiet() throws Exception {
        for (int i = 0; i < 2; i++) {
            prepare(cluster.shard(i), "undecided", i == 0 ? "YQ==" : "Yg==", 1_000_001);
            prepare(cluster.shard(i), "decided", i == 0 ? "YQ==" : "Yg==", 1_000_002);
        }
        cluster.shard(0).execute("commit prepared " + gid("decided", "YQ=="));
        Thread.sleep(1500);
        Instant moment = Instant.now();
        Thread.sleep(1500);
        cluster.shard(1).execute("commit prepared " + gid("decided", "Yg=="));
        Map<String, Object> tables = new LinkedHashMap<>();
        for (TestShard shard : cluster.shards()) {
            try (Connection connection = shard.superuser("postgres")) {
                tables.put(shard.name(), Frozen.tables(connection));
            }
        }
        cluster.shard(0).execute("commit prepared " + gid("undecided", "YQ=="));
        cluster.shard(1).execute("commit prepared " + gid("undecided", "Yg=="));
        return new Quiet(moment, tables);
    }

    private static String gid(String name, String branch) {
        return "'7_" + java.util.Base64.getEncoder().encodeToString(name.getBytes(StandardCharsets.UTF_8)) + "_"
                + branch + "'";
    }

    private static void prepare(TestShard shard, String name, String branch, long id) throws Exception {
        try (Connection connection = shard.superuser("postgres");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("insert into orders (id, account_id, amount, status, note) values (" + id + ", 1, 100, '"
                    + name + "', 'in doubt')");
            statement.execute("prepare transaction " + gid(name, branch));
        }
    }

    /** It goes on in a timeline of its own, as after a failover. */
    private static void promote(TestShard shard) throws Exception {
        shard.stop(StopMode.FAST);
        Files.createFile(shard.dataDirectory().resolve("standby.signal"));
        shard.start();
        shard.execute("select pg_promote()");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> shard.query("select pg_is_in_recovery()").equals("f"));
    }

    private void schemaChanges() throws Exception {
        for (TestShard shard : cluster.shards()) {
            shard.execute("create table notes (id int primary key, note text)");
            shard.execute("insert into notes select n, 'note ' || n from generate_series(1, 20) n");
            shard.execute("alter table notes add column author text");
            shard.execute("truncate notes");
            shard.execute("drop table notes");
        }
    }

    private void load(Duration duration, int ratePerSecond) throws Exception {
        try (XaWorkload workload = XaWorkload.start(
                cluster.xaDataSources(),
                bank,
                WorkloadOptions.of(seed++).withClients(3).withRate(ratePerSecond))) {
            Thread.sleep(duration);
            workload.stop();
        }
    }

    private Map<String, ?> moment(Path folder, String name, Instant moment, Map<String, Object> tables)
            throws Exception {
        ok("cut", "--at", moment.toString(), "--certificate", name + ".cut");
        Files.copy(home.resolve(name + ".cut"), folder.resolve(name + ".cut"));
        return Json.object("name", name, "moment", moment, "tables", tables);
    }

    private void startCapture() {
        cancellation = new Cancellation();
        Cancellation own = cancellation;
        capture = Thread.ofPlatform().start(() -> captureCode.set(capturing.run(own, "capture")));
    }

    private void stopCapture() throws InterruptedException {
        cancellation.request();
        capture.join();
        if (captureCode.get() != 0) {
            throw new IllegalStateException(capturing.all());
        }
    }

    private void configure(List<TestShard> shards) throws Exception {
        StringBuilder yaml =
                new StringBuilder("cluster: frozen\nrepository: {path: repository, key-file: key}\nshards:\n");
        for (TestShard shard : shards) {
            yaml.append("  - {name: ")
                    .append(shard.name())
                    .append(", connection: '")
                    .append(shard.connectionString())
                    .append("'}\n");
        }
        Path next = home.resolve("isochron.yaml.next");
        Files.writeString(next, yaml);
        Files.move(
                next,
                home.resolve("isochron.yaml"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private void awaitPlan(Instant moment) {
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> host.run("cut", "--at", moment.toString()) == ExitCode.OK.number());
    }

    private void ok(String... arguments) {
        say(String.join(" ", arguments));
        if (host.run(arguments) != ExitCode.OK.number()) {
            throw new IllegalStateException(String.join(" ", arguments) + "\n" + host.all() + capturing.all());
        }
    }

    private Map<?, ?> json(String... arguments) {
        ok(Stream.concat(Stream.of(arguments), Stream.of("--output", "json")).toArray(String[]::new));
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }

    private static void say(String text) {
        System.out.println(text);
    }
}
