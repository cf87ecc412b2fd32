package io.isochron.store;

import java.io.IOException;
import java.time.Instant;

/** A snapshot being written: one writer per shard, in parallel, then published by one create. */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class SnapshotWriter implements AutoCloseable {
    SnapshotWriter(Snapshots snapshots, Instant created, SnapshotOptions options) {}

    /** The id it will have when it is published: 32 random hexadecimal digits. */
    public String id() {
        return "";
    }

    /**
     * Begins a shard's part. Each part is for one thread at a time; different parts may be written at once.
     *
     * @throws IllegalStateException if the shard's part was begun before
     */
    public ShardSnapshotWriter shard(String shard) {
        return new ShardSnapshotWriter();
    }

    /**
     * Publishes the snapshot of all shards that were begun. After it the snapshot exists, durably.
     *
     * @param header JSON to keep with it, at most 1 MiB
     * @throws IllegalStateException if a shard's part is not finished, or there is none
     */
    public SnapshotInfo publish(String header) throws IOException {
        throw new IOException("under construction");
    }

    /** Releases memory and threads; a snapshot that was not published stays invisible, its objects are for retention to remove. */
    @Override
    public void close() {}
}
