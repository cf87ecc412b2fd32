package io.isochron.app;

import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SystemIdentity;
import java.io.IOException;
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
            "Everything in the repository is sealed by the key. Nobody can read it without, so init wants to",
            "know that you keep a copy of the key: it asks for the key's id, or takes --key-kept.",
            "",
            "Example:",
            "  isochron init --example > isochron.yaml    # then edit it",
            "  isochron init --key-kept"
        })
final class InitCommand extends Command {
    static final int OLDEST = 14;
    static final int NEWEST = 18;

    @Option(names = "--example", description = "Print a commented configuration and exit.")
    boolean example;

    @Option(
            names = "--key-kept",
            description = "I know that losing the key loses the repository, and keep a copy of it elsewhere.")
    boolean keyKept;

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
        KeyKeeping keeping = new KeyKeeping(host, config.key(), keyKept);
        keeping.requireSomebody();
        List<ShardIdentity> shards = identities(config);
        boolean newKey = config.key() instanceof KeySource.InFile file && !file.exists();
        RepositoryKey key = newKey
                ? ((KeySource.InFile) config.key()).file().create()
                : config.key().load(host.environment());
        keeping.acknowledge(key);
        Repository repository = Repository.init(
                newStore(),
                key,
                new ClusterIdentity(UUID.randomUUID(), config.cluster(), shards),
                host.clock().instant());
        begin(repository);
        List<Map<String, Object>> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        text.add("repository " + placement().describe() + " created for cluster " + config.cluster());
        text.add("key        " + key.primaryKeyId() + " in " + config.key().describe() + (newKey ? ", created" : ""));
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
        text.add("Whoever loses the key loses the repository, for good: keep a copy of "
                + config.key().describe());
        text.add("on another medium, away from the repository and from this host.");
        text.add("Next: isochron check, then isochron capture");
        output().result(
                        Json.object(
                                "cluster",
                                config.cluster(),
                                "repository",
                                placement().describe(),
                                "keyFile",
                                config.key() instanceof KeySource.InFile file ? file.path() : null,
                                "keyVariable",
                                config.key() instanceof KeySource.InVariable in ? in.name() : null,
                                "key",
                                key.primaryKeyId(),
                                "keyCreated",
                                newKey,
                                "shards",
                                json),
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
