package io.isochron.restore;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.StoredSegment;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks for one shard's segment of a moment, reading few and none twice. Segments follow each other in reference time. They do so at a pace that mostly changes little, so that a guess between what is known on
 * both sides is near; every third look halves, in case it is not.
 */
final class SegmentSearch {
    /** Looks near a guess, each twice as far from it as the one before. */
    private static final int GALLOPS = 5;

    private final SegmentReading reading;
    private final String shard;
    private final Map<Long, StoredSegment> looked = new ConcurrentHashMap<>();

    SegmentSearch(SegmentReading reading, String shard) {
        this.reading = reading;
        this.shard = shard;
    }

    /** A segment that the search keeps, for it may be asked for again. */
    Segment segment(long sequence) throws IOException {
        StoredSegment known = looked.get(sequence);
        if (known == null) {
            known = reading.read(shard, sequence);
            looked.put(sequence, known);
        }
        return known.segment();
    }

    /** A segment that is not asked for again. */
    StoredSegment once(long sequence) throws IOException {
        StoredSegment known = looked.get(sequence);
        return known == null ? reading.read(shard, sequence) : known;
    }

    /**
     * The first segment that ends at a moment or later; the last one if none does.
     *
     * @param guess which one it may be, if only nearly; below {@code first} for no guess
     */
    long firstEndingAtOrAfter(long micros, long first, long last, long guess) throws IOException {
        long low = first;
        long high = last;
        long lowMicros = Long.MIN_VALUE;
        long highMicros = Long.MAX_VALUE;
        for (int looks = 0; low < high; looks++) {
            long middle = low + (high - low) / 2;
            boolean oneSide = lowMicros == Long.MIN_VALUE || highMicros == Long.MAX_VALUE;
            if (looks == 0 && guess >= first) {
                // the one before it: if the guess is right this one ends too early, and the next look is the last
                middle = Math.clamp(guess - 1, low, high - 1);
            } else if (looks < GALLOPS && guess >= first && oneSide) {
                middle = lowMicros == Long.MIN_VALUE
                        ? Math.max(low, high - (1L << looks))
                        : Math.min(low + (1L << looks) - 2, high - 1);
            } else if (lowMicros == Long.MIN_VALUE) {
                middle = low;
            } else if (highMicros == Long.MAX_VALUE) {
                middle = high - 1;
            } else if (looks % 3 != 2 && highMicros > lowMicros) {
                // the last known to end before it lies at low - 1, the first known not to at high
                double share = (double) (micros - lowMicros) / (highMicros - lowMicros);
                middle = Math.clamp(low - 1 + Math.round(share * (high - low + 1)), low, high - 1);
            }
            long ends = segment(middle).referenceLastMicros();
            if (ends < micros) {
                low = middle + 1;
                lowMicros = ends;
            } else {
                high = middle;
                highMicros = ends;
            }
        }
        return low;
    }
}
