package io.isochron.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/** TLS over another transport, by {@link SSLEngine} (which allows one thread to wrap while another unwraps). */
final class TlsTransport implements Transport {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport inner;
    private final SSLEngine engine;
    private final ReentrantLock writing = new ReentrantLock();
    private final ByteBuffer netOut;
    private final ByteBuffer netIn; // always ready to be read from
    private ByteBuffer plainIn; // always ready to be read from

    private TlsTransport(Transport inner, SSLEngine engine) {
        this.inner = inner;
        this.engine = engine;
        int packet = engine.getSession().getPacketBufferSize();
        netOut = ByteBuffer.allocate(packet);
        netIn = ByteBuffer.allocate(4 * packet).flip();
        plainIn = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize())
                .flip();
    }

    /** Does the handshake. On failure the inner transport is left open. */
    static TlsTransport handshake(Transport inner, SSLEngine engine, Deadline deadline) throws IOException {
        TlsTransport tls = new TlsTransport(inner, engine);
        engine.beginHandshake();
        HandshakeStatus status = engine.getHandshakeStatus();
        while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
            switch (status) {
                case NEED_WRAP -> tls.wrap(NOTHING);
                case NEED_TASK -> tls.runTasks();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    int count = tls.unwrap(deadline);
                    if (count == 0 && deadline.passed()) {
                        throw new java.net.SocketTimeoutException("no answer in time during the TLS handshake");
                    }
                    if (count < 0) {
                        throw new SSLHandshakeException("the server closed the connection during the TLS handshake");
                    }
                }
                case NOT_HANDSHAKING, FINISHED -> throw new AssertionError(status);
            }
            status = engine.getHandshakeStatus();
        }
        return tls;
    }

    javax.net.ssl.SSLSession session() {
        return engine.getSession();
    }

    @Override
    public int read(ByteBuffer into, Deadline deadline) throws IOException {
        while (!plainIn.hasRemaining()) {
            int count = unwrap(deadline);
            if (count < 0 || (count == 0 && deadline.passed() && !plainIn.hasRemaining())) {
                return count;
            }
        }
        int count = Math.min(into.remaining(), plainIn.remaining());
        into.put(into.position(), plainIn, plainIn.position(), count);
        into.position(into.position() + count);
        plainIn.position(plainIn.position() + count);
        return count;
    }

    /** Takes in one TLS record: 1 if one was handled, 0 if the deadline passed, -1 at the end. */
    private int unwrap(Deadline deadline) throws IOException {
        while (true) {
            if (engine.isInboundDone()) {
                return -1;
            }
            plainIn.clear();
            SSLEngineResult result;
            try {
                result = engine.unwrap(netIn, plainIn);
            } catch (SSLException e) {
                plainIn.limit(0).position(0);
                sendAlert();
                throw e;
            }
            plainIn.flip();
            switch (result.getStatus()) {
                case OK -> {
                    runTasks();
                    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
                            && result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                        wrap(NOTHING);
                    }
                    return 1;
                }
                case CLOSED -> {
                    return -1;
                }
                case BUFFER_OVERFLOW ->
                    plainIn = ByteBuffer.allocate(2
                                    * Math.max(
                                            plainIn.capacity(),
                                            engine.getSession().getApplicationBufferSize()))
                            .flip();
                case BUFFER_UNDERFLOW -> {
                    netIn.compact();
                    int count;
                    try {
                        count = inner.read(netIn, deadline);
                    } finally {
                        netIn.flip();
                    }
                    if (count <= 0) {
                        return count;
                    }
                }
            }
        }
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        writing.lock();
        try {
            do {
                wrap(from);
            } while (from.hasRemaining());
        } finally {
            writing.unlock();
        }
    }

    private void wrap(ByteBuffer from) throws IOException {
        writing.lock();
        try {
            netOut.clear();
            SSLEngineResult result = engine.wrap(from, netOut);
            netOut.flip();
            inner.write(netOut);
            if (result.getStatus() == SSLEngineResult.Status.CLOSED && from.hasRemaining()) {
                throw new SSLException("the TLS connection is closed for writing");
            }
        } finally {
            writing.unlock();
        }
    }

    /** Tells the server why we go, if it can still be told. */
    private void sendAlert() {
        try {
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                wrap(NOTHING);
            }
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(TlsTransport.class).debug("the TLS alert could not be sent", e);
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    @Override
    public void close() {
        inner.close();
    }
}
