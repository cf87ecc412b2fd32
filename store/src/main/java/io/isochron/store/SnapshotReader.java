package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A published snapshot, for many threads at once. */
public final class SnapshotReader {
    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final SnapshotDocument document;
    private final SnapshotInfo info;

    SnapshotReader(SealedStore sealed, ClusterIdentity cluster, SnapshotDocument document) {
        this.sealed = sealed;
        this.cluster = cluster;
        this.document = document;
        this.info = document.info();
    }

    /** What the snapshot is. */
    public SnapshotInfo info() {
        return info;
    }

    /**
     * A shard's files, folders and links in the order in which they were added, lazily: one manifest object is held at a time. To be closed; throws
     * {@link java.io.UncheckedIOException} on the way, also at the end if entries are missing.
     *
     * @throws IllegalArgumentException if the shard is not in this snapshot
     */
    public Stream<SnapshotEntry> entries(String shard) {
        return stream(manifest(shard));
    }

    /**
     * The packs that hold a shard's files, lazily; to be closed; throws {@link java.io.UncheckedIOException} on the way. Every byte of every file
     * is in exactly one piece of one of them; empty files are in none. They may be fetched in any order and in parallel. A file's pieces come in
     * the order of its bytes.
     *
     * @throws IllegalArgumentException if the shard is not in this snapshot
     */
    public Stream<PackFetch> packs(String shard) {
        return stream(new PackGrouping(sealed, manifest(shard)));
    }

    private ManifestReader manifest(String shard) {
        return new ManifestReader(sealed, info.id(), cluster.number(shard), info.shard(shard));
    }

    private static <T> Stream<T> stream(Iterator<T> iterator) {
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED | Spliterator.NONNULL), false);
    }

    /** PostgreSQL's backup manifest of a shard if it was kept; to be closed. */
    public Optional<InputStream> backupManifest(String shard) {
        SnapshotEntry.@Nullable File file = document.shards().stream()
                .filter(candidate -> candidate.snapshot().equals(info.shard(shard)))
                .findFirst()
                .map(SnapshotDocument.Shard::backupManifest)
                .orElse(null);
        return file == null ? Optional.empty() : Optional.of(open(file));
    }

    /**
     * One file's content; to be closed. Reads whole packs, so {@link #packs} is the way to read many files. Ends with
     * {@link ObjectDamagedException} instead of the end of the stream if the CRC-32C of the bytes is not the file's.
     */
    public InputStream open(SnapshotEntry.File file) {
        return new PackedFileStream(sealed, file);
    }
}
