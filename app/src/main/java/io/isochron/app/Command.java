package io.isochron.app;

import io.isochron.capture.ShardSource;
import io.isochron.chronicle.Dialect;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** What all commands share: configuration, repository, output. A command is made once and run once. */
abstract class Command implements Callable<Integer> {
    final Host host;

    @Mixin
    CommonOptions common = new CommonOptions();

    private @Nullable Config config;

    Command(Host host) {
        this.host = host;
    }

    /** Does the work. */
    abstract ExitCode run() throws Exception;

    @Override
    public final Integer call() throws Exception {
        Logs.configure(host.err(), common.verbose);
        if (common.output == Output.Form.csv && !givesCsv()) {
            throw new AppException(
                    ExitCode.USAGE, "--output is csv, which this command does not give", "use text or json.");
        }
        return run().number();
    }

    /** Whether {@code --output csv} is understood. */
    boolean givesCsv() {
        return false;
    }

    Output output() {
        return new Output(common.output, host.out());
    }

    Progress progress() {
        return new Progress(host);
    }

    Config config() throws AppException {
        Config known = config;
        if (known == null) {
            known = ConfigReader.read(common.configFile(host));
            config = known;
        }
        return known;
    }

    /** The repository of the configured cluster; one of another cluster is refused. */
    Repository repository() throws AppException, IOException {
        Config config = config();
        Repository repository =
                Repository.open(FileSystemStore.open(config.repositoryPath()), RepositoryKey.load(config.keyFile()));
        ClusterIdentity cluster = repository.cluster();
        List<String> known = cluster.shards().stream().map(ShardIdentity::name).toList();
        if (!cluster.name().equals(config.cluster()) || !known.equals(config.shardNames())) {
            throw new AppException(
                    ExitCode.REPOSITORY,
                    "repository " + config.repositoryPath() + " belongs to cluster " + cluster.name() + " with shards "
                            + String.join(", ", known) + ", and the configuration says " + config.cluster()
                            + " with shards "
                            + String.join(", ", config.shardNames()),
                    "name the right repository, or make a new one for this cluster with `isochron init`.");
        }
        return repository;
    }

    /** How to connect to a shard, with the environment's PG* variables, passwords and services applied. */
    ConnectionSettings settings(Config.Shard shard) throws AppException {
        try {
            return ConnectionSettings.parse(shard.connection(), host.environment())
                    .toPrimary()
                    .withApplicationName("isochron");
        } catch (IllegalArgumentException e) {
            Failure failure = Failure.of(e);
            throw new AppException(
                    ExitCode.CONFIG, "connection of shard " + shard.name() + ": " + failure.message(), failure.hint());
        }
    }

    /** All shards, as capture, backup and check want them. */
    List<ShardSource> sources() throws AppException {
        List<ShardSource> sources = new ArrayList<>();
        for (Config.Shard shard : config().shards()) {
            sources.add(new ShardSource(shard.name(), settings(shard), shard.slot()));
        }
        return sources;
    }

    Dialect dialect() throws AppException {
        return config().dialect();
    }
}
