package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A running stream of WAL (documentation, chapter 53.4, START_REPLICATION ... PHYSICAL). Nothing is ever confirmed to the server
 * unless {@link #sendStatus} says so; a caller that reports nothing for the server's {@code wal_sender_timeout} (60 s by default)
 * loses the stream.
 *
 * <p>One thread receives; any thread may send a status or close.
 */
public final class WalStream implements AutoCloseable {
    private final Backend backend;
    private final ByteBuffer status = ByteBuffer.allocate(1 + 4 + 1 + 4 * 8 + 1);
    private final Object statusLock = new Object();
    private volatile boolean copying;
    private boolean copyDoneSent;
    private WalMessage.@Nullable TimelineEnd end;

    /** Sends the command and takes in the answer to it. */
    WalStream(Backend backend, String command) throws IOException {
        this.backend = backend;
        backend.channel().send(MessageBuilder.of('Q').text(command));
        try {
            backend.next(Deadline.NEVER);
            switch (backend.channel().type()) {
                case 'W' -> copying = true;
                // Asked for the very end of an old timeline: the answer is the next timeline, without any WAL.
                case 'T' -> end = readTimelineEnd();
                default -> throw backend.unexpected("in the answer to " + command);
            }
        } catch (PostgresException e) {
            backend.drain(e);
            throw e;
        }
    }

    /**
     * Waits for the next message.
     *
     * @param timeout how long to wait at most; returns as soon as a message is there
     * @return the message, or null if none came in time
     * @throws InterruptedIOException if this thread is interrupted; the stream stays usable
     * @throws PostgresException if the server ended the stream with an error
     * @throws IOException if the server went away or the stream was closed; the connection is closed then
     */
    public @Nullable WalMessage receive(Duration timeout) throws IOException {
        WalMessage.TimelineEnd over = end;
        if (over != null) {
            return over;
        }
        if (!copying) {
            throw new IOException(backend.where() + ": the WAL stream is over");
        }
        try {
            return receive(Deadline.after(timeout));
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private @Nullable WalMessage receive(Deadline deadline) throws IOException {
        if (!backend.next(deadline)) {
            return null;
        }
        MessageChannel channel = backend.channel();
        return switch (channel.type()) {
            case 'd' -> copyData(channel.body());
            case 'c' -> {
                sendCopyDone();
                backend.next(Deadline.NEVER);
                WalMessage.TimelineEnd over = readTimelineEnd();
                if (over == null) {
                    throw new IOException(
                            backend.where() + ": the server ended the WAL stream without a next timeline");
                }
                end = over;
                yield over;
            }
            case 'C' ->
                throw new IOException(backend.where() + ": the server ended the WAL stream, it is shutting down");
            default -> throw backend.unexpected("in a WAL stream");
        };
    }

    private WalMessage copyData(ByteBuffer body) throws IOException {
        byte kind = body.remaining() == 0 ? 0 : body.get();
        if (kind == 'w' && body.remaining() >= 24) {
            Lsn start = new Lsn(body.getLong());
            Lsn walEnd = new Lsn(body.getLong());
            return new WalMessage.WalData(start, walEnd, PostgresClock.toUnixMicros(body.getLong()), body.slice());
        }
        if (kind == 'k' && body.remaining() >= 17) {
            Lsn sentEnd = new Lsn(body.getLong());
            return new WalMessage.Keepalive(sentEnd, PostgresClock.toUnixMicros(body.getLong()), body.get() != 0);
        }
        throw backend.unexpected("of kind '" + MessageChannel.printable(kind) + "' in a WAL stream");
    }

    /** From the message after CopyDone to ReadyForQuery; null if the server named no next timeline. */
    private WalMessage.@Nullable TimelineEnd readTimelineEnd() throws IOException {
        WalMessage.TimelineEnd next = null;
        while (backend.channel().type() != 'Z') {
            switch (backend.channel().type()) {
                case 'D' -> {
                    List<@Nullable String> row = backend.row();
                    String timeline = row.size() < 2 ? null : row.get(0);
                    String position = row.size() < 2 ? null : row.get(1);
                    if (timeline == null || position == null) {
                        throw backend.unexpected("at the end of a timeline");
                    }
                    next = new WalMessage.TimelineEnd(Integer.parseUnsignedInt(timeline), Lsn.parse(position));
                }
                case 'T', 'C', 'd', 'c' -> {}
                default -> throw backend.unexpected("at the end of a WAL stream");
            }
            backend.next(Deadline.NEVER);
        }
        copying = false;
        return next;
    }

    /**
     * Reports positions to the server. {@code flushed} is the promise that matters: the slot lets go of all WAL before it, and
     * with synchronous replication waiting commits return. {@link Lsn#INVALID} for a position reports nothing.
     *
     * @param requestReply the server answers at once with a keepalive that carries its clock
     */
    public void sendStatus(Lsn written, Lsn flushed, Lsn applied, boolean requestReply) throws IOException {
        synchronized (statusLock) {
            status.clear()
                    .put((byte) 'd')
                    .putInt(status.capacity() - 1)
                    .put((byte) 'r')
                    .putLong(written.value())
                    .putLong(flushed.value())
                    .putLong(applied.value())
                    .putLong(PostgresClock.now())
                    .put((byte) (requestReply ? 1 : 0))
                    .flip();
            if (!copying) {
                throw new IOException(backend.where() + ": the WAL stream is over");
            }
            backend.channel().send(status);
        }
    }

    private void sendCopyDone() throws IOException {
        synchronized (statusLock) {
            if (!copyDoneSent) {
                copyDoneSent = true;
                copying = false;
                backend.channel().send(MessageBuilder.of('c'));
            }
        }
    }

    /**
     * Ends the stream in order and leaves the connection ready for other commands; WAL still on its way is dropped. Called by the
     * receiving thread.
     *
     * @throws IOException if the server does not end the stream in time; the connection is closed then
     */
    public void finish(Duration timeout) throws IOException {
        if (!copying) {
            return;
        }
        try {
            sendCopyDone();
            Deadline deadline = Deadline.after(timeout);
            do {
                if (!backend.next(deadline)) {
                    throw new IOException(backend.where() + ": the server did not end the WAL stream in time");
                }
            } while (backend.channel().type() != 'Z');
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Whether the connection is ready for other commands. */
    boolean isOver() {
        return !copying;
    }

    /** Ends the stream and its connection at once, also under a thread that is waiting in {@link #receive}. */
    @Override
    public void close() {
        copying = false;
        backend.close();
    }
}
