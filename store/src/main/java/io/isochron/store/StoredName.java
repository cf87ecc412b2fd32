package io.isochron.store;

/** What an object's name says, for those who have to know what depends on it. */
public sealed interface StoredName {
    /** A piece of WAL, or a stretch that ought to be there; {@code [start, end)}, unsigned. */
    record Wal(String shard, int timeline, long start, long end) implements StoredName {}

    /** How a timeline of PostgreSQL came to be. */
    record History(String shard, int timeline) implements StoredName {}

    /** A chronicle segment. */
    record Segment(String shard, long sequence) implements StoredName {}

    /** What publishes a snapshot, or a manifest or pack of it. */
    record SnapshotPart(String snapshot) implements StoredName {}

    /** What the whole repository stands on: its header, the membership. */
    record Foundation() implements StoredName {}

    /** Anything else: no restore needs it. */
    record Other() implements StoredName {}

    /** Reads a name; one that is of no kind of object is {@link Other}. */
    static StoredName of(String name, ClusterIdentity cluster) {
        String[] parts = name.split("/");
        try {
            return switch (parts[0]) {
                case "isochron-repository", "member" -> new Foundation();
                case "snapshot", "manifest", "pack" -> new SnapshotPart(parts[1]);
                case "chronicle" -> new Segment(shard(parts[1], cluster), Long.parseLong(parts[3]));
                case "wal" -> wal(parts, cluster);
                default -> new Other();
            };
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            return new Other();
        }
    }

    private static StoredName wal(String[] parts, ClusterIdentity cluster) {
        String shard = shard(parts[1], cluster);
        if (parts[2].endsWith(".history")) {
            return new History(shard, Integer.parseUnsignedInt(parts[2].substring(0, 8), 16));
        }
        String range = parts[4];
        return new Wal(
                shard,
                Integer.parseUnsignedInt(parts[2], 16),
                Long.parseUnsignedLong(range.substring(0, 16), 16),
                Long.parseUnsignedLong(range.substring(17), 16));
    }

    private static String shard(String folder, ClusterIdentity cluster) {
        return cluster.shards().get(Integer.parseInt(folder.substring(1)) - 1).name();
    }
}
