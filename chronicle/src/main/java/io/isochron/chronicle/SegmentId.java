package io.isochron.chronicle;

/**
 * A segment that a cut was computed from.
 *
 * @param shard name of the shard
 * @param sequence its number
 * @param sha256 SHA-256 of its encoded bytes, lower-case hexadecimal
 */
public record SegmentId(String shard, long sequence, String sha256) {}
