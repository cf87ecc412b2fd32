package io.isochron.store;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a repository keeps from now on, decided once and for good: everything else may be removed by anybody at any time, and nothing that it keeps. Its object comes before the first removal, so that
 * whoever reads the newest record knows what must be there. What one record does not keep no later one does.
 *
 * @param number from 0, without holes
 * @param recorded the host's wall time, to the microsecond
 * @param by user and host
 * @param promise what was to be kept
 * @param counted the moment from which the promise counts back
 * @param continuous from when on every moment can be reached, as far as the archive has no gaps; null if no snapshot is there that could serve
 * @param floors by shard, below which only {@code moments} are kept; a shard that is not named keeps everything
 * @param moments single moments kept before {@code continuous}, oldest first
 * @param dropped ids of published snapshots that are not kept; each is there until all that belongs to it was removed
 * @param unpublished ids of snapshots that were begun and not published when this was decided, with what was seen of each
 */
public record RetentionRecord(
        long number,
        Instant recorded,
        String by,
        RetentionPromise promise,
        Instant counted,
        @Nullable Instant continuous,
        Map<String, Floor> floors,
        List<KeptMoment> moments,
        List<String> dropped,
        Map<String, Sighting> unpublished) {
    /** A floor that keeps everything. */
    public static final Floor EVERYTHING = new Floor(0, 0, 0, 0);

    /**
     * Where a shard's objects begin to be kept.
     *
     * @param wal position, unsigned, on whatever timeline: WAL that ends at or before it is not kept
     * @param chronicle number of the first segment kept
     * @param ledger number of the first minute kept: the first of an hour
     * @param hour number of that hour since the Unix epoch: the first roll-up kept
     */
    public record Floor(long wal, long chronicle, long ledger, long hour) {
        /** Of each the higher one. */
        public Floor max(Floor other) {
            return new Floor(
                    Long.compareUnsigned(wal, other.wal) >= 0 ? wal : other.wal,
                    Math.max(chronicle, other.chronicle),
                    Math.max(ledger, other.ledger),
                    Math.max(hour, other.hour));
        }
    }

    /**
     * A moment that can be reached though not every one around it can.
     *
     * @param moment what to restore to
     * @param rule which promise it is kept for, such as {@code daily}
     * @param snapshot the newest one that serves
     * @param parts ids of all snapshots that it needs, {@code snapshot} among them
     * @param wal by shard, what replay needs
     */
    public record KeptMoment(
            Instant moment, String rule, String snapshot, List<String> parts, Map<String, Positions> wal) {
        public KeptMoment {
            parts = List.copyOf(parts);
            wal = Collections.unmodifiableMap(new LinkedHashMap<>(wal));
        }
    }

    /**
     * What was seen of a snapshot that was not published.
     *
     * @param objects how many packs and manifest parts it had
     * @param since from which counted moment on it had so many
     */
    public record Sighting(long objects, Instant since) {}

    /** Positions from one, inclusive, to another, exclusive; unsigned. */
    public record Positions(long from, long to) {
        /** Whether any byte of {@code [start, end)} lies in it. */
        public boolean meets(long start, long end) {
            return Long.compareUnsigned(start, to) < 0 && Long.compareUnsigned(end, from) > 0;
        }
    }

    public RetentionRecord {
        floors = Collections.unmodifiableMap(new LinkedHashMap<>(floors));
        moments = List.copyOf(moments);
        dropped = List.copyOf(dropped);
        unpublished = Collections.unmodifiableMap(new LinkedHashMap<>(unpublished));
    }
}
