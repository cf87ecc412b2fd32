package io.isochron.store;

import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads all WAL and checks that it goes on without holes, and that pieces which overlap agree. */
final class WalVerifier {
    private final Verifier verifier;
    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final WalArchive archive;
    private @Nullable WalRange last;
    private byte @Nullable [] lastBytes;
    private long end;

    WalVerifier(Verifier verifier, SealedStore sealed, ClusterIdentity cluster) {
        this.verifier = verifier;
        this.sealed = sealed;
        this.cluster = cluster;
        this.archive = new WalArchive(sealed, cluster);
    }

    void run() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            ShardIdentity shard = cluster.shards().get(number - 1);
            last = null;
            verifier.each("wal/" + Names.shard(number) + "/", info -> {
                if (info.name().value().endsWith(".history")) {
                    sealed.read(info.name(), ObjectKind.TIMELINE_HISTORY);
                } else {
                    piece(shard.name(), info.name());
                }
            });
        }
    }

    private void piece(String shard, ObjectName name) throws IOException {
        String[] parts = name.value().split("/");
        WalRange range;
        try {
            range = WalArchive.range(shard, Integer.parseUnsignedInt(parts[2], 16), name);
        } catch (IllegalArgumentException e) {
            throw new ObjectDamagedException(name, "its name is not one of a wal object", e);
        }
        WalRange before = last;
        boolean follows = before != null && before.timeline() == range.timeline();
        if (follows && Long.compareUnsigned(range.start(), end) > 0) {
            int number = cluster.number(shard);
            verifier.find(
                    Severity.MISSING,
                    Names.wal(number, range.timeline(), /* start= */ end, /* end= */ range.start())
                            .value(),
                    "wal of shard " + shard + " from " + Names.lsn(end) + " to " + Names.lsn(range.start())
                            + " is missing");
        }
        long reached = follows && Long.compareUnsigned(end, range.end()) > 0 ? end : range.end();
        byte[] previous = follows ? lastBytes : null;
        last = range;
        lastBytes = null;
        end = reached;
        byte[] bytes = archive.read(range);
        lastBytes = bytes;
        if (before != null && previous != null && Long.compareUnsigned(range.start(), before.end()) < 0) {
            int from = (int) (range.start() - before.start());
            int count = Math.min(previous.length - from, bytes.length);
            if (!ByteBuffer.wrap(previous, from, count).equals(ByteBuffer.wrap(bytes, 0, count))) {
                throw new ObjectDamagedException(
                        name,
                        "its bytes differ from those of the piece before it, which ends at " + Names.lsn(before.end()));
            }
        }
    }
}
