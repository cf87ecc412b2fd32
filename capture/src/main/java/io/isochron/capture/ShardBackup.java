package io.isochron.capture;

import io.isochron.store.ShardSnapshot;
import io.isochron.store.ShardSnapshotWriter;
import io.isochron.wal.ControlFile;
import io.isochron.wal.Lsn;
import io.isochron.wire.BaseBackup;
import io.isochron.wire.BaseBackupRequest;
import io.isochron.wire.ReplicationConnection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * One shard's part of a snapshot: BASE_BACKUP, its tar archives taken apart as they stream, everything into packs. One thread; {@link #close} from another one ends it.
 *
 * <p>Sources: archives and their order in src/backend/backup/basebackup.c ({@code perform_base_backup}: tablespaces first, the data directory last, {@code global/pg_control} as its last file).
 */
final class ShardBackup implements AutoCloseable {
    private static final String CONTROL_FILE = "global/pg_control";
    private static final int CONTROL_FILE_BYTES = 8192;
    private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** A copied shard: what is stored, and the position from which it is consistent. */
    record Copied(ShardSnapshot stored, Lsn start, Lsn end, int timeline) {}

    private final ShardSource source;
    private final ReplicationConnection connection;
    private final ServerIdentity identity;
    private final BackupOptions options;
    private final ShardSnapshotWriter writer;
    private final BackupProgress.Listener listener;

    private byte @Nullable [] controlFile;
    private long totalBytes;
    private long copyStartNanos;
    private long reportedNanos;

    ShardBackup(
            ShardSource source,
            ReplicationConnection connection,
            ServerIdentity identity,
            BackupOptions options,
            ShardSnapshotWriter writer,
            BackupProgress.Listener listener) {
        this.source = source;
        this.connection = connection;
        this.identity = identity;
        this.options = options;
        this.writer = writer;
        this.listener = listener;
    }

    Copied run() throws IOException {
        long startedMicros = Micros.now();
        ServerSettings settings = ServerSettings.read(connection);
        List<DatabaseName> databases = DatabaseName.list(source);
        String superuser = BootstrapSuperuser.of(source);
        report(BackupProgress.Phase.CHECKPOINT);
        BaseBackupRequest request = new BaseBackupRequest(
                options.label(), options.fastCheckpoint(), options.maxRateKibPerSecond(), bytes -> {});
        try (BaseBackup backup = connection.baseBackup(request)) {
            copyStartNanos = System.nanoTime();
            for (BaseBackup.Tablespace tablespace : backup.tablespaces()) {
                totalBytes += tablespace.sizeKib() * 1024;
            }
            report(BackupProgress.Phase.COPY);
            BaseBackup.End end = copy(backup);
            if (end.timeline() != backup.timeline()) {
                throw new CaptureException(
                        "shard " + source.name() + " changed from PostgreSQL timeline " + backup.timeline() + " to "
                                + end.timeline() + " during the backup",
                        "it was promoted meanwhile: start the backup again");
            }
            byte[] control = controlFile;
            if (control == null) {
                throw new CaptureException(
                        "the backup of shard " + source.name() + " holds no " + CONTROL_FILE,
                        "the server sent an incomplete backup; look into its log");
            }
            ShardHeader header = new ShardHeader(
                    identity,
                    ControlFile.parse(control),
                    settings,
                    backup.tablespaces(),
                    databases,
                    superuser,
                    options.label(),
                    startedMicros,
                    Micros.now());
            ShardSnapshot stored = writer.finish(
                    backup.timeline(), backup.startLsn().value(), end.endLsn().value(), header.json());
            report(BackupProgress.Phase.ARCHIVE);
            return new Copied(stored, backup.startLsn(), end.endLsn(), backup.timeline());
        }
    }

    private BaseBackup.End copy(BaseBackup backup) throws IOException {
        while (true) {
            switch (backup.next()) {
                case BaseBackup.Archive archive -> archive(archive);
                case BaseBackup.Manifest manifest -> writer.backupManifest(manifest.content());
                case BaseBackup.End end -> {
                    return end;
                }
            }
        }
    }

    private void archive(BaseBackup.Archive archive) throws IOException {
        String prefix = prefix(archive.name());
        TarArchiveInputStream tar = new TarArchiveInputStream(archive.tar());
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            entry(prefix, entry, tar);
            reportSometimes();
        }
        archive.tar().transferTo(java.io.OutputStream.nullOutputStream());
    }

    private void entry(String prefix, TarArchiveEntry entry, InputStream content) throws IOException {
        String path = prefix + trimmed(entry.getName());
        int mode = entry.getMode() & 0777;
        long modifiedMicros = entry.getLastModifiedTime().to(TimeUnit.MICROSECONDS);
        if (entry.isSymbolicLink()) {
            // PostgreSQL ends the name of a link to a folder with a slash, which would pass for a folder
            // (tarCreateHeader, src/port/tar.c)
            writer.symlink(path, mode, modifiedMicros, entry.getLinkName());
        } else if (entry.isDirectory()) {
            if (!path.isEmpty()) {
                writer.directory(path, mode, modifiedMicros);
            }
        } else if (!entry.isFile()) {
            throw new CaptureException(
                    "the backup of shard " + source.name() + " holds '" + path
                            + "', which is no file, folder or symbolic link",
                    "remove it from the data directory");
        } else if (path.equals(CONTROL_FILE)) {
            byte[] bytes = content.readNBytes(CONTROL_FILE_BYTES);
            controlFile = bytes;
            writer.file(path, mode, modifiedMicros, bytes.length, new ByteArrayInputStream(bytes));
        } else {
            writer.file(path, mode, modifiedMicros, entry.getSize(), new Reporting(content));
        }
    }

    /** A tablespace's files get the paths under which PostgreSQL's backup_manifest names them. */
    private String prefix(String archive) throws CaptureException {
        if (archive.equals("base.tar")) {
            return "";
        }
        String oid = archive.toLowerCase(Locale.ROOT).replaceFirst("\\.tar$", "");
        if (!oid.matches("[0-9]{1,10}")) {
            throw new CaptureException(
                    "the backup of shard " + source.name() + " holds an archive '" + archive + "'",
                    "this version of isochron knows base.tar and one archive per tablespace");
        }
        return "pg_tblspc/" + oid + "/";
    }

    private static String trimmed(String name) {
        String start = name.startsWith("./") ? name.substring(2) : name;
        return start.endsWith("/") ? start.substring(0, start.length() - 1) : start;
    }

    private void reportSometimes() {
        long now = System.nanoTime();
        if (now - reportedNanos >= REPORT_NANOS) {
            report(BackupProgress.Phase.COPY);
        }
    }

    private void report(BackupProgress.Phase phase) {
        reportedNanos = System.nanoTime();
        long done = writer.bytes();
        long total = Math.max(totalBytes, done);
        long elapsedMillis = TimeUnit.NANOSECONDS.toMillis(reportedNanos - copyStartNanos);
        boolean copying = phase == BackupProgress.Phase.COPY && done > 0 && totalBytes > 0;
        long remaining = copying
                ? (long) ((double) elapsedMillis / done * (total - done))
                : phase == BackupProgress.Phase.ARCHIVE ? 0 : -1;
        listener.progress(new BackupProgress(
                source.name(), phase, done, totalBytes == 0 ? 0 : total, writer.storedBytes(), remaining));
    }

    /** Ends the connection, which ends the backup on the server. */
    @Override
    public void close() {
        connection.close();
    }

    /** Reports progress inside a large file too. */
    private final class Reporting extends java.io.FilterInputStream {
        Reporting(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            reportSometimes();
            return super.read(into, offset, length);
        }

        @Override
        public void close() {
            // the tar goes on after this entry
        }
    }
}
