package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * Proof that everything the shard had written at a moment lies before a position. Made from two probe replies: the moment is the first
 * probe's; the position is the greatest WAL end the server named between the two replies (a server reads it after the first reply), or
 * the second reply's sent position if it sent nothing in between. It counts once WAL up to the position is archived.
 *
 * @param upTo position, not after the end of the segment that carries the safe point
 * @param shardClockMicros the shard's clock in the first reply, microseconds since the Unix epoch
 * @param referenceMicros reference time when the first probe's request was sent, so not after that clock was read; this is the shard's safe
 *     time: c less the bounds of that very reading
 */
public record SafePoint(Lsn upTo, long shardClockMicros, long referenceMicros) {}
