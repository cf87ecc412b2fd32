package io.isochron.capture;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import java.nio.ByteBuffer;

/** Bytes in, chronicle segments out: one shard's parser and the builder of its next segment. Not thread-safe. */
final class WalIndexer {
    private final WalReader reader;
    private final SegmentBuilder builder;
    private Lsn lastRecordStart;

    WalIndexer(WalReader reader, SegmentBuilder builder) {
        this.reader = reader;
        this.builder = builder;
        this.lastRecordStart = reader.pendingStart();
    }

    /** Takes the next bytes; every record that they complete goes to the builder. */
    void feed(Lsn at, ByteBuffer bytes) throws WalDamagedException {
        reader.feed(at, bytes, this::record);
    }

    private void record(WalRecord record) throws WalDamagedException {
        lastRecordStart = record.start();
        builder.record(record);
    }

    /** End of everything fed. */
    Lsn fed() {
        return reader.fed();
    }

    SegmentBuilder builder() {
        return builder;
    }

    /**
     * Ends the segment at the end of what was fed.
     *
     * @param referenceFirstMicros when its first byte arrived, by this host's clock
     * @param referenceLastMicros now, by this host's clock
     */
    Segment cut(long referenceFirstMicros, long referenceLastMicros) {
        Lsn end = reader.fed();
        Lsn restart = reader.pendingStart();
        if (restart.isAfter(end)) {
            // after a segment switch the next record lies beyond the zeros that fill the segment: a new parser finds
            // out by reading the switch again
            restart = lastRecordStart;
        }
        return builder.cut(end, restart, referenceFirstMicros, Math.max(referenceFirstMicros, referenceLastMicros));
    }
}
