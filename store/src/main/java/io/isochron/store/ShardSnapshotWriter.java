package io.isochron.store;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A shard's part of a snapshot being written. Bytes are packed as they come; three packs and about 10 MiB are in memory at most. For one thread
 * at a time.
 */
public final class ShardSnapshotWriter implements AutoCloseable {
    /** The name under which PostgreSQL's backup manifest is kept. */
    public static final String BACKUP_MANIFEST = "backup_manifest";

    private final String shard;
    private final PackWriter packs;
    private final ManifestWriter manifest;
    private final AtomicLong bytes = new AtomicLong();
    private long entries;
    private SnapshotEntry.@Nullable File backupManifest;
    private @Nullable ShardSnapshot finished;

    ShardSnapshotWriter(SealedStore sealed, String snapshot, String shard, int number, SnapshotOptions options) {
        this.shard = shard;
        this.packs = new PackWriter(sealed, snapshot, number, options);
        this.manifest = new ManifestWriter(sealed, snapshot, number);
    }

    /**
     * Adds a file.
     *
     * @param path relative, with {@code /}
     * @param mode permission bits
     * @param modifiedMicros microseconds since the Unix epoch
     * @param length its length in bytes; exactly so many are read
     * @param content not closed
     * @return the file's CRC-32C
     * @throws EOFException if the content is shorter; nothing of the file is listed
     * @throws IllegalArgumentException if the path is not relative or leaves its folder
     */
    public int file(String path, int mode, long modifiedMicros, long length, InputStream content) throws IOException {
        SnapshotEntry.File file = store(path, mode, modifiedMicros, length, content);
        if (file.bytes() < length) {
            throw new EOFException("file " + path + " of shard " + shard + " ended after " + file.bytes() + " of "
                    + length + " bytes");
        }
        add(file);
        return file.crc32c();
    }

    /**
     * Adds PostgreSQL's backup manifest, whose length is not known beforehand, as the file {@code backup_manifest} of mode 0600, and notes where it
     * is. Only once.
     */
    public void backupManifest(InputStream content) throws IOException {
        if (backupManifest != null) {
            throw new IllegalStateException("shard " + shard + " has a backup manifest already");
        }
        SnapshotEntry.File file = store(BACKUP_MANIFEST, 0600, 0, Long.MAX_VALUE, content);
        add(file);
        backupManifest = file;
    }

    /** Adds a folder. */
    public void directory(String path, int mode, long modifiedMicros) throws IOException {
        add(new SnapshotEntry.Directory(Manifests.checkedPath(path), mode & 0777, modifiedMicros));
    }

    /** Adds a symbolic link. */
    public void symlink(String path, int mode, long modifiedMicros, String target) throws IOException {
        add(new SnapshotEntry.Symlink(Manifests.checkedPath(path), mode & 0777, modifiedMicros, target));
    }

    private SnapshotEntry.File store(String path, int mode, long modifiedMicros, long limit, InputStream content)
            throws IOException {
        requireUnfinished();
        Manifests.checkedPath(path);
        List<SnapshotEntry.Extent> extents = new ArrayList<>();
        CRC32C crc = new CRC32C();
        SnapshotEntry.@Nullable Extent open = null;
        long taken = 0;
        while (taken < limit) {
            SnapshotEntry.Extent extent = packs.take(content, limit - taken);
            if (extent == null) {
                break;
            }
            crc.update(packs.lastTaken(extent.bytes()));
            taken += extent.bytes();
            bytes.addAndGet(extent.bytes());
            if (open != null && open.pack().equals(extent.pack())) {
                open = new SnapshotEntry.Extent(open.pack(), open.offset(), open.bytes() + extent.bytes());
            } else {
                if (open != null) {
                    extents.add(open);
                }
                open = extent;
            }
            packs.settle();
        }
        if (open != null) {
            extents.add(open);
            packs.endPiece();
        }
        return new SnapshotEntry.File(path, mode & 0777, modifiedMicros, taken, (int) crc.getValue(), extents);
    }

    private void add(SnapshotEntry entry) throws IOException {
        requireUnfinished();
        manifest.add(entry);
        entries++;
    }

    private void requireUnfinished() {
        if (finished != null) {
            throw new IllegalStateException("the snapshot of shard " + shard + " is finished");
        }
    }

    /** Bytes of files taken so far. */
    public long bytes() {
        return bytes.get();
    }

    /** Bytes stored so far, packs under way not counted. */
    public long storedBytes() {
        return packs.storedBytes();
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
        requireUnfinished();
        Manifests.checkedHeader(header);
        long packCount = packs.finish();
        long parts = manifest.finish(entries, bytes.get());
        ShardSnapshot result = new ShardSnapshot(
                shard, timeline, startLsn, endLsn, entries, bytes.get(), packs.storedBytes(), packCount, parts, header);
        finished = result;
        close();
        return result;
    }

    @Nullable
    ShardSnapshot finished() {
        return finished;
    }

    SnapshotEntry.@Nullable File backupManifest() {
        return backupManifest;
    }

    /** Releases memory; what was not finished is never published. */
    @Override
    public void close() {
        packs.close();
    }
}
