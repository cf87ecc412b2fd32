package io.isochron.app;

import io.isochron.chronicle.Cut;
import io.isochron.restore.CutCertificates;
import io.isochron.restore.RestorePlanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Parameters;

/** Computes a certificate's cut again from archived WAL. */
@picocli.CommandLine.Command(
        name = "verify",
        description = "Computes a certificate's cut again from archived WAL, and says what differs.",
        sortOptions = false,
        footer = {
            "",
            "The chronicle is not read. Commits, decisions, restore points and positions come from the WAL;",
            "what no WAL says is taken from the certificate: when WAL arrived, readings of the clocks, safe",
            "points, fences, the moment of a target that names something, and, where the WAL before does",
            "not reach back far enough, transactions that were prepared earlier. A difference ends with",
            "exit code 6.",
            "",
            "Example:",
            "  isochron cut --at before:a:74113 --certificate incident.cut",
            "  isochron cut verify incident.cut"
        })
final class CutVerifyCommand extends Command {
    @Parameters(arity = "1", paramLabel = "FILE", description = "A file that `cut --certificate` wrote.")
    Path file = Path.of("");

    CutVerifyCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(host.directory().resolve(file));
        } catch (NoSuchFileException _) {
            throw new AppException(
                    ExitCode.FAILED,
                    "certificate " + file + " does not exist",
                    "name a file that `isochron cut --certificate` wrote.");
        }
        CutCertificates.Checked checked = new CutCertificates(repository()).verify(file.toString(), bytes, dialect());
        Cut cut = checked.certificate().cut();
        boolean agrees = checked.differences().isEmpty();
        List<String> text = new ArrayList<>();
        text.add("certificate " + file + ": cut of cluster "
                + checked.certificate().cluster() + " for " + RestorePlanner.describe(cut.target()) + ", grade "
                + cut.grade());
        text.add("its authentication code fits");
        text.add((agrees ? "agrees with " : "does not agree with ") + Units.bytes(checked.walBytes())
                + " of archived WAL: " + cut.boundaries().size() + " boundaries, "
                + cut.decisions().size() + " decisions, " + cut.lateCommits().size() + " late commits");
        text.add("taken from the certificate: times of arrival, clock readings, safe points and fences of "
                + checked.recorded() + " stretches of WAL"
                + (checked.preparedTaken() == 0
                        ? ""
                        : ", and " + checked.preparedTaken() + " transactions prepared before the WAL that was read"));
        checked.differences().forEach(difference -> text.add("difference: " + difference));
        output().result(
                        Json.object(
                                "agrees", agrees,
                                "differences", checked.differences(),
                                "target", RestorePlanner.describe(cut.target()),
                                "moment", cut.moment(),
                                "grade", cut.grade().toString(),
                                "shards", cut.boundaries().size(),
                                "decisions", cut.decisions().size(),
                                "walBytes", checked.walBytes(),
                                "recordedStretches", checked.recorded(),
                                "preparedTaken", checked.preparedTaken()),
                        text);
        return agrees ? ExitCode.OK : ExitCode.PROOF_FAILED;
    }
}
