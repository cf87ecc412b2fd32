package io.isochron.chronicle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * {@code bench/simulate --seed S --histories N [--threads T]}: random clusters against an oracle that knows real time, then every planted fault
 * until it is found. Ends with one JSON line on standard output, and exit code 0 only if no promise was broken and every fault was found.
 */
public final class SimulateMain {
    static final int TARGETS = 4;
    private static final int FAULT_HISTORIES_MAX = 20_000;

    private SimulateMain() {}

    /** What was found; {@code torn} counts histories in which a promise was broken in any way. */
    record Result(long histories, long events, long cuts, long torn, int planted, int plantedFound) {}

    /** Runs it all. */
    public static void main(String[] args) throws Exception {
        Map<String, Long> given = new HashMap<>();
        for (int i = 0; i < args.length; i += 2) {
            if (!List.of("--seed", "--histories", "--threads").contains(args[i]) || i + 1 == args.length) {
                System.err.println("argument '" + args[i]
                        + "' is not understood\nhint: known are --seed N, --histories N, --threads N");
                System.exit(2);
            }
            given.put(args[i], Long.parseLong(args[i + 1]));
        }
        long seed = given.getOrDefault("--seed", System.nanoTime() & 0xFFFFFFFL);
        long begun = System.nanoTime();
        Result result = run(
                seed,
                given.getOrDefault("--histories", 10_000L),
                given.getOrDefault("--threads", (long) Runtime.getRuntime().availableProcessors())
                        .intValue());
        System.out.println(
                "{\"histories\":" + result.histories + ",\"events\":" + result.events + ",\"cuts\":" + result.cuts
                        + ",\"torn\":" + result.torn + ",\"planted\":" + result.planted + ",\"planted_found\":"
                        + result.plantedFound + ",\"seed\":" + seed + ",\"seconds\":"
                        + (System.nanoTime() - begun) / 1_000_000_000 + "}");
        System.exit(result.torn == 0 && result.planted == result.plantedFound ? 0 : 1);
    }

    static Result run(long seed, long histories, int threads) throws Exception {
        AtomicLong next = new AtomicLong();
        AtomicLong torn = new AtomicLong();
        AtomicLong events = new AtomicLong();
        AtomicLong cuts = new AtomicLong();
        int found = 0;
        Map<String, Supplier<CutRules>> faults = PlantedFaults.all();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<Void>> workers = IntStream.range(0, threads)
                    .<Callable<Void>>mapToObj(worker -> () -> {
                        Simulation simulation = new Simulation(SimulatedCluster.DIALECT, new CutRules());
                        for (long i = next.getAndIncrement(); i < histories; i = next.getAndIncrement()) {
                            Optional<String> failure = simulation.failure(seed + i, TARGETS);
                            if (failure.isPresent()) {
                                torn.incrementAndGet();
                                System.err.println(failure.get());
                            }
                        }
                        events.addAndGet(simulation.events());
                        cuts.addAndGet(simulation.cuts());
                        return null;
                    })
                    .toList();
            for (Future<Void> worker : pool.invokeAll(workers)) {
                worker.get();
            }
            List<Callable<Boolean>> hunts = faults.entrySet().stream()
                    .<Callable<Boolean>>map(fault -> () -> finds(fault.getKey(), fault.getValue(), seed))
                    .toList();
            for (Future<Boolean> hunt : pool.invokeAll(hunts)) {
                found += hunt.get() ? 1 : 0;
            }
        }
        return new Result(histories, events.get(), cuts.get(), torn.get(), faults.size(), found);
    }

    /** Whether a planted fault is found within {@value #FAULT_HISTORIES_MAX} histories. */
    static boolean finds(String name, Supplier<CutRules> fault, long seed) {
        Dialect dialect = name.startsWith("dialect") ? PlantedFaults.EACH_GID_ALONE : SimulatedCluster.DIALECT;
        Simulation simulation = new Simulation(dialect, fault.get());
        for (int i = 0; i < FAULT_HISTORIES_MAX; i++) {
            if (simulation.failure(seed + i, TARGETS).isPresent()) {
                System.err.println("found after " + (i + 1) + " histories: " + name);
                return true;
            }
        }
        System.err.println("not found in " + FAULT_HISTORIES_MAX + " histories from seed " + seed + ": " + name);
        return false;
    }
}
