package io.isochron.bench;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
 * {@code bench/compare wal-scan}: our scan in a fresh JVM against PostgreSQL's {@code pg_waldump --stats}, over the same segment files, one
 * thread each, wall time of the whole process. Both must count the same records and bytes.
 */
final class WalScanComparison {
    private static final Path PEER = Path.of("/usr/lib/postgresql/15/bin/pg_waldump");
    private static final int MAJOR = 15;
    private static final Pattern PEER_TOTAL =
            Pattern.compile("(?m)^Total\\s+(\\d+)\\s+(\\d+) \\[[^]]*]\\s+(\\d+) \\[[^]]*]");
    private static final Pattern OUR_TOTAL = Pattern.compile("(?m)^total (\\d+) (\\d+) (\\d+) (\\d+)$");

    private WalScanComparison() {}

    /** @param runs of each side, in turns, at least 3 */
    static Map<String, Object> run(long mebibytes, int runs, RecordedWal.Load load, Consumer<String> log)
            throws Exception {
        if (!java.nio.file.Files.isExecutable(PEER)) {
            throw new IOException("no pg_waldump at '" + PEER + "'\nhint: install Debian's package postgresql-15");
        }
        log.accept("letting pgbench write " + mebibytes + " MiB of WAL on PostgreSQL " + MAJOR);
        try (RecordedWal wal = RecordedWal.record(MAJOR, mebibytes, load)) {
            List<String> ours = ours(wal);
            List<String> peers = peers(wal);
            Matcher ourTotal = total(OUR_TOTAL, output(ours));
            Matcher peerTotal = total(PEER_TOTAL, output(peers));
            for (int i = 1; i <= 3; i++) {
                if (!ourTotal.group(i).equals(peerTotal.group(i))) {
                    throw new IOException("the two do not count alike: ours " + ourTotal.group() + ", the peer's "
                            + peerTotal.group());
                }
            }
            List<Long> ourNanos = new ArrayList<>();
            List<Long> peerNanos = new ArrayList<>();
            for (int i = 0; i < runs; i++) {
                ourNanos.add(nanos(ours));
                peerNanos.add(nanos(peers));
                log.accept("run %d of %d: ours %.2f s, pg_waldump %.2f s"
                        .formatted(i + 1, runs, ourNanos.getLast() / 1e9, peerNanos.getLast() / 1e9));
            }
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", "wal-scan");
            line.put("ratio", rounded((double) median(ourNanos) / median(peerNanos)));
            line.put("seconds", rounded(median(ourNanos) / 1e9));
            line.put("peer_seconds", rounded(median(peerNanos) / 1e9));
            line.put("load", load.title);
            line.put("runs", runs);
            line.put("bytes", wal.bytes());
            line.put("records", Long.parseLong(ourTotal.group(1)));
            line.put("index_entries", Long.parseLong(ourTotal.group(4)));
            line.put("peer", output(List.of(PEER.toString(), "--version")).strip());
            line.put("java", Runtime.version().toString());
            line.put("wal_written_by", wal.versionNum());
            return line;
        }
    }

    private static List<String> ours(RecordedWal wal) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                WalScanMain.class.getName(),
                wal.directory().toString(),
                Integer.toString(MAJOR),
                wal.start().toString(),
                wal.end().toString());
    }

    private static List<String> peers(RecordedWal wal) {
        Lsn end = wal.end();
        return List.of(
                PEER.toString(),
                "--stats",
                "-p",
                wal.directory().toString(),
                "-s",
                wal.start().toString(),
                "-e",
                end.toString());
    }

    private static Matcher total(Pattern pattern, String output) throws IOException {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new IOException("no total in: " + output);
        }
        return matcher;
    }

    private static long nanos(List<String> command) throws IOException, InterruptedException {
        long began = System.nanoTime();
        output(command);
        return System.nanoTime() - began;
    }

    private static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " ended with " + process.exitValue() + ": " + output);
            }
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    static long median(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        return Objects.requireNonNull(sorted.get(sorted.size() / 2));
    }

    static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
