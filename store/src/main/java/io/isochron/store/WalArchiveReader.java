package io.isochron.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * A timeline's WAL as one sequence of bytes from a position on. Pieces are fetched and verified ahead on other threads. For one thread at a time.
 */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class WalArchiveReader implements AutoCloseable {
    WalArchiveReader(WalArchive archive, String shard, int timeline, long from) {
        this.position = from;
    }

    private long position;

    /** The position of the next byte that {@link #read} gives. */
    public long position() {
        return position;
    }

    /**
     * Gives the next bytes: at least one and at most as many as fit, or none if the archive ends here for now.
     *
     * @return how many bytes were put; 0 if there are no more at this moment (or no room)
     * @throws WalGapException if the next bytes are missing while later ones are archived
     * @throws ObjectDamagedException if the piece that holds the next bytes is damaged and no other piece holds them
     */
    public int read(ByteBuffer into) throws IOException {
        throw new IOException("under construction " + into);
    }

    /** The end of what is archived without a hole from {@link #position} on, looked up now. */
    public long available() throws IOException {
        throw new IOException("under construction");
    }

    /**
     * Waits until there is something to read at {@link #position}, looking again every 100 ms at first, then every second.
     *
     * @return true if there is, false if the time is up
     */
    public boolean awaitMore(Duration timeout) throws IOException, InterruptedException {
        throw new IOException("under construction " + timeout);
    }

    /** Stops reading ahead. */
    @Override
    public void close() {}
}
