package io.isochron.app;

import io.isochron.capture.ShardSource;
import io.isochron.chronicle.Dialect;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.objects.Stores;
import io.isochron.objects.Timing;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What all commands share: configuration, repository, output. A command is made once and run once. */
abstract class Command implements Callable<Integer> {
    final Host host;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Spec
    @Nullable
    CommandSpec spec;

    private @Nullable Config config;
    private @Nullable AuditTrail trail;
    private @Nullable ObjectStore store;
    private @Nullable Stores stores;

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
        try {
            ExitCode code = run();
            end(code, "");
            return code.number();
        } catch (Exception e) {
            Failure failure = Failure.of(e);
            end(failure.code(), failure.message());
            throw e;
        } finally {
            ObjectStore opened = store;
            if (opened != null) {
                opened.close();
            }
        }
    }

    /**
     * Writes to the audit log that this command begins; its end is written by itself. To be called before anything is changed or revealed.
     *
     * @throws AppException if the repository takes no entry
     */
    final void begin(Repository repository) throws AppException {
        CommandSpec of = Objects.requireNonNull(spec);
        trail = AuditTrail.begin(
                host,
                repository,
                config().file(),
                of.qualifiedName().substring(of.root().name().length()).strip(),
                of.root().commandLine().getParseResult().originalArgs());
    }

    /** Writes to the audit log how it ended, once; for a command that must do something after that. */
    final void end(ExitCode code, String detail) {
        AuditTrail begun = trail;
        if (begun != null) {
            trail = null;
            begun.end(code, detail);
        }
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

    /** Where the repository is, without the copies that the user says are lost. */
    Placement placement() throws AppException {
        Placement placement = config().placement();
        for (String lost : common.withoutCopies) {
            if (placement.copy(lost).isEmpty() || placement.inOnePlace()) {
                throw new AppException(
                        ExitCode.USAGE,
                        "--without-copy is " + lost + ", which is not one of several copies",
                        "the copies are " + placement.describe() + ".");
            }
            placement = placement.without(lost);
        }
        return placement;
    }

    RepositoryStores stores() throws AppException {
        return stores(placement());
    }

    private RepositoryStores stores(Placement places) throws AppException {
        Stores known = stores;
        if (known == null) {
            known = new Stores(config().limits(), Timing.SYSTEM, RepositoryCopies::ephemeral);
            stores = known;
        }
        return new RepositoryStores(known, places, line -> host.err().println(line));
    }

    /** What was asked of the repository's stores so far. */
    StoreFigures storeFigures() {
        Stores known = stores;
        return new StoreFigures(known == null ? Map.of() : known.metrics());
    }

    /** Shows the result together with what was asked of the stores: always to programs, to people if it is worth a word. */
    void resultWithStores(Map<String, @Nullable Object> json, List<String> text) {
        StoreFigures figures = storeFigures();
        Map<String, @Nullable Object> all = new LinkedHashMap<>(json);
        all.put("stores", figures.json());
        List<String> lines = new ArrayList<>(text);
        lines.addAll(figures.text(common.verbose));
        output().result(all, lines);
    }

    /** The repository of the configured cluster, for reading and for documents; one of another cluster is refused. */
    Repository repository() throws AppException, IOException {
        return repository(Role.READER);
    }

    /** The same, for work that goes on where another program stopped: what it finds is durable. */
    Repository repositoryToContinue() throws AppException, IOException {
        return repository(Role.WRITER);
    }

    /** The several copies that {@link #repository} was opened in; null if it is in one place. */
    @Nullable
    ReplicatedStore copies() {
        return store instanceof ReplicatedStore replicated ? replicated : null;
    }

    /** Whether reading puts right what one of several copies has wrong. */
    boolean repairsOnReading() {
        return true;
    }

    /** Makes the place, or the several, of a repository. */
    ObjectStore newStore() throws AppException, IOException {
        ObjectStore made = stores().create();
        store = made;
        return made;
    }

    private Repository repository(Role role) throws AppException, IOException {
        return repositoryIn(placement(), role);
    }

    /** The repository, opened in these of its places. */
    Repository repositoryIn(Placement places, Role role) throws AppException, IOException {
        return repositoryIn(places, role, /* key= */ null);
    }

    /** @param key what opens it; null for the configuration's, which is read once the store is there */
    Repository repositoryIn(Placement places, Role role, @Nullable RepositoryKey key) throws AppException, IOException {
        Config config = config();
        ObjectStore opened = store;
        if (opened == null) {
            opened = stores(places).open(role);
            store = opened;
            if (opened instanceof ReplicatedStore replicated) {
                replicated.setRepairing(repairsOnReading());
            }
        }
        Repository repository =
                Repository.open(opened, key != null ? key : config.key().load(host.environment()));
        String cluster = repository.cluster().name();
        boolean strange = config.shardNames().stream()
                .allMatch(name -> repository.membership().state(name).isEmpty());
        if (!cluster.equals(config.cluster()) || strange) {
            throw new AppException(
                    ExitCode.REPOSITORY,
                    "repository " + placement().describe() + " belongs to cluster " + cluster + " with shards "
                            + String.join(", ", allShards(repository)) + ", and the configuration says "
                            + config.cluster() + " with shards "
                            + String.join(", ", config.shardNames()),
                    "name the right repository, or make a new one for this cluster with `isochron init`.");
        }
        return repository;
    }

    /** The names of all shards that ever were announced, in the order of their numbers. */
    static List<String> allShards(Repository repository) {
        return repository.cluster().shards().stream().map(ShardIdentity::name).toList();
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

    /** All shards of the configuration. */
    List<ShardSource> sources() throws AppException {
        List<ShardSource> sources = new ArrayList<>();
        for (Config.Shard shard : config().shards()) {
            sources.add(source(shard));
        }
        return sources;
    }

    /** All shards of the configuration as the file is now. */
    List<ShardSource> sourcesNow() throws IOException {
        try {
            List<ShardSource> sources = new ArrayList<>();
            for (Config.Shard shard : ConfigReader.read(common.configFile(host)).shards()) {
                sources.add(source(shard));
            }
            return sources;
        } catch (AppException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private ShardSource source(Config.Shard shard) throws AppException {
        return new ShardSource(shard.name(), settings(shard), shard.slot());
    }

    /** A shard of the configuration. */
    ShardSource source(String name) throws AppException {
        for (Config.Shard shard : config().shards()) {
            if (shard.name().equals(name)) {
                return source(shard);
            }
        }
        throw new AppException(
                ExitCode.CONFIG,
                config().file() + " names no shard " + name,
                Nearest.to(name, config().shardNames())
                        .map(near -> "did you mean " + near + "?")
                        .orElse("give it an entry with its connection under `shards`."));
    }

    /**
     * The present members of the cluster, for work that must not leave one out.
     *
     * @throws AppException if a member is missing from the configuration, or a shard there is none
     */
    List<ShardSource> members(Repository repository) throws AppException {
        requireMembers(repository);
        List<ShardSource> sources = new ArrayList<>();
        List<String> members = repository.membership().present().shards();
        for (Config.Shard shard : config().shards()) {
            if (members.contains(shard.name())) {
                sources.add(source(shard));
            } else if (repository.membership().state(shard.name()).isEmpty()) {
                throw new AppException(
                        ExitCode.CONFIG,
                        "shard " + shard.name() + " of " + config().file() + " is not a member of cluster "
                                + repository.cluster().name(),
                        "make it one with `isochron shard add " + shard.name() + "`, or take it out.");
            }
        }
        return sources;
    }

    /** Refuses a configuration that lacks a member. */
    void requireMembers(Repository repository) throws AppException {
        for (String member : repository.membership().present().shards()) {
            if (!config().shardNames().contains(member)) {
                throw new AppException(
                        ExitCode.CONFIG,
                        "shard " + member + " is a member of cluster "
                                + repository.cluster().name() + " and missing from "
                                + config().file(),
                        "give it an entry there, or end its membership with `isochron shard remove " + member + "`.");
            }
        }
    }

    Dialect dialect() throws AppException {
        return config().dialect();
    }
}
