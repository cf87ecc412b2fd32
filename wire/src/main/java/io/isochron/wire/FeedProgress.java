package io.isochron.wire;

import io.isochron.wal.Lsn;

/**
 * How far one receiver of a {@link WalFeedServer} is. Positions are the receiver's own reports; {@link Lsn#INVALID} before the
 * first.
 *
 * @param receiver the receiver's application name (a standby's {@code cluster_name}, or {@code walreceiver})
 * @param timeline the timeline being sent
 * @param sent end of what was sent to it
 * @param written end of what it wrote
 * @param flushed end of what it made durable
 * @param applied end of what it replayed
 * @param lastReplyMicros reference clock of its last report, microseconds since the Unix epoch; 0 before the first
 */
public record FeedProgress(
        String receiver, int timeline, Lsn sent, Lsn written, Lsn flushed, Lsn applied, long lastReplyMicros) {
    /** No receiver has come yet. */
    public static final FeedProgress NONE =
            new FeedProgress("", 0, Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, 0);
}
