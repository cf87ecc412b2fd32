package io.isochron.app;

import io.isochron.demo.Demo;
import io.isochron.demo.DemoListener;
import io.isochron.demo.DemoOptions;
import io.isochron.demo.DemoReport;
import io.isochron.demo.ReportText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Plays the demo. */
@picocli.CommandLine.Command(
        name = "demo",
        description = "Plays a true incident on embedded PostgreSQL: captured, found, rewound, proven, given back.",
        sortOptions = false,
        footer = {
            "",
            "Needs no configuration. Ends with exit code 0 only if every proof held.",
            "",
            "Example:",
            "  isochron demo --shards 2 --postgres 18"
        })
final class DemoCommand extends Command {
    @Option(names = "--shards", paramLabel = "N", description = "Production shards, 2 to 8. Default: 3.")
    int shards = 3;

    @Option(names = "--postgres", paramLabel = "MAJOR", description = "17 (the default) or 18.")
    int postgres = 17;

    @Option(names = "--seed", paramLabel = "N", description = "What traffic is drawn from. Default: the clock.")
    @Nullable
    Long seed;

    @Option(names = "--keep", paramLabel = "DIRECTORY", description = "Keep everything in an empty directory.")
    @Nullable
    Path keep;

    DemoCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws Exception {
        DemoOptions options;
        try {
            options = new DemoOptions(
                    shards,
                    postgres,
                    seed == null ? host.clock().millis() : seed,
                    keep == null ? null : host.directory().resolve(keep));
        } catch (IllegalArgumentException e) {
            throw Options.usage("", e);
        }
        DemoReport report;
        try (Progress progress = progress()) {
            report = Demo.run(options, new DemoListener() {
                @Override
                public void chapter(String title) {
                    progress.step("\n" + title);
                }

                @Override
                public void say(String line) {
                    progress.step(line);
                }

                @Override
                public void progress(String line) {
                    progress.show(line);
                }
            });
        }
        output().result(json(report), ReportText.of(report));
        return report.held() ? ExitCode.OK : ExitCode.PROOF_FAILED;
    }

    private static Map<String, @Nullable Object> json(DemoReport report) {
        List<Object> phases = new ArrayList<>();
        for (DemoReport.Phase phase : report.phases()) {
            phases.add(Json.object("name", phase.name(), "millis", phase.millis()));
        }
        List<Object> checks = new ArrayList<>();
        for (DemoReport.Check check : report.checks()) {
            checks.add(Json.object("name", check.name(), "held", check.held(), "detail", check.detail()));
        }
        return Json.object(
                "held", report.held(),
                "shards", report.shards(),
                "postgres", report.postgres(),
                "seed", report.seed(),
                "incident",
                        Json.object(
                                "table", report.incident().table(),
                                "rows", report.incident().rows(),
                                "at", report.incident().at(),
                                "transaction", report.incident().transaction()),
                "restore",
                        Json.object(
                                "moment", report.restore().moment(),
                                "grade", report.restore().grade(),
                                "epsilonMicros", report.restore().epsilonMicros(),
                                "decisions", report.restore().decisions(),
                                "bytesFetched", report.restore().bytesFetched(),
                                "bytesReplayed", report.restore().bytesReplayed()),
                "giveBack",
                        Json.object(
                                "rows", report.giveBack().rows(),
                                "conflicts", report.giveBack().conflicts(),
                                "transactionsMeanwhile", report.giveBack().transactionsMeanwhile()),
                "rpoMillis", report.objectives().rpoMillis(),
                "rtoMillis", report.objectives().rtoMillis(),
                "backMillis", report.objectives().backMillis(),
                "phases", phases,
                "checks", checks);
    }
}
