package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One shard's capture at one moment. Texts for people are made elsewhere; this is the value.
 *
 * @param shard the shard's name
 * @param state what it is doing
 * @param timeline the PostgreSQL timeline that is being captured, 0 before it is known
 * @param receivedLsn end of the WAL in memory, {@link Lsn#INVALID} before it is known
 * @param archivedLsn end of the WAL that is durable and in the chronicle, {@link Lsn#INVALID} before it is known
 * @param serverWalEnd the greatest WAL end that the server has told, {@link Lsn#INVALID} before it is known
 * @param lagBytes bytes that the server is known to have and the archive has not
 * @param lagMicros microseconds between now and the reference time at which the newest safe point's clock was read, that is, how much time a loss of this shard now would cost; -1 before the first safe point
 * @param safeTime the reading of the <em>shard's</em> clock up to which every acknowledged commit is archived, null before the first safe point of this process
 * @param lastError the newest error, with its hint, null if none since streaming began
 * @param notices what a person should know though nothing is broken: a slot made anew, objects that were left alone
 * @param segments number of the chronicle's segments of this shard
 */
public record CaptureStatus(
        String shard,
        CaptureState state,
        int timeline,
        Lsn receivedLsn,
        Lsn archivedLsn,
        Lsn serverWalEnd,
        long lagBytes,
        long lagMicros,
        @Nullable Instant safeTime,
        @Nullable String lastError,
        List<String> notices,
        long segments) {

    public CaptureStatus {
        notices = List.copyOf(notices);
    }
}
