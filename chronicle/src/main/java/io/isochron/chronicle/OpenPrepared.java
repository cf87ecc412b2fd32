package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.List;

/**
 * A transaction that is prepared and neither committed nor rolled back at the end of a segment. Every segment lists all of them, however
 * old, so that a reader may start anywhere.
 *
 * @param xid unsigned transaction id
 * @param gid global id, as given to PREPARE TRANSACTION
 * @param start first byte of the PREPARE record; the chronicle's beginning if it lies before that
 * @param end position after the PREPARE record
 * @param timeMicros the shard's clock at PREPARE, microseconds since the Unix epoch
 * @param databaseOid database it belongs to, 0 if unknown
 * @param subxids subtransactions with an id of their own
 */
public record OpenPrepared(
        int xid, String gid, Lsn start, Lsn end, long timeMicros, int databaseOid, List<Integer> subxids) {
    public OpenPrepared {
        subxids = List.copyOf(subxids);
    }
}
