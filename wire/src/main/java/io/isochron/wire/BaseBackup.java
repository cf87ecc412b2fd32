package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** A running base backup. */
public final class BaseBackup implements AutoCloseable {
    /**
     * A tablespace of the server.
     *
     * @param oid its OID as unsigned number; 0 for the data directory itself
     * @param location its absolute path on the server; empty for the data directory itself
     * @param sizeKib the server's estimate in KiB
     */
    public record Tablespace(long oid, String location, long sizeKib) {}

    /** What a backup consists of, in this order. */
    public sealed interface Part {}

    /**
     * One tar archive.
     *
     * @param name {@code base.tar} or {@code <tablespace oid>.tar}
     * @param location the tablespace's path; empty for {@code base.tar}
     * @param tar the archive; read it to its end before asking for the next part
     */
    public record Archive(String name, String location, InputStream tar) implements Part {}

    /** The {@code backup_manifest} of the backup (documentation, chapter 69). */
    public record Manifest(InputStream content) implements Part {}

    /**
     * The backup is complete.
     *
     * @param endLsn WAL up to here is needed to make it consistent
     * @param timeline the timeline of {@code endLsn}
     */
    public record End(Lsn endLsn, int timeline) implements Part {}

    BaseBackup() {}

    /** Where replay of the backup begins. */
    public Lsn startLsn() {
        return Lsn.INVALID;
    }

    /** The timeline of {@link #startLsn()}. */
    public int timeline() {
        return 0;
    }

    /** All tablespaces, the data directory itself last. */
    public List<Tablespace> tablespaces() {
        return List.of();
    }

    /** The next part. */
    public Part next() throws IOException {
        if (timeline() == 0) {
            throw new IOException("not connected");
        }
        return new End(startLsn(), timeline());
    }

    /** Ends the connection; a backup that is not complete is given up. */
    @Override
    public void close() {}
}
