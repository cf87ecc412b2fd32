package io.isochron.upkeep;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.objects.StoreException;
import io.isochron.store.ChronicleStore;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Up to where a shard's WAL is older than a moment, as its chronicle says: the end of the last segment that was cut before.
 *
 * @param timeline PostgreSQL timeline of that end; of those before all WAL is older
 * @param end the end on that timeline
 */
record SettledWal(int timeline, long end) {
    /** Empty if the shard has no segment that is older. Reads about twenty segments. */
    static Optional<SettledWal> of(Repository repository, String shard, Instant before) throws IOException {
        ChronicleStore chronicle = repository.chronicle();
        OptionalLong first = chronicle.firstSequence(shard);
        OptionalLong last = first.isEmpty() ? first : chronicle.lastSequence(shard);
        if (first.isEmpty() || last.isEmpty()) {
            return Optional.empty();
        }
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, before);
        // below the floor there may be holes
        long kept = repository.horizon().floor(shard).chronicle();
        long low = Math.max(first.getAsLong(), kept) - 1;
        long high = last.getAsLong();
        SettledWal found = null;
        while (low < high) {
            long middle = high - (high - low) / 2;
            Segment segment = read(chronicle, shard, middle);
            if (segment.referenceLastMicros() <= micros) {
                found = new SettledWal(segment.timeline(), segment.end().value());
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return Optional.ofNullable(found);
    }

    private static Segment read(ChronicleStore chronicle, String shard, long sequence) throws IOException {
        try {
            return SegmentCodec.decode(chronicle.read(shard, sequence));
        } catch (SegmentFormatException e) {
            throw new StoreException(
                    "chronicle segment " + sequence + " of shard " + shard + " cannot be read: " + e.getMessage()
                            + "\nhint: it was written by a newer version of isochron",
                    e);
        }
    }
}
