package io.isochron.upkeep;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** When positions of a shard's WAL were written, from its chronicle; segments that cannot be read are stepped over to the cautious side. */
final class SegmentTimes {
    private final Repository repository;
    private final String shard;
    private final long first;
    private final long last;
    private final Map<Long, Optional<Segment>> known = new HashMap<>();

    SegmentTimes(Repository repository, String shard) throws IOException {
        this.repository = repository;
        this.shard = shard;
        OptionalLong begin = repository.chronicle().firstSequence(shard);
        OptionalLong end = repository.chronicle().lastSequence(shard);
        this.first = begin.orElse(0);
        this.last = end.orElse(-1);
    }

    /** A reference time before which nothing at or behind a position was written; the greatest if it lies behind all that is known. */
    long notBefore(Lsn position) throws IOException {
        long number = holding(position);
        if (number > last) {
            return Long.MAX_VALUE;
        }
        return notBefore(number);
    }

    /** A reference time before which nothing of a segment was written. */
    long notBefore(long sequence) throws IOException {
        for (long number = Math.min(sequence, last); number >= first; number--) {
            Optional<Segment> segment = read(number);
            if (segment.isPresent()) {
                return number == sequence
                        ? segment.get().referenceFirstMicros()
                        : segment.get().referenceLastMicros();
            }
        }
        return Long.MIN_VALUE;
    }

    /** A reference time at or before which all of a segment was written; the greatest if nothing behind it can be read. */
    long notAfter(long sequence) throws IOException {
        for (long number = sequence + 1; number <= last; number++) {
            Optional<Segment> segment = read(number);
            if (segment.isPresent()) {
                return segment.get().referenceFirstMicros();
            }
        }
        return Long.MAX_VALUE;
    }

    /** A reference time by which all before a position had arrived; the greatest if it had not. */
    long complete(Lsn position) throws IOException {
        for (long number = holding(position); number <= last; number++) {
            Optional<Segment> segment = read(number);
            if (segment.isPresent()) {
                return segment.get().referenceLastMicros();
            }
        }
        return Long.MAX_VALUE;
    }

    /** The first segment that reaches a position, or the unreadable ones before it; one more than the last if none does. */
    private long holding(Lsn position) throws IOException {
        long low = first;
        long high = last + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            long readable = middle;
            while (readable < high && read(readable).isEmpty()) {
                readable++;
            }
            if (readable < high && read(readable).orElseThrow().end().isBefore(position)) {
                low = readable + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private Optional<Segment> read(long number) throws IOException {
        Optional<Segment> segment = known.get(number);
        if (segment == null) {
            try {
                segment = Optional.of(SegmentCodec.decode(repository.chronicle().read(shard, number)));
            } catch (ObjectDamagedException | ObjectNotFoundException | SegmentFormatException e) {
                // a finding of the verification, which is what this is asked for
                segment = Optional.empty();
            }
            known.put(number, segment);
        }
        return segment;
    }
}
