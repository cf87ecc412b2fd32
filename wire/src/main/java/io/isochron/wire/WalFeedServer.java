package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds WAL to standbys: to a stock PostgreSQL whose {@code primary_conninfo} points here it is a primary that has exactly the WAL
 * its {@link WalFeedSource} allows, and more when the limit moves up. It also serves {@code pg_receivewal}. One virtual thread reads
 * from each receiver and one sends to it.
 *
 * <p>It listens on the loopback interface or a Unix socket only, and every receiver must give the password.
 */
public final class WalFeedServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WalFeedServer.class);
    private static final int RECEIVERS_MAX = 16;

    private final ServerSocketChannel listener;
    private final SocketAddress address;
    private final WalFeedSource source;
    private final byte[] password;
    private final List<FeedSession> sessions = new CopyOnWriteArrayList<>();
    private volatile FeedProgress newest = FeedProgress.NONE;
    private volatile @Nullable IOException lastFailure;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private volatile boolean closed;

    /**
     * Listens at once.
     *
     * @param bind a loopback address (port 0 picks a free one), or a Unix socket, which a standby finds only if its name is
     *     {@code .s.PGSQL.<port>}; who may reach the socket is decided by its directory
     * @param password what receivers must know; not empty
     * @throws IllegalArgumentException if the address is neither loopback nor a Unix socket
     * @throws IOException if it cannot be bound
     */
    public WalFeedServer(SocketAddress bind, WalFeedSource source, String password) throws IOException {
        if (password.isEmpty()) {
            throw new IllegalArgumentException("the WAL feed needs a password\nhint: Make a random one for each feed.");
        }
        this.source = source;
        this.password = password.getBytes(StandardCharsets.UTF_8);
        this.listener = listen(bind);
        this.address = listener.getLocalAddress();
        this.acceptor = Thread.ofVirtual().name("wal-feed-accept").start(this::accept);
    }

    private static ServerSocketChannel listen(SocketAddress bind) throws IOException {
        ServerSocketChannel channel = switch (bind) {
            case UnixDomainSocketAddress unix -> ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            case InetSocketAddress inet
            when !inet.isUnresolved() && inet.getAddress().isLoopbackAddress() -> ServerSocketChannel.open();
            default ->
                throw new IllegalArgumentException("the WAL feed may not listen on " + bind
                        + "\nhint: Use 127.0.0.1, ::1 or a Unix socket; restored clusters stay on their machine.");
        };
        try {
            channel.bind(bind);
            if (bind instanceof UnixDomainSocketAddress unix) {
                // As PostgreSQL does it: the directory decides who gets here, the standby may run as another user.
                Files.setPosixFilePermissions(unix.getPath(), PosixFilePermissions.fromString("rwxrwxrwx"));
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            ChannelTransport.closeQuietly(channel);
            throw e;
        }
    }

    /** Where it listens, with the port that was picked. */
    public SocketAddress address() {
        return address;
    }

    /** The progress of the receiver that began to stream last, also after it went away; {@link FeedProgress#NONE} before. */
    public FeedProgress progress() {
        List<FeedSession> streaming =
                sessions.stream().filter(FeedSession::isStreaming).toList();
        if (!streaming.isEmpty()) {
            return streaming.getLast().progress();
        }
        // one whose stream has just ended tells it itself until its thread has left it behind
        List<FeedSession> streamed =
                sessions.stream().filter(FeedSession::hasStreamed).toList();
        return streamed.isEmpty() ? newest : streamed.getLast().progress();
    }

    /** All receivers that stream now, in the order in which they connected. */
    public List<FeedProgress> receivers() {
        return sessions.stream()
                .filter(FeedSession::isStreaming)
                .map(FeedSession::progress)
                .toList();
    }

    /**
     * Why the last connection failed on our side (the source could not be read, a wrong password), if one did; a receiver that simply
     * went away is no failure.
     */
    public Optional<IOException> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }

    private void accept() {
        while (!closed) {
            try {
                SocketChannel channel = listener.accept();
                if (sessions.size() >= RECEIVERS_MAX || !isLocal(channel)) {
                    ChannelTransport.closeQuietly(channel);
                    continue;
                }
                if (address instanceof InetSocketAddress) {
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                FeedSession session =
                        new FeedSession(new MessageChannel(new ChannelTransport(channel)), source, password);
                sessions.add(session);
                Thread thread = Thread.ofVirtual().name("wal-feed-receiver").unstarted(() -> serve(session));
                threads.add(thread);
                thread.start();
            } catch (IOException e) {
                if (!closed) {
                    log.warn("a receiver could not be accepted", e);
                    lastFailure = e;
                    if (!listener.isOpen()) {
                        return;
                    }
                }
            }
        }
    }

    private static boolean isLocal(SocketChannel channel) throws IOException {
        return !(channel.getRemoteAddress() instanceof InetSocketAddress remote)
                || remote.getAddress().isLoopbackAddress();
    }

    private void serve(FeedSession session) {
        try (session) {
            session.run();
        } catch (IOException e) {
            if (!closed && session.isOurFailure(e)) {
                log.warn("feeding WAL failed: {}", e.getMessage());
                lastFailure = e;
            } else {
                log.debug("a receiver went away: {}", e.getMessage());
            }
        } catch (RuntimeException e) {
            log.warn("feeding WAL failed", e);
            lastFailure = new IOException("feeding WAL failed: " + e, e);
        } finally {
            if (session.hasStreamed()) {
                newest = session.progress();
            }
            sessions.remove(session);
            threads.remove(Thread.currentThread());
        }
    }

    /** Stops listening, ends all connections and waits until the source is no longer used. Closing twice is no error. */
    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        if (address instanceof UnixDomainSocketAddress unix) {
            Path file = unix.getPath();
            Files.deleteIfExists(file);
        }
        try {
            acceptor.join();
            sessions.forEach(FeedSession::close);
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where the newest receiver's replay is: {@link FeedProgress#applied()} of {@link #progress()}. */
    public Lsn applied() {
        return progress().applied();
    }
}
