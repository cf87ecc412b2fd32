package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.Map;

/**
 * A target brought to numbers.
 *
 * @param target what was asked for
 * @param momentMicros T*
 * @param exact boundaries that are given by position, by shard; the others are found by time
 * @param grade the grade that is aimed at
 */
record CutRequest(Target target, long momentMicros, Map<String, Lsn> exact, Grade grade) {
    CutRequest {
        exact = Map.copyOf(exact);
    }

    /** Whether a shard's boundary is given by position, so that commits are not placed by time there. */
    boolean byPosition(String shard) {
        return exact.containsKey(shard)
                && !(target instanceof Target.BeforeTransaction)
                && !(target instanceof Target.AfterTransaction);
    }
}
