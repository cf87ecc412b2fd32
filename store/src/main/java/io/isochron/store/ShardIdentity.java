package io.isochron.store;

/**
 * Which database a shard's name stands for; fixed when the repository is made.
 *
 * @param name the shard's name in the configuration
 * @param systemIdentifier PostgreSQL's system identifier, decimal, as IDENTIFY_SYSTEM gives it
 * @param postgresMajor PostgreSQL's major version, such as 17
 * @param walSegmentSizeBytes the size of a WAL segment file: a power of two from 1 MiB to 1 GiB
 */
public record ShardIdentity(String name, String systemIdentifier, int postgresMajor, int walSegmentSizeBytes) {}
