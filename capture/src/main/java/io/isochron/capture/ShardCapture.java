package io.isochron.capture;

import io.isochron.objects.StoreException;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wire.PostgresException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Captures one shard until it is stopped: sessions one after another, each from the repository's position on. It stops by itself only with an alarm that a person has to look at.
 */
public final class ShardCapture implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShardCapture.class);
    private static final long CONFLICT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final ShardSource source;
    private final Repository repository;
    private final CaptureOptions options;
    private final byte[] memory;
    private final ShardClock clock = new ShardClock();
    private final ShardMonitor monitor;
    private final CatalogObserver catalog;
    private final Thread thread;
    private final Thread observer;
    private final LedgerKeeper ledger;
    private final Thread keeper;
    private final CaptureLease lease;
    private final StandbyChoice standbys;
    private volatile boolean stopping;
    private @Nullable SynchronousShard synchronous;
    private volatile FenceService.@Nullable Member fenceMember;
    private boolean streamedOnce;
    private boolean conflicted;
    private long conflictNanos;
    private @Nullable Lsn damagedAt;

    /** Capture of a shard that has the whole memory budget of the options. */
    public ShardCapture(ShardSource source, Repository repository, CaptureOptions options) {
        this(source, repository, options, 1);
    }

    /** @param shards how many shards share the memory budget */
    ShardCapture(ShardSource source, Repository repository, CaptureOptions options, int shards) {
        this.source = source;
        this.repository = repository;
        this.options = options;
        this.memory = new byte[options.ringBytes(shards)];
        this.monitor = new ShardMonitor(source.name());
        this.lease = new CaptureLease(repository, source.name());
        this.standbys = new StandbyChoice(source.name(), options.walSource(), monitor);
        this.catalog = new CatalogObserver(source, monitor, options.catalogInterval());
        this.thread = Thread.ofPlatform()
                .name("isochron-capture-" + source.name())
                .daemon()
                .unstarted(this::run);
        this.observer =
                Thread.ofVirtual().name("isochron-catalog-" + source.name()).unstarted(catalog::run);
        this.ledger = new LedgerKeeper(repository, source.name(), monitor, options.reconnectPauseMax());
        this.keeper = Thread.ofPlatform()
                .name("isochron-ledger-" + source.name())
                .daemon()
                .unstarted(ledger);
    }

    /** Begins. Returns at once; {@link #status} tells what happens. */
    public void start() {
        thread.start();
    }

    /** What it is doing now. */
    public CaptureStatus status() {
        return monitor.status(Micros.now());
    }

    /** Asks it to stop: receive no more, make durable what was received, confirm it, end. Returns at once. */
    public void stop() {
        stopping = true;
        synchronized (monitor) {
            monitor.notifyAll();
        }
    }

    /**
     * Waits for its end, by {@link #stop} or by an alarm.
     *
     * @return whether it has ended
     */
    public boolean await(Duration time) throws InterruptedException {
        return thread.join(time);
    }

    /** Stops; whatever is not durable after 10 s (the repository may be away) is left to the next capture, for which the server keeps it. */
    @Override
    public void close() {
        stop();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(Duration.ofSeconds(10))) {
                thread.interrupt();
                thread.join();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        observer.start();
        keeper.start();
        @Nullable Thread guard = null;
        try (SynchronousShard opened = openSpool()) {
            synchronous = opened;
            guard = guard(opened);
            sessions();
            monitor.state(CaptureState.STOPPED);
        } catch (InterruptedException e) {
            monitor.state(CaptureState.STOPPED);
        } catch (IOException e) {
            fail(e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.error("capture of shard {} stopped by a fault of its own", source.name(), e);
            fail("capture of shard " + source.name() + " stopped by a fault of its own: " + e
                    + "\nhint: the log has the details; starting it again is safe");
        } finally {
            observer.interrupt();
            fenceMember = null;
            if (guard != null) {
                guard.interrupt();
            }
            ledger.stop();
            endKeeper();
            lease.release();
        }
    }

    /** What it leaves undone the next one makes up for. */
    private void endKeeper() {
        try {
            if (!keeper.join(Duration.ofSeconds(5))) {
                keeper.interrupt();
                keeper.join();
            }
        } catch (InterruptedException e) {
            keeper.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable SynchronousShard openSpool() throws IOException {
        CaptureOptions.Synchronous mode = options.synchronous();
        return mode == null
                ? null
                : new SynchronousShard(Spool.open(
                        mode.spool(),
                        source.name(),
                        ServerIdentity.known(source.name(), repository).systemIdentifier()));
    }

    /** What fences need; null before the shard has begun, and in asynchronous mode. */
    FenceService.@Nullable Member fenceMember() {
        return fenceMember;
    }

    /** Watches the shard while it is captured in synchronous mode. */
    private @Nullable Thread guard(@Nullable SynchronousShard shard) {
        CaptureOptions.Synchronous mode = options.synchronous();
        if (shard == null || mode == null) {
            return null;
        }
        SyncGuard guard = new SyncGuard(
                source, shard, monitor, mode.patience(), mode.spool().resolve(source.name()));
        fenceMember = new FenceService.Member(shard, guard);
        return Thread.ofPlatform()
                .name("isochron-guard-" + source.name())
                .daemon()
                .start(guard::run);
    }

    private void fail(@Nullable String message) {
        String text = message == null ? "unknown error" : message;
        LOG.error("capture of shard {} has stopped: {}", source.name(), text);
        monitor.error(CaptureState.FAILED, text);
    }

    /** Sessions until the stop; throws what must end capture. */
    private void sessions() throws IOException, InterruptedException {
        Backoff backoff = new Backoff(options.reconnectPauseMax());
        while (!stopping) {
            CaptureSession session = new CaptureSession(
                    source,
                    repository,
                    options,
                    memory,
                    clock,
                    catalog,
                    monitor,
                    () -> stopping,
                    !streamedOnce,
                    synchronous,
                    lease,
                    standbys);
            try {
                if (session.run() == CaptureSession.End.STOPPED) {
                    return;
                }
                continue;
            } catch (CaptureException e) {
                throw e;
            } catch (DurableArchive.ConflictException e) {
                conflict(e);
            } catch (WalDamagedException e) {
                damage(e);
            } catch (IOException e) {
                if (hopeless(e)) {
                    throw e;
                }
                retry(e.getMessage());
            } finally {
                if (session.streamed()) {
                    streamedOnce = true;
                    backoff.reset();
                }
            }
            catalog.again();
            pause(backoff.next());
        }
    }

    /** Once may be a capture that is just ending; twice within a minute is a second one at work. */
    private void conflict(DurableArchive.ConflictException e) throws CaptureException {
        long now = System.nanoTime();
        if (conflicted && now - conflictNanos < CONFLICT_NANOS) {
            throw new CaptureException(
                    e.getMessage() + ": two captures of shard " + source.name() + " are running",
                    "they use different replication slots: stop one of them",
                    e);
        }
        conflicted = true;
        conflictNanos = now;
        retry(e.getMessage());
    }

    /** Once may be the way here; twice at the same place is the server. */
    private void damage(WalDamagedException e) throws CaptureException {
        if (e.at().equals(damagedAt)) {
            throw new CaptureException(
                    "shard " + source.name() + " sends wal that is not sound: " + e.fault() + " at " + e.at(),
                    "everything before it is archived; check the server's disk and memory, and pg_waldump at this place",
                    e);
        }
        damagedAt = e.at();
        retry(e.getMessage());
    }

    private boolean hopeless(IOException e) {
        if (e instanceof StoreException) {
            return true;
        }
        if (e instanceof PostgresException server && !streamedOnce) {
            String state = server.sqlState();
            // wrong password or user, no such database, no right to replicate: waiting does not help a first start
            return state.startsWith("28") || state.equals("3D000") || state.equals("42501");
        }
        return false;
    }

    private void retry(@Nullable String message) {
        String text = message == null ? "connection lost" : message;
        LOG.warn("capture of shard {} tries again: {}", source.name(), text);
        monitor.error(CaptureState.RECONNECTING, text);
    }

    private void pause(Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        synchronized (monitor) {
            while (!stopping) {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                monitor.wait(Math.max(1, left / 1_000_000));
            }
        }
    }
}
