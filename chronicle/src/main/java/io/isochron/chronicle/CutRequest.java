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

    /** Whether every boundary is given by position. */
    boolean byPosition() {
        return target instanceof Target.Positions || target instanceof Target.Fence;
    }
}
