package io.isochron.capture;

import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Capture from where the repository says that it goes on: everything of a session but the connection to a server. A new one is what follows a crash, or a lost connection. */
public final class OfflineCapture {
    private static final int RING_BYTES = 256 << 10;
    private static final int OBJECT_BYTES = 24 << 10;
    private static final int MESSAGE_BYTES = 16 << 10;

    private final MadeServer server;
    private final SimulatedHost host;
    private final ShardClock clock = new ShardClock();
    private final PendingSafePoints safePoints = new PendingSafePoints();
    private final WalRing ring;
    private final ArchiveWriter writer;
    private final LedgerKeeper ledger;

    /** @param now this host's clock when it begins */
    public OfflineCapture(Repository repository, String shard, MadeServer server, Instant now)
            throws IOException, WalDamagedException, InterruptedException {
        this.server = server;
        this.host = new SimulatedHost(micros(now));
        WalFormat format = WalFormat.of(repository.cluster().shard(shard).postgresMajor());
        ShardMonitor monitor = new ShardMonitor(shard);
        DurableArchive archive = new DurableArchive(repository, shard, monitor, Duration.ZERO);
        Optional<StoredPosition> stored = StoredPosition.load(repository, shard, format, MadeServer.SEGMENT_BYTES);
        StoredPosition position = new OrphanAdoption(repository, shard, archive, monitor)
                .adoptAll(stored.orElseGet(() ->
                        StoredPosition.first(shard, format, MadeServer.SEGMENT_BYTES, 1, server.start(), List.of())));
        monitor.position(position.timeline(), position.position(), position.segments());
        ring = new WalRing(new byte[RING_BYTES], position.position());
        writer = new ArchiveWriter(
                shard,
                position,
                ring,
                archive,
                clock,
                safePoints,
                ArchiveWriter.Catalog.NONE,
                null,
                monitor,
                Duration.ofDays(1),
                Duration.ofDays(1),
                OBJECT_BYTES,
                host);
        ledger = new LedgerKeeper(repository, shard, monitor, Duration.ZERO);
    }

    private static long micros(Instant when) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, when);
    }

    /** The end of what was confirmed to the server. */
    public Lsn confirmed() {
        return writer.durable();
    }

    /** Receives what the server has and makes it durable; then writes the ledger. */
    public void archive(Instant now)
            throws IOException, WalDamagedException, SegmentFormatException, InterruptedException {
        host.at(micros(now));
        clock.probe(host.micros() - 2000, host.micros() - 1000, host.micros() - 1500);
        safePoints.offer(new SafePoint(server.end(), host.micros() - 1500, host.micros() - 1500));
        for (int i = 0; confirmed().isBefore(server.end()); i++) {
            if (i == 10_000) {
                throw new AssertionError("capture stands still at " + confirmed());
            }
            Lsn from = ring.received();
            Lsn to = Lsn.min(server.end(), from.plus(MESSAGE_BYTES));
            if (to.isAfter(from)) {
                ring.put(from, ByteBuffer.wrap(server.bytes(from.value(), to.value())), 0);
            }
            ring.requestCut();
            writer.step();
        }
        ledger.catchUp();
    }
}
