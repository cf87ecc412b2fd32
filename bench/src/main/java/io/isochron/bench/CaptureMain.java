package io.isochron.bench;

import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.workload.Bank;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/capture [--seconds 30] [--shards 3] [--postgres 17] [--clients 4] [--seed 1]}: the real capture process at the demo's full
 * speed. Measures from outside how long flushed WAL takes until it is durable in the repository, the process' resident memory, and how soon it says that a
 * shard's safe time is late once that shard went down.
 */
public final class CaptureMain {
    private static final Duration LATE_TOLD_MAX = Duration.ofMinutes(2);

    private CaptureMain() {}

    /** Ends with one JSON line on standard output. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "seconds", "shards", "postgres", "clients", "seed");
        int shards = (int) arguments.number("shards", 3);
        int postgres = (int) arguments.number("postgres", 17);
        long seconds = arguments.number("seconds", 30);
        long seed = arguments.number("seed", 1);
        int clients = (int) arguments.number("clients", 4);
        try (TestCluster cluster = TestCluster.start(shards, postgres)) {
            Path directory = TempDirs.create("isochron-bench-capture-", cluster.runAs());
            try {
                System.out.println(
                        new JsonMapper().writeValueAsString(measure(cluster, directory, seconds, seed, clients)));
            } finally {
                TempDirs.delete(directory);
            }
        }
    }

    private static Map<String, Object> measure(
            TestCluster cluster, Path directory, long seconds, long seed, int clients) throws Exception {
        writeConfiguration(cluster, directory);
        run(directory, "init", "--key-kept");
        Bank bank = Bank.of(cluster.shards().size());
        XaWorkload.createBank(cluster.xaDataSources(), bank);
        Path told = directory.resolve("capture.json");
        Process capture = start(directory, ProcessBuilder.Redirect.to(told.toFile()), "capture", "--output", "json");
        try (XaWorkload traffic = XaWorkload.start(
                cluster.xaDataSources(), bank, WorkloadOptions.of(seed).withClients(clients))) {
            Repository repository = Repository.open(
                    FileSystemStore.open(directory.resolve("repository")),
                    RepositoryKey.load(directory.resolve("key")));
            LagMeter lag = new LagMeter(cluster, repository);
            lag.awaitCaughtUp(capture);
            long committedBefore = traffic.counts().committed();
            lag.measure(seconds, capture);
            long committed = traffic.counts().committed() - committedBefore;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", "capture");
            line.put("seed", seed);
            line.put("shards", cluster.shards().size());
            line.put("postgres", cluster.major());
            line.put("seconds", seconds);
            line.put("transactions_per_second", committed / seconds);
            line.put("wal_mib_per_second", lag.walMibPerSecond());
            line.put("catch_up_seconds", lag.catchUpSeconds());
            line.put("lag_seconds_median", lag.lagSeconds(0.5));
            line.put("lag_seconds_p99", lag.lagSeconds(0.99));
            line.put("lag_seconds_max", lag.lagSeconds(1));
            line.put("lag_samples", lag.samples());
            line.put("rss_mib_max", lag.peakResidentMib(capture));
            traffic.stop();
            line.put("late_told_seconds", lateTold(cluster, told, capture));
            return line;
        } finally {
            capture.destroy();
            if (!capture.waitFor(30, TimeUnit.SECONDS)) {
                capture.destroyForcibly().waitFor();
            }
        }
    }

    /** How long after a shard went down capture said that its safe time is late. */
    private static double lateTold(TestCluster cluster, Path told, Process capture)
            throws IOException, InterruptedException {
        long before = count(told);
        cluster.shard(0).kill();
        long down = System.nanoTime();
        while (count(told) == before) {
            if (!capture.isAlive() || System.nanoTime() - down > LATE_TOLD_MAX.toNanos()) {
                throw new IOException("capture does not say that the safe time of shard "
                        + cluster.shard(0).name() + " is late");
            }
            Thread.sleep(10);
        }
        return Math.round((System.nanoTime() - down) / 1e6) / 1e3;
    }

    private static long count(Path told) throws IOException {
        try (Stream<String> lines = Files.lines(told)) {
            return lines.filter(line -> line.contains("\"late\":true")).count();
        }
    }

    private static void writeConfiguration(TestCluster cluster, Path directory) throws IOException {
        StringBuilder yaml =
                new StringBuilder("cluster: bench\nrepository:\n  path: repository\n  key-file: key\nshards:\n");
        for (TestShard shard : cluster.shards()) {
            yaml.append("  - name: ").append(shard.name());
            yaml.append("\n    connection: ").append(shard.connectionString()).append('\n');
        }
        Files.writeString(directory.resolve("isochron.yaml"), yaml);
    }

    private static void run(Path directory, String... command) throws IOException, InterruptedException {
        int status = start(directory, ProcessBuilder.Redirect.DISCARD, command).waitFor();
        if (status != 0) {
            throw new IOException("isochron " + String.join(" ", command) + " ended with " + status);
        }
    }

    /** The program as a user starts it, by the launcher. */
    private static Process start(Path directory, ProcessBuilder.Redirect output, String... arguments)
            throws IOException {
        Path launcher = Path.of(System.getProperty("isochron.home")).resolve("isochron");
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output)
                .start();
    }
}
