package io.isochron.wire;

import java.util.function.LongConsumer;

/**
 * What to ask of BASE_BACKUP. WAL is never part of it, the server does not wait for archiving, checksums are verified by the
 * server, and no tablespace map is made (the {@code base} archive holds the symbolic links).
 *
 * @param label the backup's label, shown in the server's log and in {@code backup_label}
 * @param fastCheckpoint true to checkpoint at once, false to spread the checkpoint over the server's usual time
 * @param maxRateKibPerSecond upper bound of the transfer, 32 to 1048576 KiB/s as PostgreSQL demands; 0 for none
 * @param progress called with the bytes of archive data received so far, from the thread that reads
 */
public record BaseBackupRequest(String label, boolean fastCheckpoint, int maxRateKibPerSecond, LongConsumer progress) {
    public BaseBackupRequest {
        if (maxRateKibPerSecond != 0 && (maxRateKibPerSecond < 32 || maxRateKibPerSecond > 1_048_576)) {
            throw new IllegalArgumentException("base backup rate " + maxRateKibPerSecond
                    + " KiB/s is out of range\nhint: PostgreSQL allows 32 to 1048576 KiB/s, or 0 for no limit.");
        }
    }

    /** A backup that begins at once, without limit of rate. */
    public static BaseBackupRequest of(String label) {
        return new BaseBackupRequest(label, true, 0, bytes -> {});
    }

    public BaseBackupRequest withSpreadCheckpoint() {
        return new BaseBackupRequest(label, false, maxRateKibPerSecond, progress);
    }

    public BaseBackupRequest withMaxRate(int kibPerSecond) {
        return new BaseBackupRequest(label, fastCheckpoint, kibPerSecond, progress);
    }

    public BaseBackupRequest withProgress(LongConsumer newProgress) {
        return new BaseBackupRequest(label, fastCheckpoint, maxRateKibPerSecond, newProgress);
    }
}
