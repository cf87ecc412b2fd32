package io.isochron.upkeep;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to be kept.
 *
 * @param counted the moment from which promises count back
 * @param windowFrom from when on every moment is promised, buffer included
 * @param continuous from when on every moment can be reached; null if there is no snapshot that could serve
 * @param floors by shard, the first position of WAL that is needed by every moment from then on; unsigned, {@link #NOTHING} if none is
 * @param base by shard, the snapshot whose replay begins at the floor
 * @param singles what is kept for single moments, oldest first
 * @param kept ids of snapshots that are kept, with the reason
 * @param dropped ids of snapshots that are not
 */
record RetentionDecision(
        Instant counted,
        Instant windowFrom,
        @Nullable Instant continuous,
        Map<String, Long> floors,
        Map<String, String> base,
        List<Single> singles,
        Map<String, String> kept,
        List<String> dropped) {
    /** A floor above everything. */
    static final long NOTHING = -1L;

    /**
     * One moment to keep.
     *
     * @param rule for which promise
     * @param shards who were members
     */
    record Single(String rule, List<String> shards, RetentionPoint point) {}
}
