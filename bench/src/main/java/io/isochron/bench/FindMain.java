package io.isochron.bench;

import io.isochron.app.SampleLedger;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/find [--shards 8] [--rate 1000] [--hours 24] [--runs 3] [--seed 1] [--keep DIRECTORY]}: makes the ledger of a cluster whose every shard commits at this rate for so long, with one accident on all
 * shards, and times the real commands, each in a JVM of its own, over all of it. With {@code --keep} the ledger stays in a directory, and one that was kept there before is used again.
 */
public final class FindMain {
    private FindMain() {}

    /** Ends with one JSON line on standard output. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "shards", "rate", "hours", "runs", "seed", "keep");
        String keep = arguments.text("keep", "");
        Path directory = keep.isEmpty()
                ? Files.createTempDirectory("isochron-bench-find-")
                : Files.createDirectories(Path.of(keep)).toAbsolutePath();
        try {
            System.out.println(new JsonMapper()
                    .writeValueAsString(measure(
                            directory,
                            (int) arguments.number("shards", 8),
                            (int) arguments.number("rate", 1000),
                            60 * (int) arguments.number("hours", 24),
                            (int) arguments.number("runs", 3),
                            arguments.number("seed", 1))));
        } finally {
            if (keep.isEmpty()) {
                delete(directory);
            }
        }
    }

    /**
     * What was generated.
     *
     * @param start of the history
     * @param objects entries of the ledger
     * @param rawBytes of all entries together
     * @param seconds it took
     */
    private record Generated(Instant start, long objects, long rawBytes, double seconds) {
        /** Where it is noted beside a repository that is whole. */
        private static Path file(Path directory) {
            return directory.resolve("generated.json");
        }

        static Generated read(Path directory) {
            JsonNode node = new JsonMapper().readTree(file(directory).toFile());
            return new Generated(
                    Instant.parse(node.path("start").asString()),
                    node.path("objects").asLong(),
                    node.path("rawBytes").asLong(),
                    node.path("seconds").asDouble());
        }

        void write(Path directory) {
            new JsonMapper()
                    .writeValue(
                            file(directory).toFile(),
                            Map.of(
                                    "start",
                                    start.toString(),
                                    "objects",
                                    objects,
                                    "rawBytes",
                                    rawBytes,
                                    "seconds",
                                    seconds));
        }
    }

    /**
     * @param directory where the ledger is made, or was made by a call before with the same numbers
     * @param minutes of history before the unfinished last minute
     */
    static Map<String, Object> measure(Path directory, int shards, int rate, int minutes, int runs, long seed)
            throws Exception {
        Generated generated = Files.exists(Generated.file(directory))
                ? Generated.read(directory)
                : generate(directory, shards, rate, minutes, seed);
        String since = generated.start().toString();
        // the launcher prepares quick starts once for each build, which is not what is measured
        CommandTimes.of(directory, 1, "info");
        CommandTimes find = CommandTimes.of(directory, runs, "find", "--since", since, "--output", "json");
        CommandTimes table =
                CommandTimes.of(directory, runs, "find", "--since", since, "--table", "table_7", "--output", "json");
        CommandTimes history = CommandTimes.of(directory, runs, "history", "--since", since, "--output", "json");
        CommandTimes info = CommandTimes.of(directory, runs, "info", "--output", "json");
        JsonNode first =
                new JsonMapper().readTree(find.output()).path("incidents").path(0);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", "find");
        line.put("seed", seed);
        line.put("shards", shards);
        line.put("commits_per_second_and_shard", rate);
        line.put("hours", minutes / 60.0);
        line.put("ledger_objects", generated.objects());
        line.put("ledger_raw_bytes", generated.rawBytes());
        line.put("ledger_stored_bytes", stored(directory.resolve("repository").resolve("ledger")));
        line.put("generate_seconds", generated.seconds());
        line.put("found", first.path("rowsDeleted").asInt(-1) == 5_000 * shards);
        line.put("find_seconds", find.medianSeconds());
        line.put("find_cpu_seconds", find.medianCpuSeconds());
        line.put("find_seconds_max", find.maxSeconds());
        line.put("find_rss_mib_max", find.residentMibMax());
        line.put("find_by_table_seconds", table.medianSeconds());
        line.put("history_seconds", history.medianSeconds());
        line.put("history_cpu_seconds", history.medianCpuSeconds());
        line.put("history_rss_mib_max", history.residentMibMax());
        line.put("info_seconds", info.medianSeconds());
        line.put("info_cpu_seconds", info.medianCpuSeconds());
        line.put("info_rss_mib_max", info.residentMibMax());
        return line;
    }

    private static Generated generate(Path directory, int shards, int rate, int minutes, long seed) throws IOException {
        long began = System.nanoTime();
        // the end lies in the middle of an hour, as it mostly does
        Instant start = Instant.now()
                .truncatedTo(ChronoUnit.HOURS)
                .minus(minutes, ChronoUnit.MINUTES)
                .minus(30, ChronoUnit.MINUTES);
        Repository repository = repository(directory, shards);
        long objects = 0;
        long bytes = 0;
        for (int i = 0; i < shards; i++) {
            SampleLedger generator = new SampleLedger(repository, "shard" + (i + 1), i, micros(start), rate, seed);
            generator.make(minutes, minutes / 3);
            objects += generator.objects();
            bytes += generator.bytes();
        }
        Generated made = new Generated(start, objects, bytes, (System.nanoTime() - began) / 1e9);
        made.write(directory);
        return made;
    }

    private static Repository repository(Path directory, int shards) throws IOException {
        List<ShardIdentity> identities = new ArrayList<>();
        StringBuilder yaml =
                new StringBuilder("cluster: bench\nrepository: {path: repository, key-file: key}\nshards:\n");
        for (int i = 1; i <= shards; i++) {
            identities.add(new ShardIdentity("shard" + i, Integer.toString(i), 17, 16 << 20));
            yaml.append("  - {name: shard").append(i).append(", connection: 'host=localhost'}\n");
        }
        Files.writeString(directory.resolve("isochron.yaml"), yaml);
        return Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                RepositoryKey.generate(directory.resolve("key")),
                new ClusterIdentity(UUID.randomUUID(), "bench", identities),
                Instant.now());
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    static long stored(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
