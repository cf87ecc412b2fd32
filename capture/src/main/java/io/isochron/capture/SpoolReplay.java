package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Brings what a shard's spool holds and the repository lacks into the repository, before, and without, a connection to the server: the server may be lost, and its clients were told that this is safe. */
final class SpoolReplay {
    private final ShardSource source;
    private final Repository repository;
    private final CaptureOptions options;
    private final byte[] memory;
    private final SynchronousShard synchronous;
    private final ShardMonitor monitor;

    /** The beginning of a record whose rest had not arrived: in the spool, not in the repository. */
    record Tail(int timeline, Lsn start, ByteBuffer bytes) {}

    /** @param memory for the ring, not in use by anything else */
    SpoolReplay(
            ShardSource source,
            Repository repository,
            CaptureOptions options,
            byte[] memory,
            SynchronousShard synchronous,
            ShardMonitor monitor) {
        this.source = source;
        this.repository = repository;
        this.options = options;
        this.memory = memory;
        this.synchronous = synchronous;
        this.monitor = monitor;
    }

    /**
     * Archives all complete records of the spool.
     *
     * @return the rest, if there is one; the spool still holds everything
     * @throws CaptureException if the spool does not go on where the repository ends
     */
    Optional<Tail> run() throws IOException, WalDamagedException, InterruptedException {
        ShardIdentity identity = ServerIdentity.known(source.name(), repository);
        WalFormat format = WalFormat.of(identity.postgresMajor());
        Optional<StoredPosition> stored =
                StoredPosition.load(repository, source.name(), format, identity.walSegmentSizeBytes());
        if (stored.isEmpty()) {
            return Optional.empty();
        }
        DurableArchive archive = new DurableArchive(repository, source.name(), monitor, options.reconnectPauseMax());
        StoredPosition position =
                new OrphanAdoption(repository, source.name(), archive, monitor).adoptAll(stored.get());
        Feed feed = new Feed(position, archive);
        try {
            synchronous.spool().replay(feed);
            return feed.finish();
        } finally {
            feed.end();
        }
    }

    /** Frames into a writer of its own, begun with the first frame that is of use. */
    private final class Feed implements SpoolFile.FrameHandler {
        private StoredPosition position;
        private final DurableArchive archive;
        private final ByteArrayOutputStream last = new ByteArrayOutputStream();
        private Lsn lastStart = Lsn.INVALID;
        private @Nullable WalRing ring;
        private @Nullable ArchiveWriter writer;
        private @Nullable WriterThread thread;

        Feed(StoredPosition position, DurableArchive archive) {
            this.position = position;
            this.archive = archive;
        }

        @Override
        public void frame(int timeline, Lsn at, ByteBuffer payload) throws IOException, InterruptedException {
            Lsn end = at.plus(payload.remaining());
            WalRing open = ring;
            Lsn reached = open == null ? position.position() : open.received();
            if (Integer.compareUnsigned(timeline, position.timeline()) < 0
                    || (timeline == position.timeline() && !end.isAfter(reached))) {
                return;
            }
            if (timeline != position.timeline()) {
                if (open != null || at.isAfter(reached)) {
                    throw hole(at, reached, timeline);
                }
                position.indexer().builder().timeline(timeline);
                position = new StoredPosition(timeline, position.position(), position.segments(), position.indexer());
                if (!end.isAfter(reached)) {
                    return;
                }
            }
            if (at.isAfter(reached)) {
                throw hole(at, reached, timeline);
            }
            ByteBuffer fresh = payload.position((int) reached.minus(at)).slice();
            if (open == null) {
                open = begin();
            }
            keep(fresh.duplicate());
            WriterThread writing = thread;
            while (!open.put(reached, fresh, TimeUnit.MILLISECONDS.toNanos(100))) {
                if (writing != null && writing.failed()) {
                    return;
                }
            }
        }

        private CaptureException hole(Lsn at, Lsn reached, int timeline) {
            return new CaptureException(
                    "the spool of shard " + source.name() + " goes on at " + at + " of PostgreSQL timeline " + timeline
                            + ", the repository ends at " + reached + " of timeline " + position.timeline()
                            + ": wal that was confirmed to the server is missing",
                    "was an older state of the repository or of the spool brought back? Bring the other one back too");
        }

        private WalRing begin() {
            WalRing opened = new WalRing(memory, position.position());
            ArchiveWriter archiving = new ArchiveWriter(
                    source.name(),
                    position,
                    opened,
                    archive,
                    new ShardClock(),
                    new PendingSafePoints(),
                    ArchiveWriter.Catalog.NONE,
                    null,
                    monitor,
                    options.objectAge(),
                    options.idleInterval(),
                    options.objectBytes(memory.length),
                    HostClock.SYSTEM);
            ring = opened;
            writer = archiving;
            thread = new WriterThread(source.name(), archiving);
            lastStart = position.position();
            return opened;
        }

        /** Keeps what the writer may leave as an unfinished record. */
        private void keep(ByteBuffer bytes) {
            ArchiveWriter archiving = writer;
            if (archiving != null && archiving.durable().isAfter(lastStart)) {
                byte[] held = last.toByteArray();
                int gone = (int) Math.min(held.length, archiving.durable().minus(lastStart));
                last.reset();
                last.write(held, gone, held.length - gone);
                lastStart = lastStart.plus(gone);
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            last.writeBytes(copy);
        }

        Optional<Tail> finish() throws IOException, WalDamagedException, InterruptedException {
            WalRing open = ring;
            WriterThread writing = thread;
            ArchiveWriter archiving = writer;
            if (open == null || writing == null || archiving == null) {
                return Optional.empty();
            }
            open.end();
            writing.await();
            Lsn durable = archiving.durable();
            long bytes = durable.minus(position.position());
            if (bytes > 0) {
                monitor.notice("wal of shard " + source.name() + " from " + position.position() + " to " + durable
                        + " was confirmed before the last capture ended and came out of the spool");
            }
            int gone = (int) durable.minus(lastStart);
            byte[] held = last.toByteArray();
            return gone == held.length
                    ? Optional.empty()
                    : Optional.of(new Tail(
                            position.timeline(),
                            durable,
                            ByteBuffer.wrap(held, gone, held.length - gone).slice()));
        }

        void end() throws InterruptedException {
            WriterThread writing = thread;
            if (writing != null) {
                writing.end();
            }
        }
    }
}
