package io.isochron.app;

import io.isochron.chronicle.Cut;
import io.isochron.restore.CutCertificates;
import io.isochron.restore.CutFinder;
import io.isochron.restore.RestorePlanner;
import io.isochron.store.Documents;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Computes a cut, or shows certificates of cuts. */
@picocli.CommandLine.Command(
        name = "cut",
        description = {
            "Shows where a moment cuts every shard, and why; or the certificates of cuts that were",
            "computed for plans."
        },
        sortOptions = false,
        footer = {
            "",
            "With --at: the grade, each shard's boundary with the last transaction inside and the first",
            "one outside, and what becomes of every branch in doubt, for which reason. Whether a snapshot",
            "exists from which it can be restored is the question that `isochron plan` answers.",
            "Without: the certificate named, which is JSON in both forms of output, or a list of all.",
            "",
            "Example:",
            "  isochron cut --at 2026-11-22T14:03:07+01:00",
            "  isochron cut --at before:a:74113 --certificate incident.cut",
            "  isochron cut verify incident.cut",
            "  isochron cut cut-1b7d22d8a3b75a17"
        })
final class CutCommand extends Command {
    @Parameters(arity = "0..1", paramLabel = "ID", description = "The plan's or certificate's id.")
    @Nullable
    String id;

    @Option(names = "--at", paramLabel = "TARGET", description = "The moment to cut at; the same as --target.")
    @Nullable
    String at;

    @Mixin
    TargetOptions target = new TargetOptions();

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            description = "Write the cut to a new file that `cut verify` can check.")
    @Nullable
    Path certificate;

    CutCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        if (at != null && target.target != null) {
            throw new AppException(ExitCode.USAGE, "--at and --target are both given", "they mean the same: give one.");
        }
        target.target = at != null ? at : target.target;
        if (target.target != null || target.type != null) {
            return compute();
        }
        if (certificate != null) {
            throw new AppException(
                    ExitCode.USAGE, "--certificate is given without a target", "name the moment with --at.");
        }
        Documents documents = repository().documents();
        String wanted = id;
        if (wanted == null) {
            try (Stream<String> all = documents.list(RestorePlanner.CERTIFICATES)) {
                List<String> ids = all.toList();
                output().result(Json.object("cuts", ids), ids.isEmpty() ? List.of("no cut was computed yet") : ids);
            }
            return ExitCode.OK;
        }
        host.out().println(new String(stored(documents, wanted), StandardCharsets.UTF_8));
        return ExitCode.OK;
    }

    private ExitCode compute() throws AppException, IOException {
        if (id != null) {
            throw new AppException(
                    ExitCode.USAGE,
                    "both certificate '" + id + "' and a target are given",
                    "name a certificate to show it, or a target to compute its cut.");
        }
        Path file = certificate == null ? null : newFile(certificate);
        Repository repository = repository();
        if (file != null) {
            begin(repository);
        }
        CutFinder.Found found =
                new CutFinder(repository).find(target.target(repository, host), target.options(dialect()));
        Cut cut = found.cut();
        if (file != null) {
            Files.write(
                    file,
                    new CutCertificates(repository).write(found),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
        }
        String cluster = repository.cluster().name();
        output().result(CutText.json(cut, cluster), CutText.text(cut, cluster));
        return ExitCode.OK;
    }

    /** Where a certificate is to be written; looked at before the work that it takes to compute one. */
    private Path newFile(Path named) throws AppException {
        Path file = host.directory().resolve(named).toAbsolutePath();
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new AppException(
                    ExitCode.FAILED, "certificate " + named + " exists already", "name a file that does not exist.");
        }
        Path folder = file.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new AppException(
                    ExitCode.FAILED,
                    "certificate " + named + " cannot be written: there is no folder " + folder,
                    "make it first, or name another file.");
        }
        return file;
    }

    private static byte[] stored(Documents documents, String id) throws AppException, IOException {
        byte[] certificate;
        try {
            certificate = documents.get(RestorePlanner.CERTIFICATES, id).orElse(null);
        } catch (IllegalArgumentException _) {
            certificate = null;
        }
        if (certificate == null) {
            throw new AppException(
                    ExitCode.FAILED, "there is no certificate '" + id + "'", "`isochron cut` lists all of them.");
        }
        return certificate;
    }
}
