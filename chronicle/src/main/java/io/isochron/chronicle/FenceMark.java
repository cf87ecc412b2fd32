package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * One shard's part of a fence. It stands in the segment that was open when the fence became known, so its position may lie in an earlier
 * one. A cut at a fence needs the marks of all shards.
 *
 * @param id names the fence in the whole cluster: the same number in the marks of all shards, ascending with time, 0 or more
 * @param at the last position of this shard that had been confirmed while all receivers withheld their confirmations; nothing behind it
 *     was visible to anyone at that instant. Not beyond the end of the segment that carries the mark
 * @param referenceMicros reference time at which all withheld, the same in all marks of the fence
 */
public record FenceMark(long id, Lsn at, long referenceMicros) {
    public FenceMark {
        if (id < 0) {
            throw new IllegalArgumentException("a fence's number is not negative: " + id);
        }
    }
}
