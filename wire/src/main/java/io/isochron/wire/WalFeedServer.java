package io.isochron.wire;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;

/** Feeds WAL to standbys. */
@SuppressWarnings("DoNotCallSuggester")
public final class WalFeedServer implements AutoCloseable {
    /** Listens at once. */
    public WalFeedServer(SocketAddress bind, WalFeedSource source, String password) throws IOException {
        throw new IOException("cannot listen on " + bind + source + password);
    }

    /** Where it listens, with the port that was chosen. */
    public SocketAddress address() {
        throw new IllegalStateException();
    }

    /** The newest receiver's progress. */
    public FeedProgress progress() {
        return FeedProgress.NONE;
    }

    /** Every attached receiver. */
    public List<FeedProgress> receivers() {
        return List.of();
    }

    @Override
    public void close() {}
}
