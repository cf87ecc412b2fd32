package io.isochron.store;

import io.isochron.objects.ObjectName;
import java.io.IOException;

/** Tells of an object that was listed and is gone whether something says that it must be there. */
final class Absence {
    private final SealedStore sealed;
    private final Membership membership;

    Absence(SealedStore sealed, Membership membership) {
        this.sealed = sealed;
        this.membership = membership;
    }

    /** @param horizon what is kept, read after the object was found gone */
    boolean missed(ObjectName name, Horizon horizon) throws IOException {
        String value = name.value();
        ClusterIdentity cluster = membership.cluster();
        return switch (StoredName.of(value, cluster)) {
            case StoredName.Wal wal -> missed(wal, horizon);
            case StoredName.Segment segment ->
                segment.sequence() >= horizon.floor(segment.shard()).chronicle();
            // of a snapshot that was never published nothing must be there
            case StoredName.SnapshotPart part ->
                !horizon.dropped(part.snapshot())
                        && (value.startsWith(Snapshots.PREFIX) || sealed.exists(Names.snapshot(part.snapshot())));
            // nothing is known that removes one of these
            case StoredName.Foundation _, StoredName.History _ -> true;
            case StoredName.Other _ -> other(value, horizon);
        };
    }

    private boolean missed(StoredName.Wal wal, Horizon horizon) throws IOException {
        long end = new WalArchive(sealed, membership.cluster()).contiguousEnd(wal.shard(), wal.timeline(), wal.start());
        return Long.compareUnsigned(end, wal.end()) < 0 && horizon.keepsWal(wal.shard(), wal.start(), wal.end());
    }

    private boolean other(String name, Horizon horizon) {
        String[] parts = name.split("/");
        if (name.startsWith("ledger/") && parts[2].equals("minute")) {
            int number = Integer.parseInt(parts[1].substring(1));
            String shard = membership.cluster().shards().get(number - 1).name();
            return Long.parseLong(parts[4]) >= horizon.floor(shard).ledger();
        }
        return name.startsWith(Names.KEYS)
                || name.startsWith(Names.AUDIT)
                || name.startsWith(Names.RETENTION)
                || name.startsWith(Names.SCRUBS);
    }
}
