package io.isochron.bench;

import io.isochron.instance.TempDirs;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/repository [--mebibytes 1024] [--wal-mebibytes 256] [--page-mebibytes 4096] [--files 5000000] [--objects 10000000] [--runs 3] [--seed 1]}: what a repository costs.
 *
 * <ul>
 *   <li>Traffic: a shard with that many mebibytes in a table like pgbench's is captured, backed up and restored; what the store was asked for is counted.
 *   <li>Storing: its data directory, grown to so many mebibytes of pages and its server stopped, is sealed and stored by our snapshot writer in a fresh JVM, and by pgBackRest, in turns; medians. A table of some gibibytes is what a backup is
 *       made for; of a small one much of the time goes into starting the JVM. Both read the same files, without WAL, compress with zstd
 *       level 3, encrypt, and have one process at work.
 *   <li>Scale: a snapshot of that many files is written, listed and planned, and that many objects are listed, by a JVM with a heap of 256 MiB.
 * </ul>
 */
public final class RepositoryMain {
    private static final int POSTGRES = 15;
    private static final Pattern FIGURE = Pattern.compile("(?m)^([a-z_]+) (\\S+)$");

    private RepositoryMain() {}

    /** Ends with one JSON line on standard output. */
    public static void main(String[] args) throws Exception {
        Arguments arguments =
                new Arguments(args, "mebibytes", "wal-mebibytes", "page-mebibytes", "files", "objects", "runs", "seed");
        System.out.println(new JsonMapper()
                .writeValueAsString(measure(
                        arguments.number("mebibytes", 1024),
                        arguments.number("wal-mebibytes", 256),
                        arguments.number("page-mebibytes", 4096),
                        arguments.number("files", 5_000_000),
                        arguments.number("objects", 10_000_000),
                        (int) arguments.number("runs", 3),
                        arguments.number("seed", 1))));
    }

    static Map<String, Object> measure(
            long mebibytes, long walMebibytes, long pageMebibytes, long files, long objects, int runs, long seed)
            throws Exception {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", "repository");
        line.put("seed", seed);
        line.put("postgres", POSTGRES);
        line.put("mebibytes", mebibytes);
        line.put("wal_mebibytes", walMebibytes);
        line.put("page_mebibytes", pageMebibytes);
        line.put("files", files);
        line.put("objects", objects);
        line.put("runs", runs);
        try (TestCluster cluster = TestCluster.start(1, POSTGRES)) {
            Path directory = TempDirs.create("isochron-bench-repository-", cluster.runAs());
            try {
                TestShard shard = cluster.shard(0);
                line.putAll(RepositoryTraffic.measure(
                        cluster, directory.resolve("traffic"), mebibytes, walMebibytes, seed));
                RepositoryTraffic.grow(shard, pageMebibytes);
                shard.stop(io.isochron.instance.PostgresInstance.StopMode.FAST);
                line.putAll(storing(shard.dataDirectory(), directory, runs));
                line.putAll(scale(directory.resolve("scale"), files, objects, seed));
            } finally {
                TempDirs.delete(directory);
            }
        }
        return line;
    }

    private static Map<String, Object> storing(Path data, Path directory, int runs) throws Exception {
        PeerBackup peer = new PeerBackup(data, directory.resolve("peer"));
        List<TimedRun> ours = new ArrayList<>();
        List<TimedRun> theirs = new ArrayList<>();
        List<Double> warm = new ArrayList<>();
        long bytes = 0;
        long stored = 0;
        for (int run = 0; run < runs; run++) {
            Path place = directory.resolve("ours");
            TimedRun one = TimedRun.of(java("-Xmx256m", StoringRun.class, place.toString(), data.toString(), "1"));
            ours.add(one);
            Map<String, Double> figures = figures(one.output());
            bytes = figures.getOrDefault("bytes", 0.0).longValue();
            stored = figures.getOrDefault("stored_bytes", 0.0).longValue();
            TempDirs.delete(place);
            if (peer.unavailable() == null) {
                theirs.add(peer.run());
            }
            TimedRun again = TimedRun.of(java("-Xmx256m", StoringRun.class, place.toString(), data.toString(), "2"));
            warm.add(figures(again.output()).getOrDefault("last_mb_per_cpu_second", 0.0));
            TempDirs.delete(place);
        }
        double megabytes = bytes / 1e6;
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("data_bytes", bytes);
        line.put("stored_bytes", stored);
        line.put("store_mb_per_second", rate(megabytes / TimedRun.median(ours, TimedRun::seconds)));
        line.put("store_mb_per_cpu_second", rate(megabytes / TimedRun.median(ours, TimedRun::cpuSeconds)));
        line.put(
                "store_mb_per_cpu_second_warm",
                rate(warm.stream().sorted().toList().get(warm.size() / 2)));
        boolean has = !theirs.isEmpty();
        line.put("peer_mb_per_second", has ? rate(megabytes / TimedRun.median(theirs, TimedRun::seconds)) : null);
        line.put(
                "peer_mb_per_cpu_second", has ? rate(megabytes / TimedRun.median(theirs, TimedRun::cpuSeconds)) : null);
        line.put("peer_stored_bytes", has ? peer.storedBytes() : null);
        line.put("peer", has ? peer.version() : null);
        line.put("peer_reason", peer.unavailable());
        return line;
    }

    private static Map<String, Object> scale(Path directory, long files, long objects, long seed) throws Exception {
        TimedRun run = TimedRun.of(java(
                "-Xmx256m",
                RepositoryScale.class,
                directory.toString(),
                Long.toString(files),
                Long.toString(objects),
                Long.toString(seed)));
        Map<String, Object> line = new LinkedHashMap<>();
        figures(run.output()).forEach(line::put);
        return line;
    }

    static Map<String, Double> figures(String output) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (Matcher matcher = FIGURE.matcher(output); matcher.find(); ) {
            if (!matcher.group(1).equals("timed")) {
                figures.put(matcher.group(1), Double.parseDouble(matcher.group(2)));
            }
        }
        return figures;
    }

    static double rate(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private static List<String> java(String heap, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home")).resolve("bin/java").toString(),
                heap,
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Bytes of all files below a folder. */
    static long bytesBelow(Path folder) throws IOException {
        try (var walk = Files.walk(folder)) {
            long sum = 0;
            for (var i = walk.filter(Files::isRegularFile).iterator(); i.hasNext(); ) {
                sum += Files.size(i.next());
            }
            return sum;
        }
    }
}
