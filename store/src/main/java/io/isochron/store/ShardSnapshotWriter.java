package io.isochron.store;

import java.io.IOException;
import java.io.InputStream;

/**
 * A shard's part of a snapshot being written. Bytes are packed as they come; at most two packs are in memory. For one thread at a time.
 */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class ShardSnapshotWriter implements AutoCloseable {
    ShardSnapshotWriter() {}

    /**
     * Adds a file.
     *
     * @param path relative, with {@code /}
     * @param mode permission bits
     * @param modifiedMicros microseconds since the Unix epoch
     * @param bytes its length; exactly so many are read
     * @param content not closed
     * @return the file's CRC-32C
     * @throws java.io.EOFException if the content is shorter
     */
    public int file(String path, int mode, long modifiedMicros, long bytes, InputStream content) throws IOException {
        throw new IOException("under construction");
    }

    /**
     * Adds PostgreSQL's backup manifest, whose length is not known beforehand, as the file {@code backup_manifest} of mode 0600, and notes where it is.
     */
    public void backupManifest(InputStream content) throws IOException {
        throw new IOException("under construction");
    }

    /** Adds a folder. */
    public void directory(String path, int mode, long modifiedMicros) throws IOException {
        throw new IOException("under construction");
    }

    /** Adds a symbolic link. */
    public void symlink(String path, int mode, long modifiedMicros, String target) throws IOException {
        throw new IOException("under construction");
    }

    /** Bytes of files taken so far. */
    public long bytes() {
        return 0;
    }

    /** Bytes stored so far, packs under way not counted. */
    public long storedBytes() {
        return 0;
    }

    /**
     * Writes what is left; everything of this shard is durable on return.
     *
     * @param timeline the PostgreSQL timeline the backup was taken on
     * @param startLsn where replay must begin, unsigned
     * @param endLsn where it becomes consistent, unsigned
     * @param header JSON to keep with it, at most 1 MiB
     */
    public ShardSnapshot finish(int timeline, long startLsn, long endLsn, String header) throws IOException {
        throw new IOException("under construction");
    }

    /** Releases memory; what was not finished is never published. */
    @Override
    public void close() {}
}
