package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a {@link WalFeedServer} takes its WAL from, and how far it may give it out. Called from several threads at once, each
 * connection reading for itself; every method must be safe for that.
 */
public interface WalFeedSource {
    /** The system identifier, decimal, that the standby must have as well. */
    String systemIdentifier();

    /** The PostgreSQL version that wrote the WAL, as {@code server_version_num} shows it: 170011 for 17.11. */
    int serverVersionNum();

    /** The newest timeline, which the standby is to follow. */
    int timeline();

    /** The position up to which WAL may be given out, on {@link #timeline()} and on those that led to it; only ever moves up. */
    Lsn limit();

    /** The content of the timeline's history file; empty if there is none (timeline 1 never has one). */
    Optional<byte[]> timelineHistory(int timeline) throws IOException;

    /** Where a timeline older than {@link #timeline()} ends, that is where the next one begins. */
    Lsn endOfTimeline(int timeline) throws IOException;

    /**
     * Reads WAL of one timeline. The server never asks beyond the limit or the timeline's end.
     *
     * @param into filled from its position, at least one byte and at most {@code into.remaining()} bytes
     * @return how many bytes were put; 0 if these bytes are allowed but have not arrived yet
     * @throws IOException if the WAL cannot be read; the standby is told and tries again later
     */
    int read(int timeline, Lsn from, ByteBuffer into) throws IOException;

    /**
     * Waits until WAL after {@code beyond} may be available (the limit moved up, bytes arrived) or the time is over; may return
     * early.
     */
    void awaitMore(Lsn beyond, Duration atMost) throws InterruptedException;

    /** Size of a WAL segment in bytes, a power of two from 1 MiB to 1 GiB. */
    default int walSegmentSizeBytes() {
        return 16 << 20;
    }
}
