package io.isochron.handover;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A set of tuples of a restored shard, by where they lie: the relation's file number (relfilenode), block and line
 * pointer. Eight bytes per tuple.
 *
 * <p>It says which rows an incident removed. A restored shard is equal to the original byte for byte at its cut, so what the
 * WAL names as deleted is found at the same place.
 */
public final class TupleSet {
    /** A set without tuples. */
    public static final TupleSet EMPTY = new Builder().build();

    private final Map<Long, long[]> byFile;

    private TupleSet(Map<Long, long[]> byFile) {
        this.byFile = byFile;
    }

    /** Whether the tuple is in the set. */
    public boolean contains(long fileNumber, long block, int offset) {
        long[] tuples = byFile.get(fileNumber);
        return tuples != null && Arrays.binarySearch(tuples, pack(block, offset)) >= 0;
    }

    /** Number of tuples. */
    public long size() {
        return byFile.values().stream().mapToLong(tuples -> tuples.length).sum();
    }

    private static long pack(long block, int offset) {
        if (block < 0 || block > 0xFFFF_FFFFL || offset < 1 || offset > 0xFFFF) {
            throw new IllegalArgumentException("not a tuple: (" + block + "," + offset + ")");
        }
        return block << 16 | offset;
    }

    /** Collects tuples; duplicates do no harm. Not for several threads. */
    public static final class Builder {
        private final Map<Long, long[]> tuples = new HashMap<>();
        private final Map<Long, Integer> counts = new HashMap<>();

        /**
         * Adds a tuple.
         *
         * @param fileNumber the relation's file number (relfilenode), unsigned 32 bits
         * @param block block number, unsigned 32 bits
         * @param offset line pointer, 1 and up
         */
        public Builder add(long fileNumber, long block, int offset) {
            int count = counts.merge(fileNumber, 1, Integer::sum);
            long[] array = tuples.computeIfAbsent(fileNumber, _ -> new long[16]);
            if (count > array.length) {
                array = Arrays.copyOf(array, array.length * 2);
                tuples.put(fileNumber, array);
            }
            array[count - 1] = pack(block, offset);
            return this;
        }

        /** The set of all tuples added so far. */
        public TupleSet build() {
            Map<Long, long[]> sorted = new HashMap<>();
            counts.forEach((file, count) -> {
                long[] array = tuples.get(file);
                sorted.put(
                        file,
                        array == null
                                ? new long[0]
                                : Arrays.stream(array, 0, count)
                                        .sorted()
                                        .distinct()
                                        .toArray());
            });
            return new TupleSet(sorted);
        }
    }
}
