package io.isochron.app;

import io.isochron.restore.RestoredCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at a restored cluster, starts it or stops it. */
@picocli.CommandLine.Command(
        name = "restored",
        description = "Shows a restored cluster, and starts or stops its servers.",
        sortOptions = false,
        footer = {"", "Example:", "  isochron restored /var/lib/isochron/rewound --stop"})
final class RestoredCommand extends Command {
    @Parameters(paramLabel = "DIRECTORY", description = "The directory that was restored to.")
    Path directory = Path.of("");

    @Option(names = "--start", description = "Start the servers that do not run.")
    boolean start;

    @Option(names = "--stop", description = "Stop the servers; files stay.")
    boolean stop;

    RestoredCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        if (start && stop) {
            throw new AppException(ExitCode.USAGE, "both --start and --stop are given", "choose one.");
        }
        String database = settings(config().shards().getFirst()).database();
        // not closed: closing would stop the servers
        RestoredCluster cluster = RestoredCluster.open(
                host.directory().resolve(directory), RestoreCommand.options(config(), 1, false, false, database));
        if (start) {
            cluster.start();
        } else if (stop) {
            cluster.stop();
        }
        show(this, cluster, database);
        return ExitCode.OK;
    }

    static void show(Command command, RestoredCluster cluster, String database) {
        boolean running = cluster.running();
        List<String> text = new ArrayList<>();
        Map<String, @Nullable Object> connections = Json.object();
        text.add("cluster " + cluster.plan().clusterName() + " at "
                + cluster.plan().target() + ": " + cluster.phase().name().toLowerCase(java.util.Locale.ROOT) + ", "
                + (running ? "running" : "not running"));
        for (String shard : cluster.shards()) {
            String connection = cluster.connectionString(shard, database);
            connections.put(shard, connection);
            text.add("  " + shard + "  psql \"" + connection + "\"");
        }
        command.output()
                .result(
                        Json.object(
                                "cluster", cluster.plan().clusterName(),
                                "plan", cluster.plan().id(),
                                "phase", cluster.phase().name().toLowerCase(java.util.Locale.ROOT),
                                "running", running,
                                "connections", connections),
                        text);
    }
}
