package io.isochron.store;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The cluster a repository belongs to; sealed in the repository's header. A shard's place in the list is its number in object names, so the
 * list is never reordered.
 *
 * @param id made when the repository is made
 * @param name the cluster's name in the configuration
 * @param shards 1 to 9999 shards with different names
 */
public record ClusterIdentity(UUID id, String name, List<ShardIdentity> shards) {
    public ClusterIdentity {
        shards = List.copyOf(shards);
        if (shards.isEmpty() || shards.size() > 9999) {
            throw new IllegalArgumentException(
                    "cluster " + name + " has " + shards.size() + " shards\nhint: give it 1 to 9999 shards");
        }
        Set<String> names = new HashSet<>();
        for (ShardIdentity shard : shards) {
            if (!names.add(shard.name())) {
                throw new IllegalArgumentException("cluster " + name + " has two shards named " + shard.name()
                        + "\nhint: give every shard its own name");
            }
        }
    }

    /** @throws IllegalArgumentException if the cluster has no such shard */
    public ShardIdentity shard(String shardName) {
        return shards.get(index(shardName));
    }

    /** The number that stands for a shard in object names: 1 for the first. */
    int number(String shardName) {
        return index(shardName) + 1;
    }

    private int index(String shardName) {
        for (int i = 0; i < shards.size(); i++) {
            if (shards.get(i).name().equals(shardName)) {
                return i;
            }
        }
        throw new IllegalArgumentException("cluster " + name + " has no shard " + shardName + "\nhint: its shards are "
                + String.join(", ", shards.stream().map(ShardIdentity::name).toList()));
    }
}
