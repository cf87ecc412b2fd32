package io.isochron.capture;

/**
 * How far one shard's part of a snapshot is.
 *
 * @param shard the shard
 * @param phase what is being done
 * @param doneBytes bytes of the data directory taken so far
 * @param totalBytes the server's estimate of all, 0 while it is not known; the true number may be a little larger
 * @param storedBytes bytes in the repository so far, compressed
 * @param remainingMillis estimate until this shard is copied; -1 while there is nothing to estimate from
 */
public record BackupProgress(
        String shard, Phase phase, long doneBytes, long totalBytes, long storedBytes, long remainingMillis) {

    /** The phases in their order. */
    public enum Phase {
        /** Sees that capture is running and connects. */
        PREPARE,
        /** The server makes a checkpoint. */
        CHECKPOINT,
        /** Bytes flow. */
        COPY,
        /** Copied; waits until capture has archived the WAL that makes it consistent. */
        ARCHIVE,
        /** Everything is there; it becomes visible when all shards are. */
        DONE
    }

    /** Hears how a backup proceeds. Called from several threads; must be quick and must not throw. */
    @FunctionalInterface
    public interface Listener {
        /** Hears nothing. */
        Listener NONE = progress -> {};

        void progress(BackupProgress progress);
    }
}
