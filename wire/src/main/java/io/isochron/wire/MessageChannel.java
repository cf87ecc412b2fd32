package io.isochron.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Messages of PostgreSQL's protocol over a transport: a type byte, a length that includes itself, a body (documentation, chapter
 * 53.1.1). One thread reads, any thread writes.
 */
final class MessageChannel implements AutoCloseable {
    /** What a message may be long at most. WAL and archive data come in pieces of at most 128 KiB; errors and histories are small. */
    static final int MESSAGE_BYTES_MAX = 16 << 20;

    private static final int BUFFER_BYTES = 512 << 10;

    private final Transport transport;
    private final ReentrantLock writing = new ReentrantLock();
    private ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).flip(); // unread bytes between position and limit
    private byte type;
    private ByteBuffer body = ByteBuffer.allocate(0);

    MessageChannel(Transport transport) {
        this.transport = transport;
    }

    Transport transport() {
        return transport;
    }

    /**
     * Waits for the next message; its type and body are valid until the next call.
     *
     * @return false if the deadline passed first; what came of the message is kept
     * @throws EOFException at the end of the stream
     */
    boolean next(Deadline deadline) throws IOException {
        if (!fill(5, deadline)) {
            return false;
        }
        int length = in.getInt(in.position() + 1);
        if (length < 4 || length > MESSAGE_BYTES_MAX) {
            throw new ProtocolException("a message of type '" + printable(in.get(in.position())) + "' with length "
                    + Integer.toUnsignedString(length) + " is not PostgreSQL's protocol");
        }
        if (!fill(1 + length, deadline)) {
            return false;
        }
        type = in.get();
        body = in.slice(in.position() + 4, length - 4).asReadOnlyBuffer();
        in.position(in.position() + length);
        return true;
    }

    /** Waits for a packet without type byte, as a client sends it first; same contract as {@link #next}. */
    boolean nextStartupPacket(int bytesMax, Deadline deadline) throws IOException {
        if (!fill(4, deadline)) {
            return false;
        }
        int length = in.getInt(in.position());
        if (length < 8 || length > bytesMax) {
            throw new ProtocolException(
                    "a startup packet of length " + Integer.toUnsignedString(length) + " is not PostgreSQL's protocol");
        }
        if (!fill(length, deadline)) {
            return false;
        }
        type = 0;
        body = in.slice(in.position() + 4, length - 4).asReadOnlyBuffer();
        in.position(in.position() + length);
        return true;
    }

    private boolean fill(int count, Deadline deadline) throws IOException {
        while (in.remaining() < count) {
            if (in.capacity() - in.position() < count || in.limit() == in.capacity()) {
                // Grown for a rare large message, and back again afterwards.
                int capacity = Math.max(BUFFER_BYTES, count);
                in = capacity == in.capacity()
                        ? in.compact().flip()
                        : ByteBuffer.allocateDirect(Math.max(capacity, in.remaining()))
                                .put(in)
                                .flip();
            }
            int start = in.position();
            int end = in.limit();
            in.limit(in.capacity()).position(end);
            int got = 0;
            try {
                got = transport.read(in, deadline);
            } finally {
                in.limit(end + Math.max(0, got)).position(start);
            }
            if (got < 0) {
                throw new EOFException("the other side closed the connection");
            }
            if (got == 0) {
                return false;
            }
        }
        return true;
    }

    byte type() {
        return type;
    }

    /** The body of the message, with its own position. */
    ByteBuffer body() {
        return body;
    }

    /** Takes a text that ends with a zero byte from the body. */
    String text() throws ProtocolException {
        int start = body.position();
        for (int end = start; end < body.limit(); end++) {
            if (body.get(end) == 0) {
                byte[] bytes = new byte[end - start];
                body.get(bytes).get();
                return new String(bytes, StandardCharsets.UTF_8);
            }
        }
        throw new ProtocolException("a text in a message of type '" + printable(type) + "' has no end");
    }

    /** Takes {@code length} bytes of text from the body. */
    String text(int length) throws ProtocolException {
        if (length < 0 || length > body.remaining()) {
            throw new ProtocolException("a field in a message of type '" + printable(type) + "' is too long");
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void send(MessageBuilder message) throws IOException {
        send(message.finish());
    }

    /** Sends complete messages. */
    void send(ByteBuffer messages) throws IOException {
        writing.lock();
        try {
            transport.write(messages);
        } finally {
            writing.unlock();
        }
    }

    static String printable(byte type) {
        return type > 32 && type < 127 ? String.valueOf((char) type) : String.format("0x%02x", type);
    }

    @Override
    public void close() {
        transport.close();
    }
}
