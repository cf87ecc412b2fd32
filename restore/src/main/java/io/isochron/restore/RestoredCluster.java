package io.isochron.restore;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A restored cluster in its target directory: started and stopped, read-only until it is released, reachable only by sockets of the user who runs it.
 * For one thread, but for connections.
 */
public final class RestoredCluster implements AutoCloseable {

    private static final Duration START = Duration.ofMinutes(5);

    private final Path target;
    private final RestoreJournal journal;
    private final RestoreOptions options;
    private final Map<String, ShardServer> servers = new TreeMap<>();

    private RestoredCluster(Path target, RestoreJournal journal, RestoreOptions options) throws IOException {
        this.target = target;
        this.journal = journal;
        this.options = options;
        for (ShardPlan shard : journal.plan().shards()) {
            RestoreJournal.ShardState state = journal.shard(shard.shard());
            ShardPaths paths = new ShardPaths(target, shard.shard());
            Path socket = ShardServer.socketDirectory(paths, state.socketDirectory());
            if (!socket.toString().equals(state.socketDirectory())) {
                journal.update(shard.shard(), old -> old.withSocket(socket.toString()));
            }
            servers.put(shard.shard(), new ShardServer(shard, paths, options, socket, state.superuser()));
        }
    }

    /**
     * Opens a restored cluster, running or not.
     *
     * @throws RestoreException if the directory holds none, or one whose restore is not finished
     */
    public static RestoredCluster open(Path target, RestoreOptions options) throws IOException {
        Path directory = target.toAbsolutePath().normalize();
        RestoreJournal journal = RestoreJournal.load(directory)
                .orElseThrow(() -> new RestoreException(
                        "directory " + directory + " holds no restored cluster",
                        "name the directory that was restored to"));
        if (!journal.phase().reached(RestorePhase.DECIDED)) {
            throw new RestoreException(
                    "the restore in " + directory + " is not finished: it has reached " + journal.phase(),
                    "run the restore again with the same plan and target");
        }
        RestoredCluster cluster = new RestoredCluster(directory, journal, options);
        for (ShardServer server : cluster.servers.values()) {
            server.attach();
        }
        return cluster;
    }

    /** What was restored. */
    public RestorePlan plan() {
        return journal.plan();
    }

    /** Where it lies. */
    public Path target() {
        return target;
    }

    /** How far it is: {@link RestorePhase#PROVEN} once every proof held, {@link RestorePhase#RELEASED} once it accepts writes. */
    public RestorePhase phase() {
        return journal.phase();
    }

    /** The shards' names, ascending. */
    public List<String> shards() {
        return List.copyOf(servers.keySet());
    }

    /** The report of the restore, if it came that far. */
    public Optional<RestoreReport> report() throws IOException {
        return ReportFile.read(target);
    }

    /** Starts every server that does not run. */
    public void start() throws IOException, InterruptedException {
        for (ShardServer server : servers.values()) {
            if (!server.attach()) {
                server.ensureSocketDirectory();
                configure(server);
                server.start();
            }
        }
        for (ShardServer server : servers.values()) {
            server.awaitPromoted(START);
        }
    }

    /** Whether all servers run. */
    public boolean running() {
        return servers.values().stream().allMatch(ShardServer::running);
    }

    /** Stops every server; files stay. */
    public void stop() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (ShardServer server : servers.values()) {
            try {
                server.attach();
                server.stop();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /**
     * Lets the cluster accept writes. It stays isolated: to put it into service, start its data directories with a configuration of your own.
     *
     * @throws RestoreException if not every proof held
     */
    public void release() throws IOException, InterruptedException {
        if (!journal.phase().reached(RestorePhase.PROVEN)) {
            throw new RestoreException(
                    "the cluster in " + target + " cannot be released: not every proof held",
                    "look at the report, and run the restore again to prove it anew");
        }
        for (ShardPlan shard : journal.plan().shards()) {
            journal.update(shard.shard(), state -> state.with(RestorePhase.RELEASED));
        }
        start();
        for (ShardServer server : servers.values()) {
            configure(server);
            server.reload();
        }
    }

    private void configure(ShardServer server) throws IOException {
        boolean released = journal.phase() == RestorePhase.RELEASED;
        server.configure(Optional.empty(), "", true, true, !released);
    }

    /** Opens a session of the superuser on a shard. Before the release it is read-only unless it says otherwise itself. */
    public Connection connection(String shard, String database) throws SQLException {
        return server(shard).plain(database);
    }

    /** A libpq connection string for a shard, for use on this host by the user who runs the servers. */
    public String connectionString(String shard, String database) {
        return server(shard).connectionString(database);
    }

    /** Runs one invariant over the cluster. */
    public Proof prove(Invariant invariant) {
        return InvariantProof.prove(invariant, new TreeMap<>(servers), options.database());
    }

    private ShardServer server(String shard) {
        ShardServer server = servers.get(shard);
        if (server == null) {
            throw new IllegalArgumentException(
                    "the restored cluster has no shard " + shard + "\nhint: its shards are " + shards());
        }
        return server;
    }

    /** Stops all servers; files stay. */
    @Override
    public void close() throws IOException {
        stop();
    }
}
