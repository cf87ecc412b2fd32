package io.isochron.capture;

import io.isochron.chronicle.EncodedSegment;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Bytes in, chronicle segments out: one shard's parser and the builder of its next segment. Not thread-safe. */
final class WalIndexer {
    /** What arrives between a fence and the moment when the writer hears of it is far less. */
    private static final int RECORDS_REMEMBERED = 1 << 16;

    private final WalReader reader;
    private final SegmentBuilder builder;
    private Lsn lastRecordStart;
    /** Ends of the last records, in a ring. */
    private final long[] ends = new long[RECORDS_REMEMBERED];

    private long records;
    private final Lsn begin;

    WalIndexer(WalReader reader, SegmentBuilder builder) {
        this.reader = reader;
        this.builder = builder;
        this.lastRecordStart = reader.pendingStart();
        this.begin = reader.pendingStart();
    }

    /** Takes the next bytes; every record that they complete goes to the builder. */
    void feed(Lsn at, ByteBuffer bytes) throws WalDamagedException {
        reader.feed(at, bytes, this::record);
    }

    private void record(WalRecord record) throws WalDamagedException {
        lastRecordStart = record.start();
        ends[(int) (records++ % RECORDS_REMEMBERED)] = record.end().value();
        builder.record(record);
    }

    /** End of everything fed. */
    Lsn fed() {
        return reader.fed();
    }

    /**
     * The last record boundary at or before a position.
     *
     * @return empty if the position lies too far back to be remembered
     */
    Optional<Lsn> boundaryAtOrBefore(Lsn position) {
        long first = Math.max(0, records - RECORDS_REMEMBERED);
        long low = first;
        long high = records;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (new Lsn(ends[(int) (middle % RECORDS_REMEMBERED)]).isAfter(position)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if (low > first) {
            return Optional.of(new Lsn(ends[(int) ((low - 1) % RECORDS_REMEMBERED)]));
        }
        return first == 0 && !begin.isAfter(position) ? Optional.of(begin) : Optional.empty();
    }

    SegmentBuilder builder() {
        return builder;
    }

    /** Where what was fed can be cut without dividing a record: behind the last complete one. Where it began as long as no record boundary was found. */
    Lsn boundary() {
        return Lsn.min(reader.pendingStart(), reader.fed());
    }

    /**
     * Ends the segment.
     *
     * @param end {@link #boundary()}, or the end of what was fed
     * @param referenceFirstMicros when its first byte arrived, by this host's clock
     * @param referenceLastMicros now, by this host's clock
     */
    EncodedSegment cut(Lsn end, long referenceFirstMicros, long referenceLastMicros) {
        Lsn restart = reader.pendingStart();
        if (restart.isAfter(end)) {
            // after a segment switch the next record lies beyond the zeros that fill the segment: a new parser finds
            // out by reading the switch again
            restart = lastRecordStart;
        }
        return builder.cut(end, restart, referenceFirstMicros, Math.max(referenceFirstMicros, referenceLastMicros));
    }
}
