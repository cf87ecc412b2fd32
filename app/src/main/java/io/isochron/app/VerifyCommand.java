package io.isochron.app;

import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.VerifyScope;
import io.isochron.store.VerifySummary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** Rereads the repository. */
@picocli.CommandLine.Command(
        name = "verify",
        description = "Reads every object of the repository again and checks that it is whole.",
        sortOptions = false,
        footer = {
            "",
            "Ends with exit code 5 when something is damaged or missing.",
            "",
            "Example:",
            "  isochron verify --only wal,chronicle"
        })
final class VerifyCommand extends Command {
    private static final int FINDINGS_SHOWN = 1000;

    /** Parts of a repository. */
    enum Part {
        wal,
        snapshots,
        chronicle,
        documents
    }

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "PART",
            description = "wal, snapshots, chronicle, documents. Default: all.")
    List<Part> only = new ArrayList<>();

    VerifyCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Set<Part> parts = only.isEmpty() ? EnumSet.allOf(Part.class) : EnumSet.copyOf(only);
        List<Finding> findings = new ArrayList<>();
        long began = System.nanoTime();
        Repository repository = repository();
        begin(repository);
        VerifySummary summary = repository.verify(
                new VerifyScope(
                        parts.contains(Part.wal),
                        parts.contains(Part.snapshots),
                        parts.contains(Part.chronicle),
                        parts.contains(Part.documents)),
                finding -> {
                    synchronized (findings) {
                        if (findings.size() < FINDINGS_SHOWN) {
                            findings.add(finding);
                        }
                    }
                });
        List<Object> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Finding finding : findings) {
            text.add(finding.toString());
            json.add(Json.object(
                    "severity", finding.severity().name().toLowerCase(java.util.Locale.ROOT),
                    "object", finding.object(),
                    "detail", finding.detail()));
        }
        text.add((summary.whole() ? "whole: " : "DAMAGED: ") + summary.objects() + " objects, "
                + Units.bytes(summary.bytes()) + ", " + summary.problems() + " problems, "
                + Units.millis((System.nanoTime() - began) / 1_000_000));
        output().result(
                        Json.object(
                                "whole", summary.whole(),
                                "objects", summary.objects(),
                                "bytes", summary.bytes(),
                                "problems", summary.problems(),
                                "findings", json),
                        text);
        return summary.whole() ? ExitCode.OK : ExitCode.DAMAGED;
    }
}
