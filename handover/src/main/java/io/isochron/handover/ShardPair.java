package io.isochron.handover;

import java.util.Objects;

/**
 * The two sides of one shard.
 *
 * @param shard the shard's name in the cluster
 * @param restored the restored copy; it is only read, and must not change while it is
 * @param live the production shard
 */
public record ShardPair(String shard, ConnectionSource restored, ConnectionSource live) {
    public ShardPair {
        Objects.requireNonNull(shard);
        Objects.requireNonNull(restored);
        Objects.requireNonNull(live);
    }
}
