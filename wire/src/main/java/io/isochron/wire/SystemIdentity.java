package io.isochron.wire;

import io.isochron.wal.Lsn;
import org.jspecify.annotations.Nullable;

/**
 * The answer to IDENTIFY_SYSTEM.
 *
 * @param systemIdentifier the unsigned 64-bit number, in decimal, that initdb gave this cluster and that all its copies share
 * @param timeline the server's current timeline, from 1
 * @param flushed how far the server's WAL is flushed (on a standby: replayed)
 * @param database the database of the connection; null on a physical replication connection
 */
public record SystemIdentity(
        String systemIdentifier,
        int timeline,
        Lsn flushed,
        @Nullable String database) {}
