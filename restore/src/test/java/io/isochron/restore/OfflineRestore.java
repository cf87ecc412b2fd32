package io.isochron.restore;

import io.isochron.store.Repository;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotReader;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What a restore of one shard reads, without a server: the files of a data directory, and the WAL that the server would be fed. */
public final class OfflineRestore implements AutoCloseable {
    private static final int READ_BYTES = 16 << 10;

    private final Workers workers = new Workers(2);

    /** Writes the files; goes on with what an earlier attempt left in the target. */
    public void files(SnapshotReader snapshot, String shard, Path target) throws IOException, InterruptedException {
        new ShardFetch(snapshot, new ShardPaths(target, shard), workers, bytes -> {}).fetch();
    }

    /** Where the files are. */
    public static Path data(Path target, String shard) {
        return new ShardPaths(target, shard).data();
    }

    /** The WAL from a snapshot's start to a position. */
    public static byte[] wal(Repository repository, ShardSnapshot snapshot, Lsn to) throws IOException {
        Lsn from = new Lsn(snapshot.startLsn());
        ShardPlan plan = new ShardPlan(
                snapshot.shard(),
                repository.cluster().shard(snapshot.shard()).systemIdentifier(),
                17,
                170_000,
                repository.cluster().shard(snapshot.shard()).walSegmentSizeBytes(),
                "",
                snapshot.timeline(),
                from,
                new Lsn(snapshot.endLsn()),
                to,
                List.of(new TimelineStep(snapshot.timeline(), from, to)),
                0,
                0,
                to.minus(from),
                Map.of(),
                null,
                List.of());
        ByteBuffer all = ByteBuffer.allocate((int) to.minus(from));
        try (ArchiveFeedSource source = new ArchiveFeedSource(repository, plan)) {
            source.advance(to);
            while (all.hasRemaining()) {
                ByteBuffer some = all.duplicate();
                some.limit(Math.min(all.limit(), all.position() + READ_BYTES));
                int count = source.read(snapshot.timeline(), from.plus(all.position()), some);
                all.position(all.position() + count);
            }
        }
        return all.array();
    }

    @Override
    public void close() {
        workers.close();
    }
}
