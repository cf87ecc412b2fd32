package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads all published snapshots down to the CRC of every file, and names what belongs to none. */
final class SnapshotVerifier {
    private final Verifier verifier;
    private final SealedStore sealed;
    private final Membership membership;
    private final Horizon horizon;
    private final ClusterIdentity cluster;
    private final WalArchive wal;
    private final CRC32C crc = new CRC32C();
    private SnapshotEntry.@Nullable File file;
    private long fileBytes;

    SnapshotVerifier(Verifier verifier, SealedStore sealed, Membership membership, Horizon horizon) {
        this.verifier = verifier;
        this.sealed = sealed;
        this.membership = membership;
        this.horizon = horizon;
        this.cluster = membership.cluster();
        this.wal = new WalArchive(sealed, cluster);
    }

    void run() throws IOException {
        Snapshots snapshots = new Snapshots(sealed, membership, new AuditLog(sealed, sealed.header()), horizon);
        List<String> ids = snapshots.ids();
        for (String id : ids) {
            verifier.count(size(Names.snapshot(id)));
            boolean[] givenUp = {false};
            verifier.reading(Names.snapshot(id).value(), () -> givenUp[0] = snapshots.givenUp(id));
            if (givenUp[0]) {
                continue;
            }
            if (!verifier.reading(Names.snapshot(id).value(), () -> snapshot(snapshots.open(id)))) {
                authenticate(id + "/");
            }
        }
        for (String id :
                new UnpublishedSnapshots(sealed).count(snapshots.allIds()).keySet()) {
            verifier.find(
                    Severity.NOTICE,
                    Names.snapshot(id).value(),
                    "it was begun and never published, or is being written, or was removed: its packs are there");
            authenticate(id + "/");
        }
    }

    private long size(ObjectName name) throws IOException {
        return sealed.stat(name).map(ObjectInfo::bytes).orElse(0L);
    }

    private void snapshot(SnapshotReader reader) throws IOException {
        for (ShardSnapshot shard : reader.info().shards()) {
            int number = cluster.number(shard.shard());
            for (long part = 0; part < shard.manifestParts(); part++) {
                verifier.count(size(Names.manifest(reader.info().id(), number, part)));
            }
            String first = Names.manifest(reader.info().id(), number, 0).value();
            if (!verifier.reading(first, () -> files(reader, shard))) {
                authenticate(reader.info().id() + "/" + Names.shard(number) + "/");
            }
            verifier.reading(Names.snapshot(reader.info().id()).value(), () -> needsWal(reader.info(), shard, number));
        }
    }

    /** Where the lists cannot be followed, the objects are at least opened. */
    private void authenticate(String below) throws IOException {
        verifier.each("manifest/" + below, info -> sealed.readPayload(info.name()));
        verifier.each("pack/" + below, info -> PackContent.load(sealed, info.name()));
    }

    private void needsWal(SnapshotInfo info, ShardSnapshot shard, int number) throws IOException {
        long end = wal.contiguousEnd(shard.shard(), shard.timeline(), shard.startLsn());
        if (Long.compareUnsigned(end, shard.endLsn()) < 0) {
            verifier.find(
                    Severity.MISSING,
                    Names.wal(number, shard.timeline(), end, shard.endLsn()).value(),
                    "snapshot " + info.id() + " of shard " + shard.shard() + " needs wal from "
                            + Names.lsn(shard.startLsn()) + " to " + Names.lsn(shard.endLsn()) + ", it is there up to "
                            + Names.lsn(end));
        }
    }

    private void files(SnapshotReader reader, ShardSnapshot shard) throws IOException {
        file = null;
        try (Stream<PackFetch> packs = reader.packs(shard.shard())) {
            for (Iterator<PackFetch> i = packs.iterator(); i.hasNext(); ) {
                PackFetch pack = i.next();
                verifier.count(size(pack.pack()));
                if (!verifier.reading(
                        pack.pack().value(), () -> pack.read((piece, at, bytes) -> bytes(pack, piece, at, bytes)))) {
                    file = null;
                }
            }
        }
    }

    private void bytes(PackFetch pack, PackFetch.Piece piece, long at, java.nio.ByteBuffer bytes) throws IOException {
        if (at == 0) {
            file = piece.file();
            fileBytes = 0;
            crc.reset();
        }
        // the rest of a file whose beginning could not be read
        if (!piece.file().equals(file) || at != fileBytes) {
            return;
        }
        fileBytes += bytes.remaining();
        crc.update(bytes);
        if (fileBytes == piece.file().bytes()
                && (int) crc.getValue() != piece.file().crc32c()) {
            throw new ObjectDamagedException(
                    pack.pack(), "the bytes of " + piece.file().path() + " have another CRC-32C than was noted");
        }
    }
}
