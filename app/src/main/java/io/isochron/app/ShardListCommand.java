package io.isochron.app;

import java.io.IOException;

/** The same as {@code shard} without a subcommand. */
@picocli.CommandLine.Command(
        name = "list",
        description = "Shows all shards that ever belonged to the cluster, and when they were members.",
        sortOptions = false,
        footer = {"", "Example:", "  isochron shard list --output json"})
final class ShardListCommand extends Command {
    ShardListCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        ShardCommand.show(this);
        return ExitCode.OK;
    }
}
