package io.isochron.capture;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How capture weighs freshness, memory and load. All values are checked on construction.
 *
 * @param objectAge a WAL object is cut when its oldest byte is this old; 50 ms to 1 minute
 * @param objectBytesMax a WAL object is cut when it is this large; 64 KiB to 64 MiB. Half of the shard's share of {@code bufferBytesTotal} is a second upper limit
 * @param bufferBytesTotal bytes of WAL that all shards together may hold in memory between receiving and durability; 2 MiB to 4 GiB
 * @param idleInterval an idle shard's safe time moves this often; 100 ms to 1 minute
 * @param probeInterval the server's clock is asked this often; 50 ms to 10 seconds
 * @param slotPatience how long a slot may be in use by another receiver before capture gives up; 0 to 10 minutes. The walsender of a killed capture holds its slot for a moment
 * @param reconnectPauseMax the longest pause between two attempts to connect or to write; 100 ms to 5 minutes
 * @param catalogInterval relation names are read this often, besides soon after the WAL shows that storage was created; 1 second to 1 hour
 * @param abandonedBranch what happens when a shard comes back on a line of history that left the archive's before its end
 * @param walSource which server the WAL is taken from; a standby is not possible in synchronous mode
 * @param synchronous how capture takes part in synchronous replication; null for the asynchronous mode
 */
public record CaptureOptions(
        Duration objectAge,
        int objectBytesMax,
        long bufferBytesTotal,
        Duration idleInterval,
        Duration probeInterval,
        Duration slotPatience,
        Duration reconnectPauseMax,
        Duration catalogInterval,
        AbandonedBranch abandonedBranch,
        WalSource walSource,
        @Nullable Synchronous synchronous) {

    /**
     * Capture as the shards' synchronous standby: a commit is confirmed once its WAL is in the spool, and fences can be taken.
     *
     * @param spool folder on a local disk for WAL that is confirmed and not yet in the repository; made if it does not exist (not its parents)
     * @param fenceInterval a fence is taken this often; 50 ms to 1 hour
     * @param fenceLimit a fence that holds confirmations back for longer is abandoned; 1 ms to 1 second
     * @param patience a shard whose commits wait for longer because its receiver is away is switched to asynchronous commits; 1 second to 1 hour
     */
    public record Synchronous(Path spool, Duration fenceInterval, Duration fenceLimit, Duration patience) {
        public Synchronous {
            check("fence interval", fenceInterval, Duration.ofMillis(50), Duration.ofHours(1));
            check("fence limit", fenceLimit, Duration.ofMillis(1), Duration.ofSeconds(1));
            check("patience", patience, Duration.ofSeconds(1), Duration.ofHours(1));
        }

        /** A fence every second that lasts at most 50 ms, 10 s of patience. */
        public static Synchronous defaults(Path spool) {
            return new Synchronous(spool, Duration.ofSeconds(1), Duration.ofMillis(50), Duration.ofSeconds(10));
        }
    }

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    public CaptureOptions {
        check("object age", objectAge, Duration.ofMillis(50), Duration.ofMinutes(1));
        check("object size", objectBytesMax, 64 * KIB, 64 * MIB);
        check("buffer size", bufferBytesTotal, 2 * MIB, 4L * 1024 * MIB);
        check("idle interval", idleInterval, Duration.ofMillis(100), Duration.ofMinutes(1));
        check("clock probe interval", probeInterval, Duration.ofMillis(50), Duration.ofSeconds(10));
        check("slot patience", slotPatience, Duration.ZERO, Duration.ofMinutes(10));
        check("longest reconnect pause", reconnectPauseMax, Duration.ofMillis(100), Duration.ofMinutes(5));
        check("catalog interval", catalogInterval, Duration.ofSeconds(1), Duration.ofHours(1));
        if (walSource == WalSource.STANDBY && synchronous != null) {
            throw new IllegalArgumentException(
                    "wal cannot be taken from a standby in synchronous mode: the primary's commits wait for capture itself");
        }
    }

    /** 500 ms or 16 MiB per object, 48 MiB for all shards, idle safe time every 2 s, a probe every 250 ms, 10 s of patience with a slot, pauses of at most 10 s, catalogs every 30 s. */
    public static CaptureOptions defaults() {
        return new CaptureOptions(
                Duration.ofMillis(500),
                16 * MIB,
                48L * MIB,
                Duration.ofSeconds(2),
                Duration.ofMillis(250),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                AbandonedBranch.AUTO,
                WalSource.PRIMARY,
                null);
    }

    public CaptureOptions withObjectAge(Duration age) {
        return new CaptureOptions(
                age,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withObjectBytesMax(int bytes) {
        return new CaptureOptions(
                objectAge,
                bytes,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withBufferBytesTotal(long bytes) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bytes,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withIdleInterval(Duration interval) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                interval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withSlotPatience(Duration patience) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                patience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withReconnectPauseMax(Duration pause) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                pause,
                catalogInterval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withCatalogInterval(Duration interval) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                interval,
                abandonedBranch,
                walSource,
                synchronous);
    }

    public CaptureOptions withAbandonedBranch(AbandonedBranch choice) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                choice,
                walSource,
                synchronous);
    }

    public CaptureOptions withWalSource(WalSource source) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                source,
                synchronous);
    }

    /** @param mode null for the asynchronous mode */
    public CaptureOptions withSynchronous(@Nullable Synchronous mode) {
        return new CaptureOptions(
                objectAge,
                objectBytesMax,
                bufferBytesTotal,
                idleInterval,
                probeInterval,
                slotPatience,
                reconnectPauseMax,
                catalogInterval,
                abandonedBranch,
                walSource,
                mode);
    }

    /** The ring of one of {@code shards} shards, in bytes: an equal share of the budget, 1 MiB to 24 MiB. */
    int ringBytes(int shards) {
        return (int) Math.clamp(bufferBytesTotal / Math.max(1, shards), MIB, 24L * MIB);
    }

    /** The size at which an object is cut, given its shard's ring: half the ring must stay free to receive while the other half is written. */
    int objectBytes(int ringBytes) {
        return Math.min(objectBytesMax, ringBytes / 2);
    }

    private static void check(String name, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(
                    "%s is %s, allowed is %s to %s".formatted(name, text(value), text(min), text(max)));
        }
    }

    private static void check(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException("%s is %d bytes, allowed is %d to %d".formatted(name, value, min, max));
        }
    }

    private static String text(Duration value) {
        return value.toMillis() % 1000 == 0 ? value.toSeconds() + " s" : value.toMillis() + " ms";
    }
}
