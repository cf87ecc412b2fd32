/**
 * The write-ahead log of one PostgreSQL server: positions, pages, records, and what a record decides or touches. Pure: bytes in,
 * values out; no file, socket or clock.
 *
 * <p>{@link io.isochron.wal.WalReader} cuts a stream of WAL bytes into checked records; {@link io.isochron.wal.TransactionEvents} and
 * {@link io.isochron.wal.RelationChanges} say what a record means. {@link io.isochron.wal.ControlFile},
 * {@link io.isochron.wal.TimelineHistory} and {@link io.isochron.wal.WalFileName} read the other small formats of the log.
 *
 * <p>Formats are PostgreSQL's, majors 14 to 18, little endian, 8 KiB WAL blocks; every class names the PostgreSQL source file that
 * defines what it reads. Transaction ids, OIDs and file numbers are unsigned 32-bit values kept in an {@code int}. Times are
 * microseconds since the Unix epoch by the shard's own clock.
 */
@NullMarked
package io.isochron.wal;

import org.jspecify.annotations.NullMarked;
