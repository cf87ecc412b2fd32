package io.isochron.capture;

import io.isochron.store.SnapshotInfo;
import java.time.Duration;

/**
 * A published snapshot.
 *
 * @param snapshot what the repository says of it
 * @param copied from the beginning until the last shard was copied
 * @param total from the beginning until it was published
 */
public record SnapshotSummary(SnapshotInfo snapshot, Duration copied, Duration total) {}
