package io.isochron.app;

import io.isochron.restore.RestorePlanner;
import io.isochron.store.Documents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Shows certificates of cuts. */
@picocli.CommandLine.Command(
        name = "cut",
        description = "Lists the certificates of cuts that were computed, or shows one.",
        sortOptions = false,
        footer = {
            "",
            "A certificate says where every shard is cut and why, and what became of every branch in doubt.",
            "It is JSON in both forms of output.",
            "",
            "Example:",
            "  isochron cut",
            "  isochron cut cut-1b7d22d8a3b75a17"
        })
final class CutCommand extends Command {
    @Parameters(arity = "0..1", paramLabel = "ID", description = "The plan's or certificate's id.")
    @Nullable
    String id;

    CutCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Documents documents = repository().documents();
        String wanted = id;
        if (wanted == null) {
            try (Stream<String> all = documents.list(RestorePlanner.CERTIFICATES)) {
                List<String> ids = all.toList();
                output().result(Json.object("cuts", ids), ids.isEmpty() ? List.of("no cut was computed yet") : ids);
            }
            return ExitCode.OK;
        }
        byte[] certificate;
        try {
            certificate = documents.get(RestorePlanner.CERTIFICATES, wanted).orElse(null);
        } catch (IllegalArgumentException _) {
            certificate = null;
        }
        if (certificate == null) {
            throw new AppException(
                    ExitCode.FAILED, "there is no certificate '" + wanted + "'", "`isochron cut` lists all of them.");
        }
        host.out().println(new String(certificate, StandardCharsets.UTF_8));
        return ExitCode.OK;
    }
}
