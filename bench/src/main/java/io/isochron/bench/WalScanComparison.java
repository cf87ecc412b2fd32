package io.isochron.bench;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalReader;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code bench/compare wal-scan}: our scan in a fresh JVM against PostgreSQL's {@code pg_waldump --stats}, over the same segment files, one thread each
 * (a JVM compiles in further threads: their time is in {@code cpu_seconds}), wall time of the whole process. Both must count the same records and
 * bytes, and both check the checksum of every record; ours reads on top of that what the index is made of.
 *
 * <p>{@code ratio} is of a JVM with an AOT cache (JEP 514, 515: loaded classes and method profiles), which is made once, from a scan of the first segments, before
 * anything is measured; {@code ratio_without_aot_cache} of one without; {@code ratio_of_further_pass} of a scan of the same segments again within a process.
 */
final class WalScanComparison {
    private static final Path PEER = Path.of("/usr/lib/postgresql/15/bin/pg_waldump");
    private static final int MAJOR = 15;
    private static final int TRAINING_BYTES_MAX = 192 << 20;
    private static final int PASSES = 3;
    private static final Pattern PEER_TOTAL =
            Pattern.compile("(?m)^Total\\s+(\\d+)\\s+(\\d+) \\[[^]]*]\\s+(\\d+) \\[[^]]*]");
    private static final Pattern OUR_TOTAL = Pattern.compile("(?m)^total (\\d+) (\\d+) (\\d+) (\\d+)$");
    private static final Pattern LAST_PASS = Pattern.compile("(?m)^last (\\S+)$");

    private final RecordedWal wal;
    private final List<TimedRun> ours = new ArrayList<>();
    private final List<TimedRun> plain = new ArrayList<>();
    private final List<TimedRun> again = new ArrayList<>();
    private final List<TimedRun> peers = new ArrayList<>();

    private WalScanComparison(RecordedWal wal) {
        this.wal = wal;
    }

    /** @param runs of each side, in turns, at least 3 */
    static Map<String, Object> run(long mebibytes, int runs, RecordedWal.Load load, Consumer<String> log)
            throws Exception {
        if (!Files.isExecutable(PEER)) {
            throw new IOException("no pg_waldump at '" + PEER + "'\nhint: install Debian's package postgresql-15");
        }
        log.accept("letting pgbench write " + mebibytes + " MiB of WAL on PostgreSQL " + MAJOR);
        Path cache = Files.createTempFile("isochron-bench-", ".aot");
        try (RecordedWal wal = RecordedWal.record(MAJOR, mebibytes, load)) {
            return new WalScanComparison(wal).compare(runs, load, cache, log);
        } finally {
            Files.deleteIfExists(cache);
        }
    }

    private Map<String, Object> compare(int runs, RecordedWal.Load load, Path cache, Consumer<String> log)
            throws Exception {
        Lsn trained = Lsn.min(wal.end(), wal.start().plus(TRAINING_BYTES_MAX));
        TimedRun.of(scan("-XX:AOTCacheOutput=" + cache, trained, 1));
        String cached = "-XX:AOTCache=" + cache;
        Matcher ourTotal = total(OUR_TOTAL, TimedRun.of(scan(cached, wal.end(), 1)));
        Matcher peerTotal = total(PEER_TOTAL, TimedRun.of(peer()));
        for (int i = 1; i <= 3; i++) {
            if (!ourTotal.group(i).equals(peerTotal.group(i))) {
                throw new IOException(
                        "the two do not count alike: ours " + ourTotal.group() + ", the peer's " + peerTotal.group());
            }
        }
        for (int i = 0; i < runs; i++) {
            ours.add(TimedRun.of(scan(cached, wal.end(), 1)));
            peers.add(TimedRun.of(peer()));
            plain.add(TimedRun.of(scan("-Xshare:auto", wal.end(), 1)));
            again.add(lastPass(TimedRun.of(scan("-Xshare:auto", wal.end(), PASSES))));
            log.accept("run %d of %d: ours %.2f s, without an AOT cache %.2f s, pass %d %.2f s, pg_waldump %.2f s"
                    .formatted(
                            i + 1,
                            runs,
                            ours.getLast().seconds(),
                            plain.getLast().seconds(),
                            PASSES,
                            again.getLast().seconds(),
                            peers.getLast().seconds()));
        }
        double peer = TimedRun.median(peers, TimedRun::seconds);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", "wal-scan");
        line.put("ratio", rounded(TimedRun.median(ours, TimedRun::seconds) / peer));
        line.put("seconds", rounded(TimedRun.median(ours, TimedRun::seconds)));
        line.put("peer_seconds", rounded(peer));
        line.put("cpu_seconds", rounded(TimedRun.median(ours, TimedRun::cpuSeconds)));
        line.put("peer_cpu_seconds", rounded(TimedRun.median(peers, TimedRun::cpuSeconds)));
        line.put("ratio_without_aot_cache", rounded(TimedRun.median(plain, TimedRun::seconds) / peer));
        line.put("ratio_of_further_pass", rounded(TimedRun.median(again, TimedRun::seconds) / peer));
        line.put("load", load.title);
        line.put("runs", runs);
        line.put("bytes", wal.bytes());
        line.put("records", Long.parseLong(ourTotal.group(1)));
        line.put("index_entries", Long.parseLong(ourTotal.group(4)));
        line.put("peer", versionOfPeer());
        line.put("java", Runtime.version().toString());
        line.put("wal_written_by", wal.versionNum());
        return line;
    }

    private List<String> scan(String aot, Lsn end, int passes) throws URISyntaxException {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx256m",
                "-Xlog:disable",
                aot,
                "-cp",
                home(WalScanMain.class) + File.pathSeparator + home(WalReader.class),
                WalScanMain.class.getName(),
                wal.directory().toString(),
                Integer.toString(MAJOR),
                wal.start().toString(),
                end.toString(),
                Integer.toString(passes));
    }

    /** The jar of a class; an AOT cache wants jars. */
    private static String home(Class<?> member) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(member.getProtectionDomain().getCodeSource())
                        .getLocation()
                        .toURI())
                .toString();
    }

    private List<String> peer() {
        return List.of(
                PEER.toString(),
                "--stats",
                "-p",
                wal.directory().toString(),
                "-s",
                wal.start().toString(),
                "-e",
                wal.end().toString(),
                // it reads the size of segments from the first file named; from any of the directory otherwise, and one
                // that
                // the server has only prepared for later is all zeros
                wal.fileHolding(wal.start()),
                wal.fileHolding(wal.end().plus(-1)));
    }

    private static TimedRun lastPass(TimedRun run) throws IOException {
        return new TimedRun(Double.parseDouble(total(LAST_PASS, run).group(1)), run.cpuSeconds(), run.output());
    }

    private static Matcher total(Pattern pattern, TimedRun run) throws IOException {
        Matcher matcher = pattern.matcher(run.output());
        if (!matcher.find()) {
            throw new IOException("no total in: " + run.output());
        }
        return matcher;
    }

    private static String versionOfPeer() throws IOException, InterruptedException {
        return TimedRun.of(List.of(PEER.toString(), "--version"))
                .output()
                .lines()
                .findFirst()
                .orElseThrow();
    }

    static long median(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        return Objects.requireNonNull(sorted.get(sorted.size() / 2));
    }

    static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
