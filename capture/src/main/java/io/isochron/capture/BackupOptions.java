package io.isochron.capture;

import io.isochron.store.SnapshotOptions;
import java.time.Duration;

/**
 * How a snapshot is taken.
 *
 * @param label a name for people, kept in the snapshot's header and in PostgreSQL's {@code backup_label}; at most 200 characters without control characters
 * @param fastCheckpoint true: checkpoint at once; false: let the server spread it, which is gentler and can take minutes
 * @param maxRateKibPerSecond limit per shard, 32 to 1048576 KiB/s as PostgreSQL demands; 0 for none
 * @param packing compression and size of packs
 * @param captureTimeout how long capture's archive may stand still before the backup gives up, at its start and at its end; 1 second to 1 hour
 */
public record BackupOptions(
        String label,
        boolean fastCheckpoint,
        int maxRateKibPerSecond,
        SnapshotOptions packing,
        Duration captureTimeout) {

    public BackupOptions {
        if (label.length() > 200 || label.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "backup label of " + label.length() + " characters\nhint: at most 200, without control characters");
        }
        if (captureTimeout.compareTo(Duration.ofSeconds(1)) < 0 || captureTimeout.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("time to wait for capture is " + captureTimeout.toMillis()
                    + " ms\nhint: allowed is 1 second to 1 hour");
        }
    }

    /** A fast checkpoint, no limit of rate, 30 s of patience with capture. */
    public static BackupOptions defaults() {
        return new BackupOptions("isochron", true, 0, SnapshotOptions.DEFAULT, Duration.ofSeconds(30));
    }

    public BackupOptions withLabel(String newLabel) {
        return new BackupOptions(newLabel, fastCheckpoint, maxRateKibPerSecond, packing, captureTimeout);
    }

    public BackupOptions withFastCheckpoint(boolean fast) {
        return new BackupOptions(label, fast, maxRateKibPerSecond, packing, captureTimeout);
    }

    public BackupOptions withMaxRate(int kibPerSecond) {
        return new BackupOptions(label, fastCheckpoint, kibPerSecond, packing, captureTimeout);
    }

    public BackupOptions withPacking(SnapshotOptions newPacking) {
        return new BackupOptions(label, fastCheckpoint, maxRateKibPerSecond, newPacking, captureTimeout);
    }

    public BackupOptions withCaptureTimeout(Duration timeout) {
        return new BackupOptions(label, fastCheckpoint, maxRateKibPerSecond, packing, timeout);
    }
}
