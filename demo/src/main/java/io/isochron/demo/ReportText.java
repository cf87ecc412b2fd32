package io.isochron.demo;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The report as a manager would read it. */
public final class ReportText {
    private static final int LABEL_WIDTH = 16;

    private ReportText() {}

    /** The report in lines of plain text. */
    public static List<String> of(DemoReport report) {
        List<String> lines = new ArrayList<>();
        DemoReport.Incident incident = report.incident();
        DemoReport.Restored restore = report.restore();
        DemoReport.GivenBack back = report.giveBack();
        DemoReport.Objectives objectives = report.objectives();
        lines.add("What happened");
        row(
                lines,
                "incident",
                "%,d rows of %s deleted on %d shards by one transaction"
                        .formatted(incident.rows(), incident.table(), report.shards()));
        row(
                lines,
                "by shard",
                incident.rowsByShard().stream()
                        .map("%,d"::formatted)
                        .reduce((a, b) -> a + " + " + b)
                        .orElse("-"));
        row(lines, "when", utc(incident.at()));
        row(lines, "transaction", incident.transaction());
        lines.add("");
        lines.add("What was done");
        row(lines, "rewound to", utc(restore.moment()) + ", the last moment before it");
        row(
                lines,
                "grade",
                "%s, single-shard commits placed within ±%.3f ms; %d in-doubt branches decided"
                        .formatted(restore.grade(), restore.epsilonMicros() / 1000.0, restore.decisions()));
        row(
                lines,
                "moved",
                "%s of snapshot, %s of WAL replayed"
                        .formatted(mib(restore.bytesFetched()), mib(restore.bytesReplayed())));
        row(
                lines,
                "given back",
                "%,d rows, %,d left alone because they were written later".formatted(back.rows(), back.conflicts()));
        row(
                lines,
                "production",
                "never stopped: %,d transactions committed between the incident and the end of the back-fill"
                        .formatted(back.transactionsMeanwhile()));
        lines.add("");
        lines.add("Measured");
        row(
                lines,
                "RPO",
                "%.1f s: the most that losing every shard at once would have cost at any moment"
                        .formatted(objectives.rpoMillis() / 1000.0));
        row(
                lines,
                "RTO",
                "%.1f s from the decision to a proven copy, %.1f s until the rows were back"
                        .formatted(objectives.rtoMillis() / 1000.0, objectives.backMillis() / 1000.0));
        lines.add("");
        lines.add("Where the time went");
        for (DemoReport.Phase phase : report.phases()) {
            row(lines, "%8.2f s".formatted(phase.millis() / 1000.0), phase.name());
        }
        lines.add("");
        lines.add("Proofs");
        for (DemoReport.Check check : report.checks()) {
            row(lines, check.held() ? "held" : "FAILED", check.name() + ": " + check.detail());
        }
        lines.add("");
        long failed = report.checks().stream().filter(check -> !check.held()).count();
        lines.add(
                report.held()
                        ? "Every one of %d proofs held."
                                .formatted(report.checks().size())
                        : "%d of %d proofs FAILED. Do not trust this run."
                                .formatted(failed, report.checks().size()));
        Path kept = report.kept();
        if (kept != null) {
            lines.add("");
            lines.add("Kept in " + kept + "; the servers are stopped. To look at it:");
            String config = " --config " + kept.resolve("isochron.yaml");
            lines.add("  isochron info" + config);
            lines.add("  isochron find" + config);
            lines.add("  isochron restored " + kept.resolve("restored") + " --start" + config);
            lines.add("  isochron restore" + config + " --target "
                    + report.restore().moment() + " --to /tmp/again");
        }
        return lines;
    }

    private static void row(List<String> lines, String label, String text) {
        lines.add("  " + label + " ".repeat(Math.max(1, LABEL_WIDTH - label.length())) + text);
    }

    private static String utc(Instant moment) {
        return moment.truncatedTo(ChronoUnit.MICROS)
                .toString()
                .replace('T', ' ')
                .replace("Z", " UTC");
    }

    static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }
}
