package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Incident;
import io.isochron.chronicle.Segment;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalArchiveReader;
import io.isochron.wal.Lsn;
import io.isochron.wal.RecordHandler;
import io.isochron.wal.RelationChange;
import io.isochron.wal.RelationChanges;
import io.isochron.wal.RelationFile;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which row versions a transaction deleted, read from the archived WAL itself. A row's place (block, line pointer) is the same in a cluster
 * restored to just before that transaction's commit, so a back-fill can give back exactly what was deleted and leave alone what others
 * deleted later.
 */
public final class DeletedTuples {
    private static final int PIECE_BYTES = 256 * 1024;

    /** Takes what is found, in log order. */
    @FunctionalInterface
    public interface Sink {
        /**
         * @param relation the table's file at the time of the deletion
         * @param block page, unsigned 32-bit
         * @param offset line pointer within the page, from 1
         */
        void deleted(RelationFile relation, long block, int offset);
    }

    private DeletedTuples() {}

    /**
     * Reports the deletions of one part of an incident.
     *
     * @param history must hold the part's segments from its first row change on
     * @return the number of deletions reported
     * @throws IOException if the range is not archived whole, or an object is damaged
     */
    public static long scan(Repository repository, ClusterHistory history, Incident.Part part, Sink sink)
            throws IOException {
        List<Segment> segments = history.segments(part.shard());
        List<Integer> xids = new ArrayList<>();
        xids.add(part.xid());
        for (Segment segment : segments) {
            segment.events().stream()
                    .filter(event -> event.commits() && event.end().equals(part.commitEnd()))
                    .forEach(event -> xids.addAll(event.subxids()));
        }
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            if (segment.rows().stream().anyMatch(counts -> xids.contains(counts.xid()))) {
                // the first of its records may begin in the segment before
                Lsn from = i == 0 ? segment.start() : segments.get(i - 1).start();
                return scan(repository, part.shard(), segment.timeline(), from, part.commitEnd(), xids, sink);
            }
        }
        return 0;
    }

    /**
     * Reads a range of a shard's WAL and reports the deletions of a transaction.
     *
     * @param from a position at or before the transaction's first deletion
     * @param to the end of the transaction's commit record
     * @param xids the transaction and its subtransactions
     * @return the number of deletions reported
     * @throws IOException if the range is not archived whole, or an object is damaged
     */
    public static long scan(
            Repository repository, String shard, int timeline, Lsn from, Lsn to, List<Integer> xids, Sink sink)
            throws IOException {
        ShardIdentity identity = repository.cluster().shard(shard);
        WalFormat format = WalFormat.of(identity.postgresMajor());
        Lsn pageStart = new Lsn(from.value() & -WalFormat.PAGE_BYTES);
        WalReader reader =
                new WalReader(format, identity.walSegmentSizeBytes(), pageStart, WalReader.StartMode.UNKNOWN);
        Set<Integer> wanted = new HashSet<>(xids);
        long[] found = new long[1];
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        try (WalArchiveReader archive = repository.wal().openReader(shard, timeline, pageStart.value())) {
            while (reader.fed().isBefore(to)) {
                piece.clear().limit((int) Math.min(PIECE_BYTES, to.minus(reader.fed())));
                if (archive.read(piece) == 0) {
                    throw new RestoreException(
                            "wal of shard " + shard + " ends at " + reader.fed() + " before " + to,
                            "the transaction's commit has not been archived yet; is capture running?");
                }
                feed(reader, piece.flip(), record -> {
                    if (wanted.contains(record.xid())) {
                        RelationChanges.decode(format, record, change -> {
                            if (change instanceof RelationChange.RowDeleted deleted
                                    && !deleted.movedToOtherPartition()) {
                                sink.deleted(deleted.relation(), deleted.block(), deleted.offset());
                                found[0]++;
                            }
                        });
                    }
                });
            }
        }
        return found[0];
    }

    private static void feed(WalReader reader, ByteBuffer piece, RecordHandler handler) throws IOException {
        try {
            reader.feed(reader.fed(), piece, handler);
        } catch (WalDamagedException e) {
            throw new RestoreException(
                    "archived wal cannot be read: " + e.getMessage(), "run `isochron verify` to find the object", e);
        }
    }
}
