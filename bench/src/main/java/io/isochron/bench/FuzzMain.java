package io.isochron.bench;

import io.isochron.instance.PostgresInstance;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.VariedWorkload;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/** {@code bench/fuzz --seed S --seconds N [--postgres 17]}: damaged logs, real and made up, until the time is over. */
public final class FuzzMain {
    private static final int SYNTHETIC_BYTES = 700_000;
    private static final int REAL_BYTES_MAX = 48 << 20;
    private static final long HANG_SECONDS = 60;

    private FuzzMain() {}

    /** Ends with one JSON line, and exit code 0 only if nothing crashed, hung or took more memory than allowed. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "seed", "seconds", "postgres");
        long seed = arguments.number("seed", System.nanoTime());
        long seconds = arguments.number("seconds", 60);
        int postgres = (int) arguments.number("postgres", 17);
        List<WalFuzzer.Source> sources = synthetic(seed);
        sources.add(real(postgres, seed));
        WalFuzzer fuzzer = new WalFuzzer(sources, seed);
        Thread worker = Thread.ofPlatform().daemon().start(() -> {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < until) {
                fuzzer.next();
            }
        });
        boolean hung = false;
        long seen = -1;
        while (!hung && !worker.join(java.time.Duration.ofSeconds(HANG_SECONDS))) {
            hung = fuzzer.inputs() == seen;
            seen = fuzzer.inputs();
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", "fuzz");
        line.put("seed", seed);
        line.put("seconds", seconds);
        line.put("postgres", postgres);
        line.put("inputs", fuzzer.inputs());
        line.put("bytes", fuzzer.bytes());
        line.put("records", fuzzer.records());
        line.put("damaged", fuzzer.damaged());
        line.put("crashes", fuzzer.crashes());
        line.put("hangs", hung ? 1 : 0);
        line.put("over_limit", fuzzer.overLimit());
        line.put("allocated_bytes_max", fuzzer.allocatedMax());
        line.put("complaints", hung ? List.of("input " + seen + " did not end") : fuzzer.complaints());
        System.out.println(new JsonMapper().writeValueAsString(line));
        System.exit(hung || fuzzer.crashes() + fuzzer.overLimit() > 0 ? 1 : 0);
    }

    /** One made-up log for each format. */
    static List<WalFuzzer.Source> synthetic(long seed) {
        List<WalFuzzer.Source> sources = new ArrayList<>();
        for (int major = 14; major <= 18; major++) {
            WalFormat format = WalFormat.of(major);
            byte[] log = SyntheticLog.write(format, new Random(seed + major), SYNTHETIC_BYTES);
            try {
                sources.add(WalFuzzer.Source.of(format, SyntheticLog.SEGMENT_BYTES, SyntheticLog.START, log));
            } catch (io.isochron.wal.WalDamagedException e) {
                throw new IllegalStateException("the made-up log of seed " + seed + " is not sound", e);
            }
        }
        return sources;
    }

    private static WalFuzzer.Source real(int major, long seed) throws Exception {
        try (TestCluster cluster = TestCluster.start(
                1, major, ClusterOptions.defaults().keepingWal().logical())) {
            TestShard shard = cluster.shard(0);
            VariedWorkload.run(shard, seed, 0.05);
            int segment = RecordedWal.SEGMENT_BYTES;
            Lsn last = Lsn.parse(shard.query("select pg_switch_wal()"));
            Lsn end = WalFileName.holding(1, last, segment).end();
            shard.stop(PostgresInstance.StopMode.FAST);
            Lsn start = new Lsn(Math.max(segment, end.value() - REAL_BYTES_MAX));
            ByteArrayOutputStream log = new ByteArrayOutputStream();
            Path directory = shard.dataDirectory().resolve("pg_wal");
            for (Lsn at = start; at.isBefore(end); at = at.plus(segment)) {
                log.writeBytes(Files.readAllBytes(
                        directory.resolve(WalFileName.holding(1, at, segment).name())));
            }
            return WalFuzzer.Source.of(WalFormat.of(major), segment, start, log.toByteArray());
        }
    }
}
