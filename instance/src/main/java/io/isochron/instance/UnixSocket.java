package io.isochron.instance;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Socket} over a Unix domain socket. The channel does not block; reads and writes wait in a selector each, which is what
 * makes a read time-out, and closing from another thread, work. TCP options are accepted and do nothing.
 */
final class UnixSocket extends Socket {
    private final Path path;
    private @Nullable SocketChannel channel;
    private @Nullable Selector readable;
    private @Nullable Selector writable;
    private volatile int timeoutMillis;
    private volatile boolean closed;
    private boolean inputShut;
    private boolean outputShut;

    UnixSocket(Path path) {
        this.path = path;
    }

    /** Connects to the socket file; the endpoint given is not looked at. A local connect is made at once or refused. */
    @Override
    public void connect(SocketAddress endpoint, int timeout) throws IOException {
        connect();
    }

    @Override
    public void connect(SocketAddress endpoint) throws IOException {
        connect();
    }

    private synchronized void connect() throws IOException {
        if (closed) {
            throw new SocketException("socket is closed");
        }
        SocketChannel fresh = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            fresh.connect(UnixDomainSocketAddress.of(path));
            fresh.configureBlocking(false);
            readable = selector(fresh, SelectionKey.OP_READ);
            writable = selector(fresh, SelectionKey.OP_WRITE);
            channel = fresh;
        } catch (IOException e) {
            fresh.close();
            ConnectException refused =
                    new ConnectException("cannot connect to Unix socket '" + path + "': " + e.getMessage());
            refused.initCause(e);
            throw refused;
        }
    }

    private static Selector selector(SocketChannel channel, int operation) throws IOException {
        Selector selector = Selector.open();
        channel.register(selector, operation);
        return selector;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        SocketChannel from = connected();
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, bytes.length);
                return length == 0 ? 0 : receive(from, ByteBuffer.wrap(bytes, offset, length));
            }

            @Override
            public void close() throws IOException {
                UnixSocket.this.close();
            }
        };
    }

    private int receive(SocketChannel from, ByteBuffer into) throws IOException {
        int timeout = timeoutMillis;
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeout);
        while (true) {
            int count = closing(() -> from.read(into));
            if (count != 0) {
                return count;
            }
            if (timeout == 0) {
                await(readable, 0);
            } else {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new SocketTimeoutException(
                            "no data within " + timeout + " ms from Unix socket '" + path + "'");
                }
                await(readable, TimeUnit.NANOSECONDS.toMillis(left) + 1);
            }
        }
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        SocketChannel to = connected();
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, bytes.length);
                ByteBuffer from = ByteBuffer.wrap(bytes, offset, length);
                while (from.hasRemaining()) {
                    if (closing(() -> to.write(from)) == 0) {
                        await(writable, 0);
                    }
                }
            }

            @Override
            public void close() throws IOException {
                UnixSocket.this.close();
            }
        };
    }

    private interface Transfer {
        int run() throws IOException;
    }

    private int closing(Transfer transfer) throws IOException {
        try {
            return transfer.run();
        } catch (IOException e) {
            throw new SocketException(closed ? "socket closed" : "Unix socket '" + path + "': " + e.getMessage(), e);
        }
    }

    private void await(@Nullable Selector selector, long millis) throws IOException {
        if (selector == null || closed) {
            throw new SocketException("socket closed");
        }
        try {
            selector.select(millis);
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw new SocketException("socket closed", e);
        }
        if (closed) {
            throw new SocketException("socket closed");
        }
        if (Thread.currentThread().isInterrupted()) {
            close();
            throw new SocketException("interrupted while waiting for Unix socket '" + path + "'");
        }
    }

    private synchronized SocketChannel connected() throws IOException {
        if (closed) {
            throw new SocketException("socket is closed");
        }
        if (channel == null) {
            throw new SocketException("socket is not connected");
        }
        return channel;
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        if (channel != null) {
            channel.close();
        }
        closeAwake(readable);
        closeAwake(writable);
    }

    private static void closeAwake(@Nullable Selector selector) throws IOException {
        if (selector != null) {
            selector.wakeup();
            selector.close();
        }
    }

    @Override
    public synchronized void shutdownInput() throws IOException {
        connected().shutdownInput();
        inputShut = true;
    }

    @Override
    public synchronized void shutdownOutput() throws IOException {
        connected().shutdownOutput();
        outputShut = true;
    }

    @Override
    public synchronized boolean isInputShutdown() {
        return inputShut;
    }

    @Override
    public synchronized boolean isOutputShutdown() {
        return outputShut;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized boolean isConnected() {
        return channel != null;
    }

    @Override
    public boolean isBound() {
        return isConnected();
    }

    @Override
    public void setSoTimeout(int timeout) {
        timeoutMillis = timeout;
    }

    @Override
    public int getSoTimeout() {
        return timeoutMillis;
    }

    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public boolean getTcpNoDelay() {
        return true;
    }

    @Override
    public void setKeepAlive(boolean on) {}

    @Override
    public boolean getKeepAlive() {
        return false;
    }

    @Override
    public void setSoLinger(boolean on, int linger) {}

    @Override
    public int getSoLinger() {
        return -1;
    }

    @Override
    public void setReceiveBufferSize(int size) {}

    @Override
    public int getReceiveBufferSize() {
        return 1 << 16;
    }

    @Override
    public void setSendBufferSize(int size) {}

    @Override
    public int getSendBufferSize() {
        return 1 << 16;
    }

    @Override
    public void setTrafficClass(int value) {}

    @Override
    public void setReuseAddress(boolean on) {}

    @Override
    public InetAddress getInetAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        return isConnected() ? UnixDomainSocketAddress.of(path) : null;
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        return null;
    }

    @Override
    public int getPort() {
        return 0;
    }

    @Override
    public int getLocalPort() {
        return -1;
    }

    @Override
    public String toString() {
        return "UnixSocket[" + path + "]";
    }
}
