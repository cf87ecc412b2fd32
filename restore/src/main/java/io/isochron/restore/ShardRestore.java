package io.isochron.restore;

import io.isochron.instance.RunAs;
import io.isochron.store.Repository;
import io.isochron.store.SnapshotReader;
import io.isochron.wal.Lsn;
import io.isochron.wire.FeedProgress;
import io.isochron.wire.WalFeedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Brings one shard from nothing to its place in the cut: fetch, replay up to the snapshot's end, count, replay up to the boundary, promote, decide.
 * Begins wherever the journal says an earlier run stopped. For one thread.
 */
final class ShardRestore {

    private static final long POLL_MILLIS = 10;
    private static final Duration PROMOTION = Duration.ofMinutes(10);

    /** It lets sessions in at once if it can at all; this is for a host that is overloaded. */
    private static final Duration HOT_STANDBY_PATIENCE = Duration.ofSeconds(20);

    private static final Duration STALL = Duration.ofMinutes(10);

    private final Repository repository;
    private final RestoreJournal journal;
    private final ShardPlan plan;
    private final ShardPaths paths;
    private final RestoreOptions options;
    private final Workers workers;
    private final RestoreClock clock;
    private final ShardServer server;
    private long phaseBegin = System.nanoTime();

    ShardRestore(
            Repository repository,
            RestoreJournal journal,
            ShardPlan plan,
            ShardPaths paths,
            RestoreOptions options,
            Workers workers,
            RestoreClock clock)
            throws IOException {
        this.repository = repository;
        this.journal = journal;
        this.plan = plan;
        this.paths = paths;
        this.options = options;
        this.workers = workers;
        this.clock = clock;
        this.server = new ShardServer(
                plan,
                paths,
                options,
                socketDirectory(),
                journal.shard(plan.shard()).superuser());
    }

    ShardServer server() {
        return server;
    }

    ShardPlan plan() {
        return plan;
    }

    private Path socketDirectory() throws IOException {
        String known = journal.shard(plan.shard()).socketDirectory();
        Path chosen = ShardServer.socketDirectory(paths, known);
        if (!chosen.toString().equals(known)) {
            journal.update(plan.shard(), state -> state.withSocket(chosen.toString()));
        }
        return chosen;
    }

    /** Goes on until every branch in doubt is decided; the server runs when this returns. */
    void run() throws IOException, InterruptedException, SQLException {
        if (!phase().reached(RestorePhase.DECIDED)) {
            server.stopLeftover();
        }
        if (!phase().reached(RestorePhase.FETCHED)) {
            fetch();
        }
        if (!phase().reached(RestorePhase.CONSISTENT)) {
            prepare();
        }
        if (!phase().reached(RestorePhase.PROMOTED)) {
            if (Files.exists(paths.standbySignal())) {
                replay();
            } else {
                requireReplayed();
                startPromoted(false);
            }
            InDoubtSettlement settlement = settlement();
            settlement.compare();
            reached(RestorePhase.PROMOTED);
        }
        if (!server.attach()) {
            startPromoted(phase().reached(RestorePhase.PROVEN));
        }
        if (!phase().reached(RestorePhase.DECIDED)) {
            settlement().settle();
            reached(RestorePhase.DECIDED);
        }
    }

    InDoubtSettlement settlement() {
        return new InDoubtSettlement(plan.shard(), server, plan.decisions());
    }

    private RestorePhase phase() {
        return journal.shard(plan.shard()).phase();
    }

    private void reached(RestorePhase phase) throws IOException {
        clock.reached(phase, plan.shard(), phaseBegin);
        phaseBegin = System.nanoTime();
        journal.update(plan.shard(), state -> state.with(phase));
    }

    private void fetch() throws IOException, InterruptedException {
        SnapshotReader snapshot = repository.snapshots().open(plan.snapshotId());
        AtomicLong written = new AtomicLong();
        new ShardFetch(
                        snapshot,
                        paths,
                        workers,
                        bytes -> clock.progress(plan.shard(), "fetch", written.addAndGet(bytes), plan.snapshotBytes()))
                .fetch();
        reached(RestorePhase.FETCHED);
    }

    /**
     * Makes a standby of the files; again, if this was not finished. Not part of fetching, which compares what is there with the snapshot when it goes on after a crash.
     */
    private void prepare() throws IOException {
        AutoConf.annotate(paths.data());
        RunAs.current().own(paths.root());
        server.markStandby();
    }

    /** The server removes its own standby mark when it is promoted, which is asked of it only after everything was replayed. */
    private void requireReplayed() throws RestoreException {
        if (!phase().reached(RestorePhase.REPLAYED)) {
            throw new RestoreException(
                    "restored shard " + plan.shard() + " has lost " + paths.standbySignal()
                            + " before its WAL was replayed",
                    "somebody else used the target; empty it and restore again");
        }
    }

    private void startPromoted(boolean durable) throws IOException, InterruptedException {
        server.configure(Optional.empty(), "", true, durable, true);
        server.start();
        server.awaitPromoted(PROMOTION);
    }

    private void replay() throws IOException, InterruptedException, SQLException {
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        String password = HexFormat.of().formatHex(secret);
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0);
        try (ArchiveFeedSource source = new ArchiveFeedSource(repository, plan);
                WalFeedServer feed = new WalFeedServer(loopback, source, password)) {
            server.configure(Optional.of((InetSocketAddress) feed.address()), password, true, false, true);
            source.advance(phase().reached(RestorePhase.CONSISTENT) ? plan.boundary() : plan.consistent());
            server.start();
            if (!phase().reached(RestorePhase.CONSISTENT)) {
                if (options.countRows()) {
                    await(source, feed, plan.consistent());
                    count();
                }
                reached(RestorePhase.CONSISTENT);
            }
            source.advance(plan.boundary());
            await(source, feed, plan.boundary());
            requireExact(feed);
            if (!phase().reached(RestorePhase.REPLAYED)) {
                reached(RestorePhase.REPLAYED);
            }
            server.requestPromotion();
            server.awaitPromoted(PROMOTION);
        }
        server.configure(Optional.empty(), "", true, false, true);
        server.reload();
    }

    private void await(ArchiveFeedSource source, WalFeedServer feed, Lsn end) throws IOException, InterruptedException {
        long total = plan.boundary().minus(plan.walStart());
        Lsn last = Lsn.INVALID;
        long moved = System.nanoTime();
        while (true) {
            FeedProgress progress = feed.progress();
            Lsn applied = progress.applied();
            if (!applied.isBefore(end)) {
                clock.progress(plan.shard(), "replay", end.minus(plan.walStart()), total);
                return;
            }
            IOException failure = source.failure();
            if (failure != null) {
                throw failure;
            }
            server.requireRunning();
            if (!applied.equals(last)) {
                last = applied;
                moved = System.nanoTime();
                clock.progress(plan.shard(), "replay", Math.max(0, applied.minus(plan.walStart())), total);
            } else if (!progress.flushed().isBefore(end) && System.nanoTime() - moved > STALL.toNanos()) {
                throw new RestoreException(
                        "restored shard " + plan.shard() + " has all WAL up to " + end + " and stays at " + applied,
                        "the position is no record's end, or replay waits for something; look at " + paths.log());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Counts rows, if the server can answer queries where it is. */
    private void count() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + HOT_STANDBY_PATIENCE.toNanos();
        while (!server.connectable()) {
            server.requireRunning();
            if (System.nanoTime() - deadline > 0) {
                String why =
                        "the snapshot's end shows no complete list of running transactions, so that queries could not be answered there";
                journal.update(plan.shard(), state -> state.counted(plan.consistent(), null, why));
                return;
            }
            Thread.sleep(POLL_MILLIS);
        }
        Lsn at = server.replayed();
        try {
            List<TableCount> counts = TableCounter.count(server);
            if (!server.replayed().equals(at)) {
                throw new RestoreException(
                        "restored shard " + plan.shard() + " went on from " + at + " to " + server.replayed()
                                + " while its rows were counted",
                        "keep the target and report it; a restore without counting rows does not need this");
            }
            journal.update(plan.shard(), state -> state.counted(at, counts, null));
        } catch (SQLException e) {
            throw new RestoreException(
                    "rows of the restored shard " + plan.shard() + " cannot be counted: " + e.getMessage(),
                    "look at " + paths.log() + ", or restore without counting rows",
                    e);
        }
        Optional<String> role = server.superuser();
        if (role.isPresent()) {
            journal.update(plan.shard(), state -> state.withSuperuser(role.get()));
        }
    }

    private void requireExact(WalFeedServer feed) throws IOException {
        Lsn replayed =
                server.connectable() ? server.replayed() : feed.progress().applied();
        if (!replayed.equals(plan.boundary())) {
            throw new RestoreException(
                    "restored shard " + plan.shard() + " was replayed up to " + replayed + ", not exactly to "
                            + plan.boundary(),
                    "the copy must not be used; keep the target and report it");
        }
    }
}
