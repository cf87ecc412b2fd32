package io.isochron.app;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ReplicatedStore;
import io.isochron.store.Finding;
import io.isochron.store.Finding.Severity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.RepositoryKey;
import io.isochron.store.Sampling;
import io.isochron.store.VerifyScope;
import io.isochron.store.VerifySummary;
import io.isochron.upkeep.Damage;
import io.isochron.upkeep.Evidence;
import io.isochron.upkeep.ScrubState;
import io.isochron.upkeep.Understood;
import io.isochron.upkeep.Verdict;
import io.isochron.upkeep.VerdictFinder;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Rereads the repository. */
@picocli.CommandLine.Command(
        name = "verify",
        description = "Reads the repository again, checks that it is whole, and says which moments can be restored.",
        sortOptions = false,
        footer = {
            "",
            "Ends with exit code 5 when something is damaged or missing. A repository in several copies is",
            "verified copy by copy; with --repair what one copy has wrong is put right from another one.",
            "",
            "It ends in a verdict: which moments can be restored, and when that was last proven.",
            "",
            "Example:",
            "  isochron verify --only wal,chronicle",
            "  isochron verify --sample 5%%"
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

    @Option(
            names = "--sample",
            paramLabel = "SHARE",
            description =
                    "Read only a random sample of the bytes: 5%%, or a size such as 10GiB. What must be there is looked at in full.")
    String sample = "";

    @Option(names = "--seed", paramLabel = "N", description = "Draw the same sample again. Default: another each time.")
    @Nullable
    Long seed;

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
        Sampling sampling = sampling();
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
                ? repository.verify(
                        scope, sampling, Understood::segment, finding -> add(findings, new CopyFinding("", finding)))
                : RepositoryCopies.verify(
                        copies, key(), scope, sampling, Understood::segment, finding -> add(findings, finding));
        List<Object> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (CopyFinding finding : findings) {
            text.add(finding.copy().isEmpty() ? finding.finding().toString() : finding.toString());
            json.add(json(finding.copy(), finding.finding()));
        }
        List<Finding> outcomes = new ArrayList<>();
        if (repair && copies != null) {
            RepositoryCopies.repair(copies, key(), findings, Understood::segment, outcomes::add);
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
        text.add("read:       " + VerdictText.coverage(summary.coverage()) + (sampling.all() ? "" : ", " + sampling));
        Verdict verdict = null;
        Evidence evidence = null;
        ScrubState scrubs = null;
        if (scope.equals(VerifyScope.ALL)) {
            Damage damage = mended
                    ? new Damage(Map.of(), false)
                    : Damage.of(
                            repository.cluster(),
                            findings,
                            copies == null ? 1 : copies.copies().size(),
                            findings.size() == FINDINGS_SHOWN);
            verdict = new VerdictFinder(repository).find(damage);
            evidence = Evidence.of(repository);
            text.addAll(VerdictText.text(verdict, evidence, host.clock().instant()));
            scrubs = scrubs(repository, copies);
            if (scrubs != null) {
                text.addAll(ScrubText.text(scrubs, host.clock().instant()));
            }
        }
        resultWithStores(
                Json.object(
                        "whole", whole,
                        "objects", summary.objects(),
                        "bytes", summary.bytes(),
                        "problems", summary.problems(),
                        "sample", sampling.all() ? null : sampling.toString(),
                        "coverage", VerdictText.json(summary.coverage()),
                        "kinds", VerdictText.json(summary),
                        "verdict", verdict == null || evidence == null ? null : VerdictText.json(verdict, evidence),
                        "scrubs", scrubs == null ? null : ScrubText.json(scrubs),
                        "findings", json,
                        "repairs",
                                outcomes.stream()
                                        .map(outcome -> json("", outcome))
                                        .toList()),
                text);
        return whole ? ExitCode.OK : ExitCode.DAMAGED;
    }

    /** What scrubs have read, if any did; null also if their records are damaged, which the verification tells. */
    private static @Nullable ScrubState scrubs(Repository repository, @Nullable ReplicatedStore copies)
            throws IOException {
        try {
            ScrubState state = ScrubState.of(
                    repository,
                    copies == null ? List.of("") : List.copyOf(copies.copies().keySet()));
            return state.pass() == 0 ? null : state;
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            return null;
        }
    }

    private Sampling sampling() throws AppException {
        if (sample.isEmpty()) {
            if (seed != null) {
                throw new AppException(
                        ExitCode.USAGE, "--seed is given without --sample", "say how much to read: --sample 5%.");
            }
            return Sampling.ALL;
        }
        long drawn = seed != null ? seed : new SecureRandom().nextInt(1_000_000_000);
        try {
            if (sample.endsWith("%")) {
                double share = Double.parseDouble(sample.substring(0, sample.length() - 1)) / 100;
                if (share <= 1) {
                    return Sampling.share(share, drawn);
                }
            } else {
                return Sampling.bytes(Units.size(sample), drawn);
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        throw new AppException(
                ExitCode.USAGE,
                "--sample is " + sample + ", which is no share of a repository",
                "write a share such as 5% or 0.5%, at most 100%, or a size such as 10GiB.");
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
