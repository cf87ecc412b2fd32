package io.isochron.wire;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** TCP or a Unix socket, by a non-blocking channel and one selector for each direction. */
final class ChannelTransport implements Transport {
    private final SocketChannel channel;
    private final Selector readable;
    private final Selector writable;
    private volatile boolean closed;

    /** Takes over a connected channel. */
    ChannelTransport(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        readable = Selector.open();
        writable = Selector.open();
    }

    /**
     * Connects.
     *
     * @throws SocketTimeoutException if the deadline passes first
     */
    static ChannelTransport connect(SocketChannel channel, SocketAddress address, Deadline deadline)
            throws IOException {
        ChannelTransport transport = new ChannelTransport(channel);
        try {
            if (!channel.connect(address)) {
                SelectionKey key = channel.register(transport.writable, SelectionKey.OP_CONNECT);
                while (!channel.finishConnect()) {
                    if (!transport.await(transport.writable, deadline)) {
                        throw new SocketTimeoutException("no answer in time");
                    }
                }
                key.interestOps(SelectionKey.OP_WRITE);
            }
            return transport;
        } catch (IOException | RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    SocketChannel channel() {
        return channel;
    }

    @Override
    public int read(ByteBuffer into, Deadline deadline) throws IOException {
        while (true) {
            int count = channel.read(into);
            if (count != 0) {
                return count;
            }
            register(readable, SelectionKey.OP_READ);
            if (!await(readable, deadline)) {
                return 0;
            }
        }
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            if (channel.write(from) == 0) {
                register(writable, SelectionKey.OP_WRITE);
                await(writable, Deadline.NEVER);
            }
        }
    }

    /** Another thread may close at any moment, also between the attempt that moved nothing and this: no fault of the program. */
    private void register(Selector selector, int operation) throws IOException {
        try {
            if (selector.keys().isEmpty()) {
                channel.register(selector, operation);
            }
        } catch (ClosedSelectorException | CancelledKeyException e) {
            throw closedHere(e);
        }
    }

    private boolean await(Selector selector, Deadline deadline) throws IOException {
        if (deadline.passed()) {
            return false;
        }
        try {
            selector.select(deadline.selectMillis());
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw closedHere(e);
        }
        if (closed) {
            throw closedHere(null);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while waiting for the network");
        }
        return true;
    }

    private static IOException closedHere(@org.jspecify.annotations.Nullable Throwable cause) {
        ClosedChannelException e = new ClosedChannelException();
        e.initCause(cause);
        return e;
    }

    @Override
    public void close() {
        closed = true;
        // The channel first: a waiter that wakes up finds it closed. Closing cannot fail in a way that anyone could act
        // on.
        closeQuietly(channel);
        closeQuietly(readable);
        closeQuietly(writable);
    }

    static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            org.slf4j.LoggerFactory.getLogger(ChannelTransport.class).debug("closing a connection failed", e);
        }
    }
}
