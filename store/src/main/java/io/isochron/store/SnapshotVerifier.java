package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads all published snapshots down to the CRC of every file (of a sample: of those files that lie in packs of the sample), and names what belongs to none. */
final class SnapshotVerifier {
    private final Verifier verifier;
    private final SealedStore sealed;
    private final Membership membership;
    private final ClusterIdentity cluster;
    private final WalArchive wal;
    private final CRC32C crc = new CRC32C();
    private SnapshotEntry.@Nullable File file;
    private long fileBytes;
    private Sampling.Stratum stratum = Sampling.ALL.stratum("");

    SnapshotVerifier(Verifier verifier, SealedStore sealed, Membership membership) {
        this.verifier = verifier;
        this.sealed = sealed;
        this.membership = membership;
        this.cluster = membership.cluster();
        this.wal = new WalArchive(sealed, cluster);
    }

    void run() throws IOException {
        Snapshots snapshots =
                new Snapshots(sealed, membership, new AuditLog(sealed, sealed.header()), verifier.horizon());
        List<String> ids = snapshots.ids();
        for (String id : ids) {
            verifier.count(Names.snapshot(id), size(Names.snapshot(id)));
            boolean[] givenUp = {false};
            verifier.reading(Names.snapshot(id).value(), () -> givenUp[0] = snapshots.givenUp(id));
            if (givenUp[0]) {
                continue;
            }
            boolean sound = verifier.reading(Names.snapshot(id).value(), () -> {
                SnapshotReader reader;
                try {
                    reader = snapshots.open(id);
                } catch (ObjectNotFoundException e) {
                    if (expired(id)) {
                        return;
                    }
                    throw e;
                }
                snapshot(reader);
            });
            if (!sound) {
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

    /** Given up since it was listed, so that its objects are being removed. */
    private boolean expired(String id) throws IOException {
        return verifier.horizonNow().dropped(id);
    }

    private long size(ObjectName name) throws IOException {
        return sealed.stat(name).map(ObjectInfo::bytes).orElse(0L);
    }

    private void snapshot(SnapshotReader reader) throws IOException {
        for (ShardSnapshot shard : reader.info().shards()) {
            int number = cluster.number(shard.shard());
            for (long part = 0; part < shard.manifestParts(); part++) {
                ObjectName name = Names.manifest(reader.info().id(), number, part);
                verifier.count(name, size(name));
            }
            String first = Names.manifest(reader.info().id(), number, 0).value();
            stratum = verifier.sampling().stratum(first);
            if (!verifier.reading(first, () -> unlessExpired(reader, () -> files(reader, shard)))) {
                authenticate(reader.info().id() + "/" + Names.shard(number) + "/");
            }
            verifier.reading(Names.snapshot(reader.info().id()).value(), () -> needsWal(reader.info(), shard, number));
        }
    }

    private void unlessExpired(SnapshotReader reader, Verifier.Reading reading) throws IOException {
        try {
            reading.run();
        } catch (IOException | UncheckedIOException e) {
            IOException cause = e instanceof UncheckedIOException lazy ? SealedStore.unwrap(lazy) : (IOException) e;
            if (!(cause instanceof ObjectNotFoundException)
                    || !expired(reader.info().id())) {
                throw cause;
            }
        }
    }

    /** Where the lists cannot be followed, the objects are at least opened. */
    private void authenticate(String below) throws IOException {
        verifier.each("manifest/" + below, info -> sealed.readPayload(info.name()));
        verifier.sampled("pack/" + below, info -> {}, info -> PackContent.load(sealed, info.name()), Verifier.NEVER);
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
        boolean all = true;
        try (Stream<PackFetch> packs = reader.packs(shard.shard())) {
            for (Iterator<PackFetch> i = packs.iterator(); i.hasNext(); ) {
                PackFetch pack = i.next();
                Optional<ObjectInfo> found = sealed.stat(pack.pack());
                all &= found.isPresent();
                boolean chosen = stratum.choose(pack);
                verifier.listed(pack.pack(), found.map(ObjectInfo::bytes).orElse(0L), chosen && found.isPresent());
                if (found.isPresent() && !chosen) {
                    // a file that began in a pack which is not read cannot be checked
                    file = null;
                } else {
                    file(reader, pack);
                }
            }
        }
        if (stratum.instead() instanceof PackFetch pack) {
            verifier.readToo(pack.pack(), size(pack.pack()));
            file = null;
            file(reader, pack);
        }
        if (all && !verifier.sampling().all()) {
            lengths(reader, shard);
        }
    }

    /** Where not every pack is read, one that was cut off still shows in the sum of all. */
    private void lengths(SnapshotReader reader, ShardSnapshot shard) throws IOException {
        String below = "pack/" + reader.info().id() + "/" + Names.shard(cluster.number(shard.shard())) + "/";
        long stored;
        try (Stream<ObjectInfo> packs = sealed.list(below, null)) {
            stored = packs.mapToLong(ObjectInfo::bytes).sum();
        }
        if (stored != shard.storedBytes() && !expired(reader.info().id())) {
            verifier.find(
                    Severity.DAMAGE,
                    Names.snapshot(reader.info().id()).value(),
                    "the packs of shard " + shard.shard() + " have " + stored + " bytes together, and had "
                            + shard.storedBytes() + " when it was published: one of them was cut off or lengthened");
        }
    }

    private void file(SnapshotReader reader, PackFetch pack) {
        if (!verifier.reading(
                pack.pack().value(),
                () -> unlessExpired(reader, () -> pack.read((piece, at, bytes) -> bytes(pack, piece, at, bytes))))) {
            file = null;
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
