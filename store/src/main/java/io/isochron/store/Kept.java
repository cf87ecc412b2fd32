package io.isochron.store;

import io.isochron.objects.ObjectName;
import io.isochron.store.RetentionRecord.Floor;
import java.util.List;
import java.util.Set;

/** Tells by names which objects a horizon keeps. What no rule knows is kept. */
final class Kept {
    private final Membership membership;
    private final Horizon horizon;
    private final Set<String> snapshots;

    /** @param snapshots ids of published snapshots that are kept */
    Kept(Membership membership, Horizon horizon, Set<String> snapshots) {
        this.membership = membership;
        this.horizon = horizon;
        this.snapshots = snapshots;
    }

    boolean keeps(ObjectName name) {
        List<String> parts = List.of(name.value().split("/"));
        return switch (parts.getFirst()) {
            case "wal" -> parts.getLast().endsWith(".history") || wal(parts, name);
            case "chronicle", "ledger" -> numbered(parts);
            case "pack", "manifest", "snapshot" -> snapshots.contains(parts.get(1));
            case "lease" -> false;
            default -> true;
        };
    }

    private boolean wal(List<String> parts, ObjectName name) {
        String shard = shard(parts.get(1));
        if (shard.isEmpty() || parts.size() != 5) {
            return true;
        }
        WalRange range = WalArchive.range(shard, Integer.parseUnsignedInt(parts.get(2), 16), name);
        return horizon.keepsWal(shard, range.start(), range.end());
    }

    private boolean numbered(List<String> parts) {
        String shard = shard(parts.get(1));
        String digits = parts.getLast().split("-", 2)[0];
        if (shard.isEmpty() || !digits.matches("\\d{1,18}")) {
            return true;
        }
        Floor floor = horizon.floor(shard);
        long least = parts.getFirst().equals("chronicle")
                ? floor.chronicle()
                : switch (parts.get(2)) {
                    case "hour" -> floor.hour();
                    case "day" -> Math.ceilDiv(floor.hour(), 24L);
                    default -> floor.ledger();
                };
        return Long.parseLong(digits) >= least;
    }

    /** The name of the shard of a folder; empty if it is none that is known. */
    private String shard(String folder) {
        List<ShardIdentity> shards = membership.cluster().shards();
        int number = folder.matches("s\\d{4}") ? Integer.parseInt(folder.substring(1)) : 0;
        return number < 1 || number > shards.size()
                ? ""
                : shards.get(number - 1).name();
    }
}
