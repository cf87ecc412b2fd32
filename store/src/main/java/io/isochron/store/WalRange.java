package io.isochron.store;

/**
 * One archived piece of a shard's WAL.
 *
 * @param shard the shard's name
 * @param timeline the PostgreSQL timeline, at least 1
 * @param start the first position, unsigned
 * @param end the position after the last byte, unsigned, greater than {@code start}, at most {@link WalArchive#MAX_OBJECT_BYTES} further
 */
public record WalRange(String shard, int timeline, long start, long end) {
    public WalRange {
        if (timeline < 1
                || end - start <= 0
                || end - start > WalArchive.MAX_OBJECT_BYTES
                || Long.compareUnsigned(start, end) >= 0) {
            throw new IllegalArgumentException("wal of shard " + shard + ", timeline " + timeline + ", from "
                    + Names.lsn(start) + " to " + Names.lsn(end) + " cannot be one object\nhint: cut it at "
                    + WalArchive.MAX_OBJECT_BYTES + " bytes");
        }
    }

    /** The length in bytes. */
    public int bytes() {
        return (int) (end - start);
    }
}
