package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.Map;

/**
 * A published cluster snapshot, as far as reachability goes: a cut can be restored from it if it lies at or behind the stop position on every
 * shard, with all WAL from the start on.
 *
 * @param id the snapshot's id
 * @param start by shard, where replay must begin
 * @param stop by shard, where the copied files become consistent
 */
public record SnapshotPoint(String id, Map<String, Lsn> start, Map<String, Lsn> stop) {
    public SnapshotPoint {
        start = Map.copyOf(start);
        stop = Map.copyOf(stop);
        if (!start.keySet().equals(stop.keySet())) {
            throw new IllegalArgumentException("snapshot '" + id + "' has starts and stops of different shards");
        }
    }
}
