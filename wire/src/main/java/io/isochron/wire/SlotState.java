package io.isochron.wire;

import io.isochron.wal.Lsn;
import org.jspecify.annotations.Nullable;

/**
 * A physical replication slot as READ_REPLICATION_SLOT shows it.
 *
 * @param name the slot's name
 * @param restartLsn the oldest WAL the slot keeps on the server; null if it keeps none (created without reserving WAL, or
 *     invalidated)
 * @param restartTimeline the timeline of {@code restartLsn}; 0 if that is null
 */
public record SlotState(String name, @Nullable Lsn restartLsn, int restartTimeline) {}
