package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CopyBoth phase of a feed connection. The session's thread reads the receiver's reports; a second virtual thread sends WAL, and
 * when there is none, waits for the source. It asks the receiver for a report every {@link #REPORT_INTERVAL} as long as it has not
 * replayed everything sent, because a standby by itself tells only every 10 s how far it has replayed.
 */
final class FeedStream {
    /** Thrown when the source cannot be read. */
    static final class SourceFailedException extends IOException {
        private static final long serialVersionUID = 1L;

        SourceFailedException(String message, Exception cause) {
            super(message, cause);
        }
    }

    /** As PostgreSQL's walsender: 16 pages. */
    private static final int PAYLOAD_BYTES_MAX = 128 << 10;

    private static final int HEADER_BYTES = 1 + 4 + 1 + 3 * 8;
    static final Duration REPORT_INTERVAL = Duration.ofMillis(50);

    /** Far below wal_receiver_timeout (60 s), which is the time after which a receiver gives us up. */
    private static final Duration KEEPALIVE_INTERVAL = Duration.ofSeconds(5);

    /** As wal_sender_timeout: a receiver silent for so long is gone. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(60);

    private static final Logger log = LoggerFactory.getLogger(FeedStream.class);

    private final MessageChannel channel;
    private final WalFeedSource source;
    private final int timeline;
    private final boolean historic;
    private final Lsn start;
    private final Object waitLock = new Object();
    private volatile FeedProgress progress;
    private volatile @Nullable SourceFailedException sourceFailure;
    private volatile Lsn sent;
    private volatile boolean copyDoneSent;
    private volatile boolean receiverDone;
    private boolean waiting; // guarded by waitLock

    FeedStream(
            MessageChannel channel, WalFeedSource source, String receiver, int timeline, boolean historic, Lsn start) {
        this.channel = channel;
        this.source = source;
        this.timeline = timeline;
        this.historic = historic;
        this.start = start;
        this.sent = start;
        this.progress = new FeedProgress(receiver, timeline, start, Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, 0);
    }

    FeedProgress progress() {
        FeedProgress reported = progress;
        return new FeedProgress(
                reported.receiver(),
                timeline,
                sent,
                reported.written(),
                reported.flushed(),
                reported.applied(),
                reported.lastReplyMicros());
    }

    /** Streams until both sides have said CopyDone, or the connection ends. */
    void run() throws IOException {
        channel.send(MessageBuilder.of('W').int8(0).int16(0));
        Thread sender = Thread.ofVirtual().name("wal-feed-send").start(this::send);
        IOException receiverFailure = null;
        try {
            receive();
        } catch (IOException e) {
            channel.close(); // ends a write that waits
            receiverFailure = e;
        } finally {
            synchronized (waitLock) {
                receiverDone = true;
                if (waiting) {
                    sender.interrupt();
                }
            }
            joinUninterruptibly(sender);
        }
        // Only now: a receiver that was told why the source failed may be gone before the sender comes to say so here.
        SourceFailedException ours = sourceFailure;
        if (ours != null) {
            throw ours;
        }
        if (receiverFailure != null) {
            throw receiverFailure;
        }
        if (!copyDoneSent) {
            channel.send(MessageBuilder.of('c'));
        }
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void receive() throws IOException {
        while (true) {
            if (!channel.next(Deadline.after(SILENCE_MAX))) {
                throw new EOFException("the receiver was silent for " + SILENCE_MAX.toSeconds() + " s");
            }
            switch (channel.type()) {
                case 'd' -> report(channel.body());
                case 'c' -> {
                    return;
                }
                case 'X' -> throw new EOFException("the receiver went away");
                default ->
                    throw new ProtocolException(
                            "unexpected message type " + MessageChannel.printable(channel.type()) + " in a WAL feed");
            }
        }
    }

    private void report(ByteBuffer body) throws IOException {
        byte kind = body.hasRemaining() ? body.get() : 0;
        if (kind == 'r' && body.remaining() >= 33) {
            Lsn written = new Lsn(body.getLong());
            Lsn flushed = new Lsn(body.getLong());
            Lsn applied = new Lsn(body.getLong());
            body.getLong();
            FeedProgress old = progress;
            progress = new FeedProgress(
                    old.receiver(), timeline, sent, written, flushed, applied, PostgresClock.nowUnixMicros());
            if (body.get() != 0) {
                keepalive(false);
            }
        } else if (kind != 'h') { // hot standby feedback means nothing to an archive
            throw new ProtocolException(
                    "unexpected report of kind " + MessageChannel.printable(kind) + " in a WAL feed");
        }
    }

    private void keepalive(boolean requestReply) throws IOException {
        channel.send(MessageBuilder.of('d')
                .int8('k')
                .int64(sent.value())
                .int64(PostgresClock.now())
                .int8(requestReply ? 1 : 0));
    }

    private void send() {
        try {
            sendAll();
        } catch (SourceFailedException e) {
            sourceFailure = e;
            channel.close(); // wakes the receiving thread
        } catch (RuntimeException e) {
            sourceFailure = new SourceFailedException("feeding WAL failed: " + e, e);
            channel.close();
        } catch (IOException e) {
            log.debug("sending WAL ended: {}", e.getMessage());
            channel.close(); // the connection broke: the receiving thread sees it, too
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the stream is over
        }
    }

    private void sendAll() throws IOException, InterruptedException {
        ByteBuffer message = ByteBuffer.allocateDirect(HEADER_BYTES + PAYLOAD_BYTES_MAX);
        Lsn at = start;
        keepalive(true);
        long lastAsked = System.nanoTime();
        long lastSent = lastAsked;
        while (!receiverDone) {
            Lsn end = end();
            int count = at.isBefore(end) ? read(message, at, end) : 0;
            if (count > 0) {
                sendData(message, at, end, count);
                at = at.plus(count);
                sent = at;
                lastSent = System.nanoTime();
            } else if (historic && at.equals(endOfTimeline())) {
                copyDoneSent = true;
                channel.send(MessageBuilder.of('c'));
                return;
            }
            Lsn applied = progress.applied();
            boolean behind = !applied.equals(Lsn.INVALID) && applied.isBefore(at); // a mere receiver applies nothing
            long now = System.nanoTime();
            boolean ask = behind && now - lastAsked >= REPORT_INTERVAL.toNanos();
            if (ask || now - lastSent >= KEEPALIVE_INTERVAL.toNanos()) {
                keepalive(true);
                lastAsked = now;
                lastSent = now;
            }
            if (count == 0) {
                awaitMore(at, behind ? REPORT_INTERVAL : KEEPALIVE_INTERVAL);
            }
        }
    }

    /** Waits for the source. Only here may the sender be interrupted: an interrupt elsewhere could close the source's files. */
    private void awaitMore(Lsn at, Duration atMost) throws InterruptedException {
        synchronized (waitLock) {
            if (receiverDone) {
                return;
            }
            waiting = true;
        }
        try {
            source.awaitMore(at, atMost);
        } finally {
            synchronized (waitLock) {
                waiting = false;
                // An interrupt that came too late to end the wait has done its work.
                if (Thread.interrupted() && !receiverDone) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** How far may be sent now: the limit may still lie on an older timeline than the newest. */
    private Lsn end() throws IOException {
        Lsn limit = source.limit();
        return historic ? Lsn.min(endOfTimeline(), limit) : limit;
    }

    private Lsn endOfTimeline() throws IOException {
        try {
            return source.endOfTimeline(timeline);
        } catch (IOException e) {
            throw sourceFailed(start, e);
        }
    }

    private int read(ByteBuffer message, Lsn at, Lsn end) throws IOException {
        // As the walsender: whole pages where it can, so that the next message starts at a page again.
        long most = Math.min(end.minus(at), PAYLOAD_BYTES_MAX - (at.value() & 8191));
        message.clear().position(HEADER_BYTES).limit(HEADER_BYTES + (int) most);
        try {
            return source.read(timeline, at, message);
        } catch (IOException e) {
            throw sourceFailed(at, e);
        }
    }

    private void sendData(ByteBuffer message, Lsn at, Lsn end, int count) throws IOException {
        message.limit(HEADER_BYTES + count)
                .position(0)
                .put((byte) 'd')
                .putInt(HEADER_BYTES - 1 + count)
                .put((byte) 'w')
                .putLong(at.value())
                .putLong(end.value())
                .putLong(PostgresClock.now())
                .position(0);
        channel.send(message);
    }

    /** Tells the receiver, too: its log then names the true reason. */
    private SourceFailedException sourceFailed(Lsn at, IOException e) {
        String message = "WAL at " + at + " of timeline " + Integer.toUnsignedString(timeline) + " cannot be read: "
                + Backend.reason(e);
        SourceFailedException failure = new SourceFailedException(message, e);
        try {
            channel.send(errorMessage("FATAL", "58030", message));
        } catch (IOException second) {
            failure.addSuppressed(second);
        }
        return failure;
    }

    static MessageBuilder errorMessage(String severity, String sqlState, String message) {
        return MessageBuilder.of('E')
                .int8('S')
                .text(severity)
                .int8('V')
                .text(severity)
                .int8('C')
                .text(sqlState)
                .int8('M')
                .text(message)
                .int8(0);
    }
}
