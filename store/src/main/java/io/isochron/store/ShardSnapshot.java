package io.isochron.store;

/**
 * One shard's part of a snapshot.
 *
 * @param shard the shard's name
 * @param timeline the PostgreSQL timeline it was taken on
 * @param startLsn where replay must begin, unsigned
 * @param endLsn where replay makes it consistent, unsigned; WAL from {@code startLsn} to here is needed to use it at all
 * @param entries how many files, folders and links
 * @param bytes the sum of the files' lengths
 * @param storedBytes bytes of the packs as stored
 * @param packs how many packs were written for it
 * @param manifestParts how many manifest objects list its entries
 * @param header whatever the caller wanted kept with it, JSON
 */
public record ShardSnapshot(
        String shard,
        int timeline,
        long startLsn,
        long endLsn,
        long entries,
        long bytes,
        long storedBytes,
        long packs,
        long manifestParts,
        String header) {}
