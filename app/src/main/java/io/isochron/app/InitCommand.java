package io.isochron.app;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SystemIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import picocli.CommandLine.Option;

/** Makes the repository and its key, after asking every shard who it is. */
@picocli.CommandLine.Command(
        name = "init",
        description = "Creates the cluster's repository and its key.",
        sortOptions = false,
        footer = {
            "",
            "Every shard is asked for its system identifier, which is kept in the repository: another",
            "database behind a shard's address is noticed from then on. The shards are not changed.",
            "",
            "Example:",
            "  isochron init --example > isochron.yaml    # then edit it",
            "  isochron init"
        })
final class InitCommand extends Command {
    static final int OLDEST = 14;
    static final int NEWEST = 18;

    @Option(names = "--example", description = "Print a commented configuration and exit.")
    boolean example;

    InitCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        if (example) {
            host.out().print(Config.EXAMPLE);
            return ExitCode.OK;
        }
        Config config = config();
        List<ShardIdentity> shards = identities(config);
        boolean newKey = Files.notExists(config.keyFile());
        RepositoryKey key = newKey ? RepositoryKey.generate(config.keyFile()) : RepositoryKey.load(config.keyFile());
        Repository.init(
                FileSystemStore.create(config.repositoryPath()),
                key,
                new ClusterIdentity(UUID.randomUUID(), config.cluster(), shards),
                host.clock().instant());
        List<Map<String, Object>> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        text.add("repository " + config.repositoryPath() + " created for cluster " + config.cluster());
        text.add("key        " + config.keyFile() + (newKey ? " created" : " used"));
        for (ShardIdentity shard : shards) {
            text.add("shard " + shard.name() + ": PostgreSQL " + shard.postgresMajor() + ", system "
                    + shard.systemIdentifier());
            json.add(Json.object(
                    "name",
                    shard.name(),
                    "systemIdentifier",
                    shard.systemIdentifier(),
                    "postgres",
                    shard.postgresMajor()));
        }
        text.add("");
        text.add("Without the key the repository cannot be read by anyone: keep a copy of it elsewhere.");
        text.add("Next: isochron check, then isochron capture");
        output().result(
                        Json.object(
                                "cluster", config.cluster(),
                                "repository", config.repositoryPath(),
                                "keyFile", config.keyFile(),
                                "keyCreated", newKey,
                                "shards", json),
                        text);
        return ExitCode.OK;
    }

    private List<ShardIdentity> identities(Config config) throws AppException, IOException {
        List<ShardIdentity> shards = new ArrayList<>();
        Map<String, String> seen = new HashMap<>();
        for (Config.Shard shard : config.shards()) {
            try (ReplicationConnection connection = ReplicationConnection.open(settings(shard))) {
                SystemIdentity identity = connection.identifySystem();
                int major = connection.serverVersionNum() / 10_000;
                if (major < OLDEST || major > NEWEST) {
                    throw new AppException(
                            ExitCode.FAILED,
                            "shard " + shard.name() + " runs PostgreSQL " + major + ", which is not supported",
                            "Isochron captures PostgreSQL " + OLDEST + " to " + NEWEST + ".");
                }
                String other = seen.put(identity.systemIdentifier(), shard.name());
                if (other != null) {
                    throw new AppException(
                            ExitCode.CONFIG,
                            "shards " + other + " and " + shard.name() + " are the same database (system identifier "
                                    + identity.systemIdentifier() + ")",
                            "correct the connection of one of them.");
                }
                shards.add(new ShardIdentity(
                        shard.name(),
                        identity.systemIdentifier(),
                        major,
                        segmentBytes(connection.show("wal_segment_size"))));
            }
        }
        return shards;
    }

    /** Reads the display form of a size in MB or GB, which is all that wal_segment_size can be. */
    static int segmentBytes(String shown) {
        int number = Integer.parseInt(shown.replaceAll("[^0-9]", ""));
        return shown.endsWith("GB") ? number << 30 : number << 20;
    }
}
