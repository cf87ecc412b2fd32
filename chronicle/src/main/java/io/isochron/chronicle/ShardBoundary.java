package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where one shard is cut.
 *
 * @param shard name of the shard
 * @param timeline PostgreSQL timeline
 * @param lsn the boundary: end of the last record inside, the value that {@code pg_last_wal_replay_lsn()} shows when exactly the cut has
 *     been replayed. WAL fed up to here ends with that record
 * @param initial the boundary by time or position, before any lowering; equal to {@code lsn} if there was none
 * @param given whether the initial boundary was given by the target as a position; otherwise it was found by time
 * @param lastInside last COMMIT or COMMIT PREPARED inside, null if none is known
 * @param firstOutside first COMMIT or COMMIT PREPARED outside, null if none is known up to the horizon
 * @param clock bounds of the shard's clock at T*
 * @param lowerings why and how far it was lowered, in order; empty mostly
 */
public record ShardBoundary(
        String shard,
        int timeline,
        Lsn lsn,
        Lsn initial,
        boolean given,
        @Nullable Event lastInside,
        @Nullable Event firstOutside,
        ClockBounds clock,
        List<Lowering> lowerings) {
    public ShardBoundary {
        lowerings = List.copyOf(lowerings);
    }
}
