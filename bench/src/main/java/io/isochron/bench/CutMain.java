package io.isochron.bench;

import io.isochron.chronicle.Cut;
import io.isochron.chronicle.Target;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.CutFinder;
import io.isochron.restore.PlanOptions;
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
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/cut [--shards 1000] [--rate 1000] [--minutes 2] [--runs 7] [--seed 1]}: makes the chronicle of a cluster on disk, sealed and compressed as capture writes it, and times how long the cut for
 * random moments takes to find from it, after a quarter of the history and after all of it: in process after {@value #WARM_UP} runs to warm up, and last for one moment in a fresh Java virtual machine.
 */
public final class CutMain {
    private static final int QUARTERS = 4;

    /** So many are not counted: until then the machine compiles what a cut is computed with. The cold one shows what that costs. */
    private static final int WARM_UP = 10;

    /** Far enough from both ends that a horizon and readings of clocks lie around the moment. */
    private static final long MARGIN_MICROS = 4_000_000;

    private CutMain() {}

    /** Ends with one JSON line on standard output. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "shards", "rate", "minutes", "runs", "seed");
        Path directory = Files.createTempDirectory("isochron-bench-cut-");
        try {
            System.out.println(new JsonMapper()
                    .writeValueAsString(measure(
                            directory,
                            (int) arguments.number("shards", 1000),
                            (int) arguments.number("rate", 1000),
                            60 * arguments.number("minutes", 2),
                            (int) arguments.number("runs", 7),
                            arguments.number("seed", 1))));
        } finally {
            delete(directory);
        }
    }

    static Map<String, Object> measure(Path directory, int shards, int rate, long seconds, int runs, long seed)
            throws Exception {
        List<ShardIdentity> identities = new ArrayList<>();
        for (int i = 1; i <= shards; i++) {
            identities.add(new ShardIdentity("shard" + i, Integer.toString(i), 17, 16 << 20));
        }
        Path root = directory.resolve("repository");
        FileSystemStore store = FileSystemStore.create(root);
        RepositoryKey key = RepositoryKey.generate(directory.resolve("key"));
        Repository filling = Repository.init(
                new UnsyncedStore(root, store),
                key,
                new ClusterIdentity(UUID.randomUUID(), "bench", identities),
                Instant.now());
        Repository repository = Repository.open(store, key);
        Instant start = Instant.now()
                .truncatedTo(ChronoUnit.SECONDS)
                .minusSeconds(seconds)
                .minusSeconds(3600);
        long startMicros = ChronoUnit.MICROS.between(Instant.EPOCH, start);
        List<ChronicleGenerator> generators = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            generators.add(new ChronicleGenerator(filling, identities.get(i).name(), i, startMicros, rate, seed));
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<Double> lengths = new ArrayList<>();
        List<Double> medians = new ArrayList<>();
        List<Double> slowest = new ArrayList<>();
        List<Double> medianDecisions = new ArrayList<>();
        for (int quarters : new int[] {1, QUARTERS}) {
            long micros = seconds * 1_000_000 * quarters / QUARTERS;
            extend(generators, micros / ChronicleGenerator.SEGMENT_MICROS);
            double[] times = new double[runs];
            double[] decisions = new double[runs];
            for (int run = -WARM_UP; run < runs; run++) {
                Instant moment = start.plus(random.nextLong(MARGIN_MICROS, micros - MARGIN_MICROS), ChronoUnit.MICROS);
                long began = System.nanoTime();
                Cut cut = new CutFinder(repository)
                        .find(new Target.Time(moment), PlanOptions.defaults())
                        .cut();
                if (run >= 0) {
                    times[run] = (System.nanoTime() - began) / 1e9;
                    decisions[run] = cut.decisions().size();
                }
            }
            lengths.add(micros / 1e6);
            medians.add(median(times));
            slowest.add(Arrays.stream(times).max().orElse(0));
            medianDecisions.add(median(decisions));
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", "cut");
        line.put("seed", seed);
        line.put("shards", shards);
        line.put("commits_per_second_and_shard", rate);
        line.put("runs", runs);
        line.put("history_seconds", lengths);
        line.put("cut_seconds", medians);
        line.put("cut_seconds_max", slowest);
        line.put("in_doubt", medianDecisions);
        line.put(
                "cut_seconds_cold",
                ColdCut.measure(
                        root,
                        directory.resolve("key"),
                        start.plus(
                                random.nextLong(MARGIN_MICROS, seconds * 1_000_000 - MARGIN_MICROS),
                                ChronoUnit.MICROS)));
        return line;
    }

    private static void extend(List<ChronicleGenerator> generators, long segments) throws Exception {
        try (ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<?>> working = new ArrayList<>();
            for (ChronicleGenerator generator : generators) {
                working.add(threads.submit(() -> {
                    generator.extendTo(segments);
                    return true;
                }));
            }
            for (Future<?> one : working) {
                one.get();
            }
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
