package io.isochron.app;

import io.isochron.restore.RestoredCluster;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** Lets a restored cluster accept writes. */
@picocli.CommandLine.Command(
        name = "release",
        description = "Lets a restored and proven cluster accept writes. It stays isolated.",
        sortOptions = false,
        footer = {"", "Example:", "  isochron release /var/lib/isochron/rewound"})
final class ReleaseCommand extends Command {
    @Parameters(paramLabel = "DIRECTORY", description = "The directory that was restored to.")
    Path directory = Path.of("");

    ReleaseCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        String database = settings(config().shards().getFirst()).database();
        // not closed: closing would stop the servers
        RestoredCluster cluster = RestoredCluster.open(
                host.directory().resolve(directory), RestoreCommand.options(config(), 1, false, false, database));
        begin(repository());
        cluster.release();
        RestoredCommand.show(this, cluster, database);
        return ExitCode.OK;
    }
}
