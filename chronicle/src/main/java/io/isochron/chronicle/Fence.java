package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An instant at which nothing beyond these positions was visible to anyone on any shard, because every receiver withheld its
 * confirmations (synchronous mode).
 *
 * @param id the fence's number, ascending with time
 * @param byShard last confirmed position of every shard
 * @param referenceMicros reference time at which all withheld, microseconds since the Unix epoch
 */
public record Fence(long id, SortedMap<String, Lsn> byShard, long referenceMicros) {
    public Fence {
        byShard = Collections.unmodifiableSortedMap(new TreeMap<>(byShard));
    }

    /** From any map. */
    public static Fence of(long id, Map<String, Lsn> byShard, long referenceMicros) {
        return new Fence(id, new TreeMap<>(byShard), referenceMicros);
    }

    /** What a shard's segment holds of it; the shard must be among those of the fence. */
    public FenceMark mark(String shard) {
        Lsn at = byShard.get(shard);
        if (at == null) {
            throw new IllegalArgumentException("fence " + id + " has no position for shard '" + shard + "'");
        }
        return new FenceMark(id, at, referenceMicros);
    }

    /** When it was. */
    public Instant moment() {
        return ClusterHistory.instant(referenceMicros);
    }
}
