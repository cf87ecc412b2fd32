package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.nio.ByteBuffer;

/** What a WAL stream brings (documentation, chapter 53.4, START_REPLICATION). */
public sealed interface WalMessage {
    /**
     * A piece of WAL; pieces are contiguous but end anywhere, mid-record too.
     *
     * @param start position of the first byte of {@code payload}
     * @param walEnd the server's WAL end when it sent this: how far behind the stream is
     * @param serverClockMicros the server's clock when it sent this, microseconds since the Unix epoch
     * @param payload the bytes, at most a few hundred KiB; read-only and valid only until the next
     *     {@link WalStream#receive}
     */
    record WalData(Lsn start, Lsn walEnd, long serverClockMicros, ByteBuffer payload) implements WalMessage {
        /** The position after the last byte of the payload (as long as the payload was not consumed). */
        public Lsn end() {
            return start.plus(payload.remaining());
        }
    }

    /**
     * The server is alive.
     *
     * @param sentEnd how far the server has <em>sent</em>; not how far it has written, so it proves nothing about unsent WAL
     * @param serverClockMicros the server's clock when it sent this, microseconds since the Unix epoch
     * @param replyRequested the server wants a {@link WalStream#sendStatus} soon, or it will end the stream
     */
    record Keepalive(Lsn sentEnd, long serverClockMicros, boolean replyRequested) implements WalMessage {}

    /**
     * The PostgreSQL timeline that was asked for ends here and everything of it was delivered; the connection is ready for other
     * commands again.
     *
     * @param nextTimeline the timeline that follows
     * @param switchPoint where it begins
     */
    record TimelineEnd(int nextTimeline, Lsn switchPoint) implements WalMessage {}
}
