package io.isochron.app;

import io.isochron.objects.ReplicatedStore;
import io.isochron.store.Finding;
import io.isochron.store.Finding.Severity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.RepositoryKey;
import io.isochron.store.VerifyScope;
import io.isochron.store.VerifySummary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
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
            "Ends with exit code 5 when something is damaged or missing. A repository in several copies is",
            "verified copy by copy; with --repair what one copy has wrong is put right from another one.",
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

    @Option(names = "--repair", description = "Put right from another copy what is damaged or missing in one.")
    boolean repair;

    VerifyCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Set<Part> parts = only.isEmpty() ? EnumSet.allOf(Part.class) : EnumSet.copyOf(only);
        VerifyScope scope = new VerifyScope(
                parts.contains(Part.wal),
                parts.contains(Part.snapshots),
                parts.contains(Part.chronicle),
                parts.contains(Part.documents));
        List<CopyFinding> findings = Collections.synchronizedList(new ArrayList<>());
        long began = System.nanoTime();
        if (repair && placement().inOnePlace()) {
            throw new AppException(
                    ExitCode.USAGE,
                    "--repair needs a repository in several copies, and this one is in one place",
                    "list its copies under repository.copies.");
        }
        Repository repository = repository();
        begin(repository);
        ReplicatedStore copies = copies();
        VerifySummary summary = copies == null
                ? repository.verify(scope, finding -> add(findings, new CopyFinding("", finding)))
                : RepositoryCopies.verify(copies, key(), scope, finding -> add(findings, finding));
        List<Object> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (CopyFinding finding : findings) {
            text.add(finding.copy().isEmpty() ? finding.finding().toString() : finding.toString());
            json.add(json(finding.copy(), finding.finding()));
        }
        List<Finding> outcomes = new ArrayList<>();
        if (repair && copies != null) {
            RepositoryCopies.repair(copies, key(), findings, outcomes::add);
            outcomes.forEach(outcome -> text.add("repair: " + outcome));
        }
        boolean mended = repair
                && findings.size() < FINDINGS_SHOWN
                && findings.stream().allMatch(VerifyCommand::repairable)
                && outcomes.stream().allMatch(outcome -> outcome.severity() == Severity.NOTICE);
        boolean whole = summary.whole() || mended;
        text.add((summary.whole() ? "whole: " : mended ? "repaired: " : "DAMAGED: ") + summary.objects() + " objects, "
                + Units.bytes(summary.bytes()) + ", " + summary.problems() + " problems, "
                + Units.millis((System.nanoTime() - began) / 1_000_000));
        output().result(
                        Json.object(
                                "whole", whole,
                                "objects", summary.objects(),
                                "bytes", summary.bytes(),
                                "problems", summary.problems(),
                                "findings", json,
                                "repairs",
                                        outcomes.stream()
                                                .map(outcome -> json("", outcome))
                                                .toList()),
                        text);
        return whole ? ExitCode.OK : ExitCode.DAMAGED;
    }

    private static void add(List<CopyFinding> findings, CopyFinding finding) {
        if (findings.size() < FINDINGS_SHOWN) {
            findings.add(finding);
        }
    }

    /** What repair looks at; a copy that could not be read may hide anything. */
    private static boolean repairable(CopyFinding finding) {
        return finding.finding().severity() != Severity.UNKNOWN;
    }

    private static Object json(String copy, Finding finding) {
        return Json.object(
                "copy", copy.isEmpty() ? null : copy,
                "severity", finding.severity().name().toLowerCase(java.util.Locale.ROOT),
                "object", finding.object(),
                "detail", finding.detail());
    }

    private RepositoryKey key() throws AppException, IOException {
        return config().key().load(host.environment());
    }

    /** What is put right by opening the repository would not be found. */
    @Override
    boolean repairsOnReading() {
        return false;
    }
}
