package io.isochron.restore;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.store.PackFetch;
import io.isochron.store.SnapshotEntry;
import io.isochron.store.SnapshotReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Writes the files of one shard's snapshot. Every file's length and CRC-32C are compared with PostgreSQL's own backup manifest, and what was written
 * with both. Packs that were written are remembered, so that a restore that was killed goes on with the others.
 */
final class ShardFetch {

    private static final Pattern TABLESPACE = Pattern.compile("pg_tblspc/(\\d+)(?:/(.*))?");
    private static final int READ_BYTES = 1 << 20;

    private final SnapshotReader snapshot;
    private final String shard;
    private final ShardPaths paths;
    private final Workers workers;
    private final LongConsumer written;

    /** @param written is told every number of bytes that was written, from several threads */
    ShardFetch(SnapshotReader snapshot, ShardPaths paths, Workers workers, LongConsumer written) {
        this.snapshot = snapshot;
        this.shard = paths.shard();
        this.paths = paths;
        this.workers = workers;
        this.written = written;
    }

    /** Fetches what is not there yet and verifies all of it. */
    void fetch() throws IOException, InterruptedException {
        Files.createDirectories(paths.own());
        Files.createDirectories(paths.data());
        Files.createDirectories(paths.tablespaces());
        permit(paths.data(), 0700);
        permit(paths.tablespaces(), 0700);
        Set<String> done = donePacks();
        prepareEntries();
        Files.createDirectories(paths.data().resolve("pg_wal").resolve("archive_status"));
        try (FileChannel log = FileChannel.open(
                        paths.fetchedPacks(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.APPEND);
                Stream<PackFetch> packs = snapshot.packs(shard)) {
            Workers.Batch batch = workers.batch();
            try {
                for (Iterator<PackFetch> i = packs.iterator(); i.hasNext(); ) {
                    PackFetch pack = i.next();
                    if (done.contains(pack.pack().value())) {
                        written.accept(pack.bytes());
                    } else {
                        batch.submit(() -> {
                            write(pack);
                            log.write(ByteBuffer.wrap(
                                    (pack.pack().value() + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8)));
                        });
                    }
                }
            } finally {
                batch.await();
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        finishEntries();
        keepManifest();
    }

    private Set<String> donePacks() throws IOException {
        if (!Files.exists(paths.fetchedPacks())) {
            return Set.of();
        }
        String text = Files.readString(paths.fetchedPacks());
        // a line that was cut by a crash names no pack
        return new HashSet<>(
                text.substring(0, text.lastIndexOf('\n') + 1).lines().toList());
    }

    /** Makes folders, links and files, and compares the snapshot's list with PostgreSQL's. */
    private void prepareEntries() throws IOException {
        try (BackupManifest manifest = new BackupManifest(manifest());
                Stream<SnapshotEntry> entries = snapshot.entries(shard)) {
            for (Iterator<SnapshotEntry> i = entries.iterator(); i.hasNext(); ) {
                SnapshotEntry entry = i.next();
                switch (entry) {
                    case SnapshotEntry.Directory directory -> makeDirectory(directory);
                    case SnapshotEntry.Symlink link -> makeLink(link);
                    case SnapshotEntry.File file -> {
                        compare(file, manifest);
                        makeFile(file);
                    }
                }
            }
            String missing = manifest.unclaimed();
            if (missing != null) {
                throw differs(missing, "is in the manifest and not in the snapshot");
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void compare(SnapshotEntry.File file, BackupManifest manifest) throws IOException {
        if (file.path().equals("backup_manifest")) {
            return;
        }
        BackupManifest.Entry expected = manifest.find(file.path());
        if (expected == null) {
            throw differs(file.path(), "is in the snapshot and not in the manifest");
        }
        Integer crc = expected.crc32c();
        if (expected.size() != file.bytes() || (crc != null && crc != file.crc32c())) {
            throw differs(file.path(), "has another length or checksum in the manifest");
        }
    }

    private void makeDirectory(SnapshotEntry.Directory directory) throws IOException {
        Matcher tablespace = TABLESPACE.matcher(directory.path());
        if (tablespace.matches()) {
            linkTablespace(tablespace.group(1));
        }
        Path path = resolve(directory.path());
        Files.createDirectories(path);
        permit(path, directory.mode());
    }

    private void makeLink(SnapshotEntry.Symlink link) throws IOException {
        Matcher tablespace = TABLESPACE.matcher(link.path());
        if (!tablespace.matches() || tablespace.group(2) != null) {
            throw new RestoreException(
                    "snapshot of shard " + shard + " holds the symbolic link " + link.path() + " to " + link.target(),
                    "only tablespaces are links in a base backup; take another snapshot");
        }
        linkTablespace(tablespace.group(1));
    }

    /** Whatever path the original had, the copy's tablespace lies under the target. */
    private void linkTablespace(String oid) throws IOException {
        Path place = paths.tablespaces().resolve(oid);
        Files.createDirectories(place);
        permit(place, 0700);
        Path link = paths.data().resolve("pg_tblspc").resolve(oid);
        Files.createDirectories(java.util.Objects.requireNonNull(link.getParent()));
        if (!Files.isSymbolicLink(link)) {
            Files.createSymbolicLink(link, place);
        }
    }

    private void makeFile(SnapshotEntry.File file) throws IOException {
        Path path = resolve(file.path());
        Path parent = java.util.Objects.requireNonNull(path.getParent());
        if (!Files.isDirectory(parent)) {
            Files.createDirectories(parent);
        }
        if (!Files.exists(path)) {
            Files.createFile(path);
            permit(path, file.mode());
        }
    }

    private Path resolve(String path) {
        Matcher tablespace = TABLESPACE.matcher(path);
        if (!tablespace.matches()) {
            return paths.data().resolve(path);
        }
        Path place = paths.tablespaces().resolve(tablespace.group(1));
        return tablespace.group(2) == null ? place : place.resolve(tablespace.group(2));
    }

    private void write(PackFetch pack) throws IOException {
        try (PieceWriter writer = new PieceWriter()) {
            pack.read(writer);
            writer.finish();
        }
    }

    /** Writes one pack's pieces; files that lie in one piece are checked on the way. */
    private final class PieceWriter implements PackFetch.PieceHandler, AutoCloseable {
        private PackFetch.@org.jspecify.annotations.Nullable Piece current;
        private @org.jspecify.annotations.Nullable FileChannel channel;
        private final CRC32C crc = new CRC32C();

        @Override
        public void bytes(PackFetch.Piece piece, long fileOffset, ByteBuffer bytes) throws IOException {
            if (!piece.equals(current)) {
                finish();
                current = piece;
                crc.reset();
                channel = FileChannel.open(resolve(piece.file().path()), StandardOpenOption.WRITE);
            }
            FileChannel open = java.util.Objects.requireNonNull(channel);
            crc.update(bytes.duplicate());
            written.accept(bytes.remaining());
            long at = fileOffset;
            while (bytes.hasRemaining()) {
                at += open.write(bytes, at);
            }
        }

        void finish() throws IOException {
            PackFetch.Piece piece = current;
            close();
            if (piece != null
                    && piece.bytes() == piece.file().bytes()
                    && (int) crc.getValue() != piece.file().crc32c()) {
                throw new ObjectDamagedException(
                        piece.file().extents().getFirst().pack(),
                        "file " + piece.file().path() + " of shard " + shard
                                + " does not have the checksum that PostgreSQL's backup manifest says");
            }
        }

        @Override
        public void close() throws IOException {
            current = null;
            FileChannel open = channel;
            channel = null;
            if (open != null) {
                open.close();
            }
        }
    }

    /** Checks the lengths of all files, and by reading them back the checksums of those that came from several packs. */
    private void finishEntries() throws IOException, InterruptedException {
        Workers.Batch batch = workers.batch();
        try (Stream<SnapshotEntry> entries = snapshot.entries(shard)) {
            for (Iterator<SnapshotEntry> i = entries.iterator(); i.hasNext(); ) {
                if (i.next() instanceof SnapshotEntry.File file) {
                    Path path = resolve(file.path());
                    if (Files.size(path) != file.bytes()) {
                        throw differs(file.path(), "has " + Files.size(path) + " bytes instead of " + file.bytes());
                    }
                    if (file.extents().size() > 1) {
                        batch.submit(() -> readBack(file, path));
                    }
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            batch.await();
        }
    }

    private void readBack(SnapshotEntry.File file, Path path) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            while (channel.read(buffer.clear()) > 0) {
                crc.update(buffer.flip());
            }
        }
        if ((int) crc.getValue() != file.crc32c()) {
            throw differs(file.path(), "does not have its checksum after it was written");
        }
    }

    /** Usually it is an entry like any other and there already; it is never written over, because a kill in the middle of that would leave half of it. */
    private void keepManifest() throws IOException {
        Path kept = paths.data().resolve("backup_manifest");
        if (!Files.exists(kept)) {
            Path part = paths.data().resolve("backup_manifest.part");
            try (InputStream in = manifest()) {
                Files.copy(in, part, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(part, kept, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private InputStream manifest() throws IOException {
        Optional<InputStream> manifest = snapshot.backupManifest(shard);
        return manifest.orElseThrow(() -> new RestoreException(
                "snapshot " + snapshot.info().id() + " of shard " + shard + " has no backup manifest",
                "take another snapshot"));
    }

    private RestoreException differs(String path, String how) {
        return new RestoreException(
                "file " + path + " of shard " + shard + " in snapshot "
                        + snapshot.info().id() + " " + how,
                "the snapshot cannot be trusted; run verify, and restore from another snapshot");
    }

    /** Sets the nine permission bits. */
    private static void permit(Path path, int mode) throws IOException {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all = {
            PosixFilePermission.OTHERS_EXECUTE,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_READ
        };
        for (int bit = 0; bit < all.length; bit++) {
            if ((mode & (1 << bit)) != 0) {
                permissions.add(all[bit]);
            }
        }
        Files.setPosixFilePermissions(path, permissions);
    }
}
