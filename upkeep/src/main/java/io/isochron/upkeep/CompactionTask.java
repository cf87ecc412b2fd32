package io.isochron.upkeep;

import io.isochron.store.WalRange;
import java.util.List;

/** One step of compaction; each stands for itself, and may be done, left out or repeated. */
sealed interface CompactionTask {
    /** The pieces that are no longer there when it is done. */
    List<WalRange> removed();

    /** How many bytes of WAL it reads. */
    long bytes();

    /** One piece is written that holds what several hold. */
    record Merge(List<WalRange> removed) implements CompactionTask {
        @Override
        public long bytes() {
            return removed.stream().mapToLong(WalRange::bytes).sum();
        }
    }

    /** Pieces lie within a larger one. */
    record Sweep(WalRange into, List<WalRange> removed) implements CompactionTask {
        @Override
        public long bytes() {
            return into.bytes() + removed.stream().mapToLong(WalRange::bytes).sum();
        }
    }
}
