package io.isochron.store;

/**
 * Missing WAL between two archived pieces of one timeline.
 *
 * @param shard the shard's name
 * @param timeline the PostgreSQL timeline
 * @param start the first missing position, unsigned
 * @param end the first position after it that is archived, unsigned
 */
public record WalGap(String shard, int timeline, long start, long end) {}
