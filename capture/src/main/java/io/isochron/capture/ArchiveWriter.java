package io.isochron.capture;

import io.isochron.chronicle.ClockStep;
import io.isochron.chronicle.EncodedSegment;
import io.isochron.chronicle.FenceMark;
import io.isochron.chronicle.RelationObservation;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.objects.CrashPoint;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of one shard's capture: parses what is in the ring, cuts it by age and size, and makes it durable in the one right order: WAL object, chronicle segment, position. Runs on one
 * thread from one connection to the next.
 */
final class ArchiveWriter {
    /** Bytes parsed between two looks at the clock: about a millisecond's work. */
    private static final int STEP_BYTES = 256 * 1024;

    /** In synchronous mode WAL is parsed in batches of this time. */
    private static final long BATCH_MILLIS = 20;
    /** How often it is looked for what may be due although nothing arrives. */
    private static final long LOOK_NANOS = 50_000_000;

    /** Where observations of the catalog come from, and who wants to know that storage was created. */
    interface Catalog {
        /** What was observed since the last call; bounded. */
        List<RelationObservation> take();

        /** Whether {@link #take} would give something. */
        boolean ready();

        /** The WAL shows that storage was created, so names are worth reading soon. */
        void storageCreated();

        /** Observes nothing. */
        Catalog NONE = new Catalog() {
            @Override
            public List<RelationObservation> take() {
                return List.of();
            }

            @Override
            public boolean ready() {
                return false;
            }

            @Override
            public void storageCreated() {}
        };
    }

    private final String shard;
    private final int timeline;
    private final WalRing ring;
    private final WalIndexer indexer;
    private final DurableArchive archive;
    private final ShardClock clock;
    private final PendingSafePoints safePoints;
    private final Catalog catalog;
    private final @Nullable SynchronousShard synchronous;
    private final ShardMonitor monitor;
    private final long ageNanos;
    private final long idleNanos;
    private final int objectBytes;

    private volatile Lsn durable;
    private long firstNanos;
    private final HostClock host;
    private long firstMicros;
    private long cutNanos;
    /** Whether the chronicle has a safe point. What lies before its first one may be of any age, so that one is not waited with. */
    private boolean ageKnown;

    ArchiveWriter(
            String shard,
            StoredPosition position,
            WalRing ring,
            DurableArchive archive,
            ShardClock clock,
            PendingSafePoints safePoints,
            Catalog catalog,
            @Nullable SynchronousShard synchronous,
            ShardMonitor monitor,
            Duration objectAge,
            Duration idleInterval,
            int objectBytes,
            HostClock host) {
        this.host = host;
        this.firstMicros = host.micros();
        this.cutNanos = host.nanos();
        this.shard = shard;
        this.timeline = position.timeline();
        this.ring = ring;
        this.indexer = position.indexer();
        this.archive = archive;
        this.clock = clock;
        this.safePoints = safePoints;
        this.catalog = catalog;
        this.synchronous = synchronous;
        this.monitor = monitor;
        this.ageNanos = objectAge.toNanos();
        this.idleNanos = idleInterval.toNanos();
        this.objectBytes = objectBytes;
        this.durable = position.position();
        // one without WAL may have been made in synchronous mode
        this.ageKnown = position.segments() > 1;
    }

    /** End of what is durable: WAL object and segment. */
    Lsn durable() {
        return durable;
    }

    /**
     * Works until the ring has ended and everything in it is durable.
     *
     * @throws WalDamagedException if the bytes received are not sound WAL; nothing of the unsound piece was archived
     * @throws DurableArchive.ConflictException if another capture writes this shard's chronicle
     * @throws IOException if the repository refuses for good
     */
    void run() throws IOException, WalDamagedException, InterruptedException {
        while (true) {
            if (synchronous != null && !ring.ended()) {
                // woken by every message, this thread would take the processor from those that confirm commits
                Thread.sleep(BATCH_MILLIS);
            }
            ring.awaitBeyond(indexer.fed(), waitNanos());
            if (step()) {
                return;
            }
        }
    }

    /** Takes what has arrived and makes durable what is due; true when the ring has ended and everything in it is durable. */
    boolean step() throws IOException, WalDamagedException, InterruptedException {
        boolean cutRequested = ring.takeCutRequest();
        boolean ended = ring.ended();
        parse();
        boolean all = indexer.fed().equals(ring.received());
        boolean complete = indexer.boundary().isAfter(durable);
        if (due(complete) || (all && (ended || cutRequested) && complete)) {
            cut();
        } else if (ended && all) {
            // what is left of an unfinished record is streamed again
            return true;
        }
        return false;
    }

    private void parse() throws WalDamagedException {
        Lsn from = indexer.fed();
        long room = objectBytes - held();
        Lsn to = ring.received();
        if (to.minus(from) > Math.min(room, STEP_BYTES)) {
            // page ends are safe places to cut: no record header, no padding lies across them in a way that the parser
            // cannot take up again
            long limited = from.value() + Math.min(room, STEP_BYTES);
            to = new Lsn(Math.max(from.value(), limited & -(long) WalFormat.PAGE_BYTES));
        }
        if (to.isAfter(from)) {
            if (held() == 0) {
                firstNanos = host.nanos();
                firstMicros = host.micros();
            }
            Lsn at = from;
            for (ByteBuffer bytes : ring.view(from, to)) {
                int length = bytes.remaining();
                indexer.feed(at, bytes);
                at = at.plus(length);
            }
        }
    }

    private long held() {
        return indexer.fed().minus(durable);
    }

    private boolean due(boolean complete) {
        long now = host.nanos();
        if (held() > objectBytes - WalFormat.PAGE_BYTES) {
            return true;
        }
        if (!ageKnown && safePoints.ready(indexer.fed())) {
            return true;
        }
        if (complete) {
            return now - firstNanos >= ageNanos;
        }
        return now - cutNanos >= idleNanos
                && (safePoints.ready(indexer.fed())
                        || catalog.ready()
                        || (synchronous != null && synchronous.hasMarks(indexer.fed())));
    }

    private long waitNanos() {
        long now = host.nanos();
        long until = indexer.boundary().isAfter(durable)
                ? firstNanos + ageNanos
                : Math.max(cutNanos + idleNanos, now + LOOK_NANOS);
        return Math.max(1, Math.min(until - now, ageKnown ? Long.MAX_VALUE : LOOK_NANOS));
    }

    /**
     * Cuts behind the last complete record, so that a promoted standby, whose timeline begins behind the last record that it got whole, never finds the archive ahead of it by a piece of a record.
     * Only a record that is longer than an object is divided.
     */
    private void cut() throws IOException, InterruptedException {
        Lsn end = indexer.boundary();
        if (!end.isAfter(durable) && held() > objectBytes - WalFormat.PAGE_BYTES) {
            end = indexer.fed();
        }
        if (end.isAfter(durable)) {
            archive.wal(new WalRange(shard, timeline, durable.value(), end.value()), ring.view(durable, end));
            CrashPoint.reached("capture.wal");
        }
        SegmentBuilder builder = indexer.builder();
        for (ClockStep step : clock.takeSteps()) {
            builder.clockStep(step);
        }
        clock.bounds().ifPresent(builder::clock);
        // up to here records are complete: nothing that the server acknowledged lies in the piece of a record that was
        // fed beyond
        var safe = takeSafePoint(end);
        safe.ifPresent(builder::safePoint);
        ageKnown |= safe.isPresent();
        builder.observe(catalog.take());
        takeFences(builder, end);
        boolean created = builder.storageCreated();
        long now = host.micros();
        EncodedSegment segment = indexer.cut(end, held() > 0 ? firstMicros : now, now);
        archive.segment(segment);
        CrashPoint.reached("capture.segment");
        // before the receiver can read it and confirm it: the status must never be behind what the server was told
        monitor.archived(end, segment.segment().sequence() + 1);
        ring.release(end);
        durable = end;
        if (synchronous != null) {
            synchronous.archived(end);
        }
        cutNanos = host.nanos();
        firstNanos = cutNanos;
        firstMicros = now;
        safe.ifPresent(point -> monitor.safe(point.shardClockMicros(), point.referenceMicros()));
        if (created) {
            catalog.storageCreated();
        }
    }

    /** A confirmed position may lie within a record; the fence lies before that record. */
    private void takeFences(SegmentBuilder builder, Lsn end) {
        if (synchronous != null) {
            for (FenceMark mark : synchronous.takeMarks(indexer.fed())) {
                indexer.boundaryAtOrBefore(mark.at())
                        .ifPresent(at ->
                                builder.fence(new FenceMark(mark.id(), Lsn.min(at, end), mark.referenceMicros())));
            }
        }
    }

    /** The newest safe point whose WAL was fed; its position is lowered to the end of the complete records. */
    private Optional<SafePoint> takeSafePoint(Lsn end) {
        return safePoints
                .take(indexer.fed())
                .map(point ->
                        new SafePoint(Lsn.min(point.upTo(), end), point.shardClockMicros(), point.referenceMicros()));
    }
}
