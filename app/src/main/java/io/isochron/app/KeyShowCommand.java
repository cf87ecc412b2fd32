package io.isochron.app;

import java.io.IOException;

/** The same as {@code key} alone. */
@picocli.CommandLine.Command(
        name = "show",
        description = "Shows which keys seal the repository. Nothing secret is shown.",
        sortOptions = false)
final class KeyShowCommand extends Command {
    KeyShowCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        KeyCommand.show(this);
        return ExitCode.OK;
    }
}
