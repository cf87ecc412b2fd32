package io.isochron.store;

import java.time.Instant;
import java.util.List;

/**
 * A published snapshot of a cluster.
 *
 * @param id names it everywhere; random, without meaning
 * @param created what the caller said when it began, to the microsecond
 * @param header whatever the caller wanted kept with it, JSON
 * @param shards one for every shard in it
 */
public record SnapshotInfo(String id, Instant created, String header, List<ShardSnapshot> shards) {
    public SnapshotInfo {
        shards = List.copyOf(shards);
    }

    /** @throws IllegalArgumentException if the shard is not in this snapshot */
    public ShardSnapshot shard(String name) {
        return shards.stream()
                .filter(shard -> shard.shard().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("snapshot " + id + " does not hold shard " + name
                        + "\nhint: it was taken before the shard joined; choose a later one"));
    }
}
