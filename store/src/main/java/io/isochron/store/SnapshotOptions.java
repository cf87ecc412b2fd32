package io.isochron.store;

/**
 * How a snapshot is packed.
 *
 * @param compressionLevel zstd level, 1 to 19
 * @param packBytes a pack is closed when its compressed frames reach this, 64 KiB to 32 MiB. A shard's writer holds two packs and 3 MiB more
 */
public record SnapshotOptions(int compressionLevel, int packBytes) {
    public static final SnapshotOptions DEFAULT = new SnapshotOptions(3, 4 << 20);

    public SnapshotOptions {
        if (compressionLevel < 1 || compressionLevel > 19 || packBytes < 64 << 10 || packBytes > 32 << 20) {
            throw new IllegalArgumentException("snapshot options with level " + compressionLevel + " and packs of "
                    + packBytes + " bytes\nhint: levels are 1 to 19, packs 64 KiB to 32 MiB");
        }
    }
}
