package io.isochron.wal;

/**
 * A checkpoint as its record and the control file tell it (PostgreSQL's struct {@code CheckPoint},
 * src/include/catalog/pg_control.h; 17 put {@code wal_level} into padding, all else lies at the same place in 14 to 18).
 *
 * @param redo where replay must begin
 * @param timeline PostgreSQL timeline of the checkpoint
 * @param previousTimeline timeline before, if this checkpoint ended a recovery; else the same
 * @param fullPageWrites whether {@code full_page_writes} was on
 * @param nextXid first transaction id not given out, 64-bit with the epoch
 * @param nextOid first OID not given out
 * @param oldestXid oldest unfrozen transaction id of the cluster
 * @param oldestActiveXid oldest transaction running; 0 in a shutdown checkpoint or where not known
 * @param timeSeconds when it began, seconds since the Unix epoch, shard's clock
 */
public record Checkpoint(
        Lsn redo,
        int timeline,
        int previousTimeline,
        boolean fullPageWrites,
        long nextXid,
        int nextOid,
        int oldestXid,
        int oldestActiveXid,
        long timeSeconds) {
    /** Bytes of the struct. */
    static final int BYTES = 88;

    static Checkpoint read(byte[] bytes, int at) {
        return new Checkpoint(
                new Lsn(LittleEndian.i64(bytes, at)),
                LittleEndian.i32(bytes, at + 8),
                LittleEndian.i32(bytes, at + 12),
                bytes[at + 16] != 0,
                LittleEndian.i64(bytes, at + 24),
                LittleEndian.i32(bytes, at + 32),
                LittleEndian.i32(bytes, at + 44),
                LittleEndian.i32(bytes, at + 80),
                LittleEndian.i64(bytes, at + 64));
    }
}
