package io.isochron.upkeep;

import io.isochron.store.RetentionRecord.KeptMoment;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a period can be restored from: the newest snapshots of all of them.
 *
 * @param id the newest of these snapshots
 * @param usable not before the first moment that can be reached from it; not earlier than that of a point before it
 * @param parts by shard, the id of its snapshot
 * @param starts by shard, where the WAL begins that replay needs: the beginning of a WAL segment file; unsigned
 * @param single if not null, only this moment can be reached from it: what comes after it was given up
 */
record RetentionPoint(
        String id,
        Instant usable,
        Map<String, String> parts,
        Map<String, Long> starts,
        @Nullable KeptMoment single) {
    RetentionPoint {
        parts = Map.copyOf(parts);
        starts = Map.copyOf(starts);
    }
}
