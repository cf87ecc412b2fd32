package io.isochron.capture;

import io.isochron.chronicle.EncodedSegment;
import io.isochron.chronicle.Segment;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.store.Repository;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Gives WAL that a killed capture archived, but did not enter into the chronicle, its segment. */
final class OrphanAdoption {
    private final Repository repository;
    private final String shard;
    private final DurableArchive archive;
    private final ShardMonitor monitor;

    OrphanAdoption(Repository repository, String shard, DurableArchive archive, ShardMonitor monitor) {
        this.repository = repository;
        this.shard = shard;
        this.archive = archive;
        this.monitor = monitor;
    }

    /** The position after all orphans that continue {@code position} exactly; the same if there are none, or if one is not sound. */
    StoredPosition adoptAll(StoredPosition position) throws IOException, InterruptedException {
        StoredPosition now = position;
        while (true) {
            StoredPosition.Orphans orphans = now.orphans(repository, shard);
            if (orphans.strangers() > 0) {
                monitor.notice(orphans.strangers() + " archived pieces of wal of shard " + shard + " beyond "
                        + now.position() + " do not continue it and were left alone");
            }
            Optional<WalRange> next = orphans.continuing();
            if (next.isEmpty()) {
                return now;
            }
            byte[] bytes;
            try {
                bytes = repository.wal().read(next.get());
            } catch (ObjectDamagedException e) {
                monitor.notice("an archived piece of wal of shard " + shard + " is damaged and was left alone: "
                        + e.getMessage());
                return now;
            }
            now = adopt(now, next.get(), bytes);
        }
    }

    private StoredPosition adopt(StoredPosition now, WalRange range, byte[] bytes)
            throws IOException, InterruptedException {
        try {
            now.indexer().feed(now.position(), ByteBuffer.wrap(bytes));
        } catch (WalDamagedException e) {
            throw new CaptureException(
                    "the archived wal of shard " + shard + " from " + now.position() + " to " + new Lsn(range.end())
                            + " is not sound: " + e.getMessage(),
                    "the server or its memory damaged it before it was archived: run `isochron verify`",
                    e);
        }
        long adopted = Micros.now();
        EncodedSegment cut = now.indexer().cut(now.indexer().fed(), adopted, adopted);
        archive.segment(cut);
        Segment segment = cut.segment();
        CrashPoint.reached("capture.adopted");
        return new StoredPosition(now.timeline(), segment.end(), segment.sequence() + 1, now.indexer());
    }
}
