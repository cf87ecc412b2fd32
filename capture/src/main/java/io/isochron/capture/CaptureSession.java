package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import io.isochron.wire.PostgresException;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SlotState;
import io.isochron.wire.WalStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One shard's capture from connecting to the end of the connection. It begins with nothing but the repository's word for the position and ends with everything it received made durable, so the next
 * session, in this process or another, simply goes on.
 */
final class CaptureSession {
    private static final Duration FINISH = Duration.ofSeconds(2);
    private static final long SLOT_LOOK_MILLIS = 200;

    /** {@code wal_sender_timeout} is 60 s by default: so long may the walsender of a connection that we have lost hold the slot. */
    private static final Duration OWN_SLOT_PATIENCE = Duration.ofSeconds(90);

    /** How a session ended without an error. */
    enum End {
        STOPPED,
        /** A new session goes on at once: on the next timeline, at another address, or behind segments that another capture wrote until a moment ago. */
        GO_ON
    }

    private final ShardSource shard;
    private final Repository repository;
    private final CaptureOptions options;
    private final byte[] memory;
    private final ShardClock clock;
    private final CatalogObserver catalog;
    private final ShardMonitor monitor;
    private final BooleanSupplier stop;
    private final boolean first;
    private final @Nullable SynchronousShard synchronous;
    private final CaptureLease lease;
    private final StandbyChoice standbys;
    /** The shard; from the moment on that its primary is found, at that place only. */
    private ShardSource source;

    private boolean streamed;

    /**
     * @param memory for the ring
     * @param stop asked often; true ends the session
     * @param first whether this process has not streamed this shard yet: then what looks like a wrong configuration is an error, later it may pass
     * @param synchronous null in asynchronous mode
     */
    CaptureSession(
            ShardSource source,
            Repository repository,
            CaptureOptions options,
            byte[] memory,
            ShardClock clock,
            CatalogObserver catalog,
            ShardMonitor monitor,
            BooleanSupplier stop,
            boolean first,
            @Nullable SynchronousShard synchronous,
            CaptureLease lease,
            StandbyChoice standbys) {
        this.shard = source;
        this.source = source;
        this.repository = repository;
        this.options = options;
        this.memory = memory;
        this.clock = clock;
        this.catalog = catalog;
        this.monitor = monitor;
        this.stop = stop;
        this.first = first;
        this.synchronous = synchronous;
        this.lease = lease;
        this.standbys = standbys;
    }

    /** Whether this session came as far as streaming. */
    boolean streamed() {
        return streamed;
    }

    /**
     * Captures until the stop is asked for or something ends the connection.
     *
     * @throws CaptureException if a person has to look
     * @throws WalDamagedException if what came was not sound WAL; it was not archived
     * @throws DurableArchive.ConflictException if another capture wrote the chronicle meanwhile
     * @throws IOException if trying again may help
     */
    End run() throws IOException, WalDamagedException, InterruptedException {
        monitor.state(CaptureState.CONNECTING);
        SpoolReplay.Tail tail = synchronous == null
                ? null
                : new SpoolReplay(shard, repository, options, memory, synchronous, monitor)
                        .run()
                        .orElse(null);
        PrimaryFinder.Primary found = new PrimaryFinder(source, repository, monitor, first).find();
        source = found.source();
        ServerIdentity server = found.server();
        try (ReplicationConnection control = found.control();
                FailoverWatch watch = new FailoverWatch(shard, source.settings(), server)) {
            StoredPosition position = position(control, server);
            monitor.position(position.timeline(), position.position(), position.segments());
            monitor.serverEnd(control.identifySystem().flushed());
            StreamErrors errors = new StreamErrors(source, server.walSegmentSizeBytes());
            boolean historic = position.timeline() != server.timeline();
            WalRing ring = new WalRing(memory, position.position());
            preload(ring, position, tail, historic);
            try (WalPlace place = place(found, position, historic, ring.received(), errors)) {
                if (position.superseded(repository, source.name())) {
                    return End.GO_ON;
                }
                streamed = true;
                monitor.streaming();
                if (synchronous != null) {
                    synchronous.begin(place.stream(), position.timeline(), ring.received());
                }
                return stream(place, ring, position, historic, found, errors, watch);
            } finally {
                if (synchronous != null) {
                    synchronous.end();
                }
            }
        }
    }

    /** In synchronous mode the session's own spool begins, with what the last one's held of a record whose rest had not come. */
    private void preload(WalRing ring, StoredPosition position, SpoolReplay.@Nullable Tail tail, boolean historic)
            throws IOException, InterruptedException {
        if (synchronous == null) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(0);
        if (tail != null
                && !historic
                && tail.timeline() == position.timeline()
                && tail.start().equals(position.position())
                && ring.put(tail.start(), tail.bytes().duplicate(), 0)) {
            bytes = tail.bytes();
        }
        synchronous.spool().restart(position.timeline(), position.position(), bytes);
    }

    @SuppressWarnings("try") // both work beside the receiver until they are closed; nothing asks them
    private End stream(
            WalPlace place,
            WalRing ring,
            StoredPosition position,
            boolean historic,
            PrimaryFinder.Primary primary,
            StreamErrors errors,
            FailoverWatch watch)
            throws IOException, WalDamagedException, InterruptedException {
        PendingSafePoints safePoints = new PendingSafePoints();
        ArchiveWriter writer = new ArchiveWriter(
                source.name(),
                position,
                ring,
                new DurableArchive(repository, source.name(), monitor, options.reconnectPauseMax()),
                clock,
                safePoints,
                catalog,
                synchronous,
                monitor,
                options.objectAge(),
                options.idleInterval(),
                options.objectBytes(memory.length),
                HostClock.SYSTEM);
        WriterThread thread = new WriterThread(source.name(), writer);
        PrimaryProbe probe = new PrimaryProbe(
                source.name(),
                PrimaryProbe.overSql(source, position.timeline()),
                clock,
                safePoints,
                monitor,
                options.probeInterval(),
                HostClock.SYSTEM);
        BooleanSupplier change = () -> place.standby()
                ? probe.tooLate(ring.received())
                : standbys.retryDue() && !primary.standbys().isEmpty();
        try (PrimaryProbe asking = place.standby() ? probe.start() : probe;
                OtherSlots slots = new OtherSlots(otherPlaces(place, primary), writer::durable)) {
            WalReceiver receiver = new WalReceiver(
                    WalLine.of(place.stream()),
                    ring,
                    clock,
                    safePoints,
                    new FlushQuestion(primary.control()),
                    historic,
                    monitor,
                    writer::durable,
                    () -> stop.getAsBoolean() || thread.failed() || watch.promotedElsewhere() || change.getAsBoolean(),
                    place.standby() ? null : options.probeInterval(),
                    synchronous,
                    HostClock.SYSTEM);
            IOException lost = null;
            WalReceiver.Ended ended = new WalReceiver.Ended.Stopped();
            try {
                ended = receiver.run();
            } catch (IOException e) {
                lost = e;
            }
            ring.end();
            thread.await();
            if (lost != null && place.standby()) {
                standbys.avoid(place.source().settings(), String.valueOf(lost.getMessage()));
                throw lost;
            }
            if (lost != null) {
                throw errors.explain(lost, position.timeline(), writer.durable(), monitor.serverEnd());
            }
            return switch (ended) {
                case WalReceiver.Ended.Stopped ignored -> {
                    receiver.confirmLast();
                    place.stream().finish(FINISH);
                    if (place.standby() && probe.tooLate(ring.received())) {
                        standbys.avoid(
                                place.source().settings(),
                                "wal came more than " + PrimaryProbe.LATE.toMillis()
                                        + " ms after the primary had flushed it");
                    }
                    yield stop.getAsBoolean() ? End.STOPPED : End.GO_ON;
                }
                case WalReceiver.Ended.TimelineOver over -> {
                    if (!writer.durable().equals(over.switchPoint())) {
                        throw new CaptureException(
                                "PostgreSQL timeline " + position.timeline() + " of shard " + source.name()
                                        + " ends at " + over.switchPoint() + ", but its wal came up to "
                                        + writer.durable(),
                                "a standby was promoted that had not received everything; begin a new repository for the new line");
                    }
                    yield End.GO_ON;
                }
            };
        } finally {
            thread.end();
        }
    }

    /** Where the WAL comes from. */
    private record WalPlace(ShardSource source, boolean standby, ReplicationConnection connection, WalStream stream)
            implements AutoCloseable {
        @Override
        public void close() {
            try (connection) {
                stream.close();
            }
        }
    }

    /** A standby, if one is wanted and can be used, else the primary. */
    private WalPlace place(
            PrimaryFinder.Primary primary, StoredPosition position, boolean historic, Lsn from, StreamErrors errors)
            throws IOException, InterruptedException {
        Optional<ShardSource> standby = historic ? Optional.empty() : standbys.choose(primary.standbys());
        if (standby.isPresent()) {
            try {
                WalPlace place = open(standby.get(), true, position, from, errors, primary.control());
                monitor.notice("wal of shard " + source.name() + " is taken from standby "
                        + standby.get().settings().where());
                return place;
            } catch (CaptureException e) {
                throw e;
            } catch (IOException e) {
                standbys.avoid(standby.get().settings(), String.valueOf(e.getMessage()));
            }
        }
        return open(source, false, position, from, errors, primary.control());
    }

    private WalPlace open(
            ShardSource at,
            boolean standby,
            StoredPosition position,
            Lsn from,
            StreamErrors errors,
            ReplicationConnection control)
            throws IOException, InterruptedException {
        ReplicationConnection connection =
                ReplicationConnection.open(at.settings().withApplicationName("isochron"));
        try {
            if (standby && connection.readSlot(at.slot()).isEmpty()) {
                connection.createPhysicalSlot(at.slot(), true);
            }
            return new WalPlace(at, standby, connection, acquire(connection, standby, position, from, errors, control));
        } catch (IOException | InterruptedException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** Where capture may have slots besides the place that it streams from; nowhere unless WAL is to come from standbys. */
    private List<ShardSource> otherPlaces(WalPlace place, PrimaryFinder.Primary primary) {
        List<ShardSource> others = new ArrayList<>();
        if (standbys.wanted()) {
            others.add(primary.source());
            others.addAll(primary.standbys());
            others.remove(place.source());
        }
        return others;
    }

    private StoredPosition position(ReplicationConnection control, ServerIdentity server)
            throws IOException, WalDamagedException, InterruptedException {
        WalFormat format = WalFormat.of(server.major());
        int segmentSize = server.walSegmentSizeBytes();
        Optional<StoredPosition> stored = StoredPosition.load(repository, source.name(), format, segmentSize);
        Optional<SlotState> slot = control.readSlot(source.slot());
        if (slot.isEmpty()) {
            slot = Optional.of(control.createPhysicalSlot(source.slot(), true));
            if (stored.isPresent()) {
                monitor.notice("replication slot " + source.slot() + " of shard " + source.name()
                        + " was missing and was made anew; capture goes on at "
                        + stored.get().position());
            }
        }
        DurableArchive archive = new DurableArchive(repository, source.name(), monitor, options.reconnectPauseMax());
        StoredPosition at =
                stored.isPresent() ? stored.get() : persisted(begin(control, server, slot.get(), format), archive);
        at = new OrphanAdoption(repository, source.name(), archive, monitor).adoptAll(at);
        return onServersLine(control, server, leaveAbandonedBranch(control, server, at, archive));
    }

    /** The position of the first start: the beginning of the WAL segment that the slot keeps. */
    private StoredPosition begin(ReplicationConnection control, ServerIdentity server, SlotState slot, WalFormat format)
            throws IOException {
        Lsn restart = slot.restartLsn();
        int timeline = slot.restartTimeline() == 0 ? server.timeline() : slot.restartTimeline();
        Lsn kept = restart == null ? control.identifySystem().flushed() : restart;
        Lsn start = WalFileName.holding(timeline, kept, server.walSegmentSizeBytes())
                .start();
        new TimelineFollower(repository, source.name(), control).archiveHistories(server.timeline());
        return StoredPosition.first(
                source.name(),
                format,
                server.walSegmentSizeBytes(),
                timeline,
                start,
                PreparedAtStart.read(source, start, monitor));
    }

    /** After a failover to a standby that lacked what is archived: back to where its line left ours, if that is wanted. */
    private StoredPosition leaveAbandonedBranch(
            ReplicationConnection control, ServerIdentity server, StoredPosition at, DurableArchive archive)
            throws IOException, WalDamagedException, InterruptedException {
        boolean several = shard.settings().places().size() > 1;
        if (!options.abandonedBranch().follow(several)) {
            return at;
        }
        Optional<Lsn> branchPoint = new TimelineFollower(repository, source.name(), control)
                .branchPoint(at.timeline(), at.position(), server.timeline());
        if (branchPoint.isEmpty()) {
            return at;
        }
        monitor.notice("the standby of shard " + source.name() + " that was promoted to PostgreSQL timeline "
                + server.timeline() + " lacked wal of timeline " + at.timeline() + " from " + branchPoint.get() + " to "
                + at.position()
                + ", which is archived: it is kept as an abandoned branch, and the shard's history goes on from "
                + branchPoint.get());
        return at.backTo(
                branchPoint.get(),
                repository,
                source.name(),
                WalFormat.of(server.major()),
                server.walSegmentSizeBytes(),
                archive);
    }

    /** In synchronous mode WAL is confirmed before the repository has any: it must know where the spool begins. */
    private StoredPosition persisted(StoredPosition begin, DurableArchive archive)
            throws IOException, InterruptedException {
        if (synchronous == null) {
            return begin;
        }
        long now = Micros.now();
        archive.segment(begin.indexer().cut(begin.position(), now, now));
        return new StoredPosition(begin.timeline(), begin.position(), begin.segments() + 1, begin.indexer());
    }

    private StoredPosition onServersLine(ReplicationConnection control, ServerIdentity server, StoredPosition at)
            throws IOException {
        int timeline = new TimelineFollower(repository, source.name(), control)
                .timelineFrom(at.timeline(), at.position(), server.timeline());
        if (timeline == at.timeline()) {
            return at;
        }
        at.indexer().builder().timeline(timeline);
        return new StoredPosition(timeline, at.position(), at.segments(), at.indexer());
    }

    /** Starts streaming. A slot that is in use is asked for again for a while: the walsender of a dead connection may still hold it. */
    private WalStream acquire(
            ReplicationConnection connection,
            boolean standby,
            StoredPosition position,
            Lsn from,
            StreamErrors errors,
            ReplicationConnection control)
            throws IOException, InterruptedException {
        Duration patience = first || options.slotPatience().compareTo(OWN_SLOT_PATIENCE) > 0
                ? options.slotPatience()
                : OWN_SLOT_PATIENCE;
        long start = System.nanoTime();
        while (true) {
            try {
                WalStream stream = connection.startPhysical(source.slot(), from, position.timeline());
                lease.taken();
                return stream;
            } catch (PostgresException e) {
                if (standby && !e.sqlState().equals(PostgresException.OBJECT_IN_USE)) {
                    throw e;
                }
                if (!e.sqlState().equals(PostgresException.OBJECT_IN_USE)) {
                    throw errors.explain(
                            e,
                            position.timeline(),
                            position.position(),
                            control.identifySystem().flushed());
                }
                if (System.nanoTime() - start > patience.toNanos() || stop.getAsBoolean()) {
                    throw errors.slotInUse(e, lease.holder());
                }
            }
            TimeUnit.MILLISECONDS.sleep(SLOT_LOOK_MILLIS);
        }
    }
}
