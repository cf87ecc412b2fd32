package io.isochron.app;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Configuration. Default: ISOCHRON_CONFIG, else ./isochron.yaml.")
    @Nullable
    Path config;

    @Option(
            names = "--output",
            paramLabel = "FORM",
            description = "text for people (the default) or json for programs.")
    Output.Form output = Output.Form.text;

    @Option(
            names = "--without-copy",
            paramLabel = "NAME",
            description = "Go on without this copy of the repository, which is lost for good.")
    List<String> withoutCopies = new ArrayList<>();

    @Option(names = "--verbose", description = "Log what happens to stderr, and show stack traces.")
    boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    /** The configuration's file: the option, the environment variable or the working directory's. */
    Path configFile(Host host) {
        if (config != null) {
            return host.directory().resolve(config);
        }
        String named = host.environment().get("ISOCHRON_CONFIG");
        return host.directory().resolve(named == null || named.isEmpty() ? "isochron.yaml" : named);
    }
}
