package io.isochron.wal;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Records by the program pg_waldump of PostgreSQL 15. */
final class WalDump {
    static final Path PROGRAM = Path.of("/usr/lib/postgresql/15/bin/pg_waldump");

    private static final Pattern LINE = Pattern.compile(
            "rmgr: (\\S+) +len \\(rec/tot\\): +(\\d+)/ *(\\d+), tx: +(\\d+), lsn: (\\S+),"
                    + " prev (\\S+), desc: (\\S+)(?: (.*?))?((?:, blkref #\\d+: rel \\S+(?: fork \\w+)? blk \\d+(?: \\(FPW\\)| FPW)?(?: for WAL verification)?)*)");
    private static final Pattern BLOCK =
            Pattern.compile(", blkref #(\\d+): rel (\\S+)(?: fork (\\w+))? blk (\\d+)( FPW)?( for WAL verification)?");
    private static final List<String> FORKS = List.of("main", "fsm", "vm", "init");

    private WalDump() {}

    static List<OracleRecord> records(WalServer server, Lsn start, Lsn end) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                PROGRAM.toString(),
                "-p",
                server.walDirectory().toString(),
                "-s",
                start.toString(),
                "-e",
                end.toString(),
                // segments' size is read from the first file named; from any of the directory otherwise, and one that
                // the
                // server has only prepared for later is all zeros
                WalFileName.holding(1, start, WalServer.SEGMENT_BYTES).name(),
                WalFileName.holding(1, end.plus(-1), WalServer.SEGMENT_BYTES).name());
        builder.environment().put("TZ", "UTC");
        builder.redirectErrorStream(true);
        Process process = builder.start();
        List<OracleRecord> records = new ArrayList<>();
        List<String> complaints = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("rmgr: ")) {
                    records.add(parse(line));
                } else if (complaints.size() < 10) {
                    complaints.add(line);
                }
            }
        }
        if (process.waitFor() != 0) {
            throw new IllegalStateException("pg_waldump ended with " + process.exitValue() + ": " + complaints);
        }
        return records;
    }

    private static OracleRecord parse(String line) {
        Matcher fields = LINE.matcher(line);
        if (!fields.matches()) {
            throw new IllegalArgumentException("cannot read " + line);
        }
        List<String> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(fields.group(9) == null ? "" : fields.group(9));
        while (block.find()) {
            int fork = block.group(3) == null ? 0 : FORKS.indexOf(block.group(3));
            blocks.add(block.group(1) + " " + block.group(2) + " " + fork + " " + block.group(4)
                    + (block.group(5) == null ? "" : block.group(6) == null ? " image" : " image for checks"));
        }
        int total = Integer.parseInt(fields.group(3));
        return new OracleRecord(
                Lsn.parse(fields.group(5)).toString(),
                null,
                Lsn.parse(fields.group(6)).toString(),
                fields.group(4),
                fields.group(1),
                fields.group(7),
                fields.group(8) == null ? "" : fields.group(8),
                total,
                total - Integer.parseInt(fields.group(2)),
                -1,
                blocks);
    }
}
