package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * {@code pg_create_restore_point} was called.
 *
 * @param at end of the record
 * @param timeMicros the shard's clock, microseconds since the Unix epoch
 * @param name its name
 */
public record RestorePoint(Lsn at, long timeMicros, String name) {}
