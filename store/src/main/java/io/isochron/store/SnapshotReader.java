package io.isochron.store;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.stream.Stream;

/** A published snapshot, for many threads at once. */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class SnapshotReader {
    private final SnapshotInfo info;

    SnapshotReader(SnapshotInfo info) {
        this.info = info;
    }

    public SnapshotInfo info() {
        return info;
    }

    /**
     * A shard's files, folders and links in the order in which they were added (a folder before what is in it if it was added so), lazily; to be
     * closed; throws {@link java.io.UncheckedIOException} on the way.
     */
    public Stream<SnapshotEntry> entries(String shard) throws IOException {
        throw new IOException("under construction");
    }

    /**
     * The packs that hold a shard's files, lazily; to be closed; throws {@link java.io.UncheckedIOException} on the way. Every byte of every file
     * is in exactly one piece of one of them; empty files are in none. They may be fetched in any order and in parallel.
     */
    public Stream<PackFetch> packs(String shard) throws IOException {
        throw new IOException("under construction");
    }

    /** PostgreSQL's backup manifest of a shard if it was kept; to be closed. */
    public Optional<InputStream> backupManifest(String shard) throws IOException {
        throw new IOException("under construction");
    }

    /** One file's content; to be closed. Reads the file's packs whole, so {@link #packs} is the way to read many. */
    public InputStream open(SnapshotEntry.File file) throws IOException {
        throw new IOException("under construction");
    }
}
