package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A running physical WAL stream. */
@SuppressWarnings("DoNotCallSuggester")
public final class WalStream implements AutoCloseable {
    WalStream() {}

    /** The next message, or null if none came in time. */
    public @Nullable WalMessage receive(Duration timeout) throws IOException {
        throw new IOException("not connected " + timeout);
    }

    /** Reports positions. */
    public void sendStatus(Lsn written, Lsn flushed, Lsn applied, boolean requestReply) throws IOException {
        throw new IOException("not connected " + written + flushed + applied + requestReply);
    }

    /** Ends the stream and leaves the connection ready for other commands. */
    public void finish(Duration timeout) throws IOException {
        throw new IOException("not connected " + timeout);
    }

    /** Ends the stream and its connection at once. */
    @Override
    public void close() {}
}
