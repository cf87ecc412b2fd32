package io.isochron.store;

import io.isochron.objects.ObjectName;
import java.util.List;

/**
 * One thing in a snapshot of a shard, in the order in which it was added. Paths are relative, with {@code /}, without {@code .}, {@code ..}
 * and empty parts; modes are the nine permission bits; times are microseconds since the Unix epoch.
 */
public sealed interface SnapshotEntry {
    String path();

    int mode();

    long modifiedMicros();

    /**
     * A regular file.
     *
     * @param bytes its length
     * @param crc32c the CRC-32C of its bytes, as PostgreSQL's backup_manifest has it
     * @param extents where its bytes lie, in order; none if it is empty
     */
    record File(String path, int mode, long modifiedMicros, long bytes, int crc32c, List<Extent> extents)
            implements SnapshotEntry {
        public File {
            extents = List.copyOf(extents);
        }
    }

    /** A folder. */
    record Directory(String path, int mode, long modifiedMicros) implements SnapshotEntry {}

    /** A symbolic link; {@code target} is what it held, not checked in any way. */
    record Symlink(String path, int mode, long modifiedMicros, String target) implements SnapshotEntry {}

    /**
     * A part of a file.
     *
     * @param pack the pack that holds it
     * @param offset where it begins among the pack's uncompressed bytes
     * @param bytes its length, at least 1
     */
    record Extent(ObjectName pack, long offset, long bytes) {}
}
