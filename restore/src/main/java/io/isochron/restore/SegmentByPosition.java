package io.isochron.restore;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Finds the chronicle segment of a shard that holds a position, or a reference time, by halving; what was read once is not read again. For one thread. */
public final class SegmentByPosition {
    private final Repository repository;
    private final String shard;
    private final Map<Long, Segment> read = new HashMap<>();
    private final long first;
    private final long last;

    /** @throws IOException if the ends of the shard's chronicle cannot be told */
    public SegmentByPosition(Repository repository, String shard) throws IOException {
        this.repository = repository;
        this.shard = shard;
        OptionalLong newest = repository.chronicle().lastSequence(shard);
        this.first = repository.chronicle().firstSequence(shard).orElse(0);
        this.last = newest.orElse(-1);
    }

    /** The newest segment; empty if there is none. */
    public Optional<Segment> newest() throws IOException {
        return last < first ? Optional.empty() : Optional.of(segment(last));
    }

    /** The first segment that reaches a position; empty if none does. */
    public Optional<Segment> reaching(Lsn position) throws IOException {
        long low = first;
        long high = last + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (segment(middle).end().isBefore(position)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > last ? Optional.empty() : Optional.of(segment(low));
    }

    /** Among the segments up to one of them the first that ends at or after a reference time, in microseconds. */
    public Segment endingFrom(long micros, Segment upTo) throws IOException {
        long low = first;
        long high = upTo.sequence();
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (segment(middle).referenceLastMicros() < micros) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return segment(low);
    }

    /** A segment by its number. */
    public Segment segment(long sequence) throws IOException {
        Segment known = read.get(sequence);
        if (known == null) {
            try {
                known = SegmentCodec.decodeForCut(repository.chronicle().read(shard, sequence));
            } catch (SegmentFormatException e) {
                throw SegmentReading.damaged(shard, sequence, e);
            }
            read.put(sequence, known);
        }
        return known;
    }
}
