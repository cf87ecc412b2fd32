package io.isochron.capture;

import io.isochron.chronicle.SafePoint;
import io.isochron.wal.Lsn;
import io.isochron.wire.WalMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One stream from its start to its end: takes WAL into the ring, confirms what the writer has made durable, probes the clock and finds safe points (docs/capture.md). Runs on one thread and never
 * touches the repository.
 */
final class WalReceiver {
    /** How long one wait for a message lasts; a newly durable position is confirmed at least this often. */
    private static final Duration WAIT = Duration.ofMillis(50);

    /** A status goes out at least this often; the server gives up after {@code wal_sender_timeout}, 60 s by default. */
    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** An idle stream's flush position is asked for when no WAL came for this long after a clock reading. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** A stream that never pauses is confirmed at least after so much. */
    private static final long UNCONFIRMED_BYTES_MAX = 1 << 20;

    /** How a stream ended without an error. */
    sealed interface Ended {
        /** It was asked to stop, or the writer has failed. */
        record Stopped() implements Ended {}

        /** The PostgreSQL timeline ends here, all of it was received. */
        record TimelineOver(int nextTimeline, Lsn switchPoint) implements Ended {}
    }

    private final WalLine stream;
    private final WalRing ring;
    private final ShardClock clock;
    private final PendingSafePoints safePoints;
    private final FlushQuestion flush;
    private final boolean historic;
    private final ShardMonitor monitor;
    private final Supplier<Lsn> durable;
    private final BooleanSupplier stop;
    private final boolean probing;
    private final long probeNanos;
    private final @Nullable SynchronousShard synchronous;
    private final HostClock host;
    /** Received and handed to the spool, not confirmed yet. */
    private boolean unconfirmed;

    private long unconfirmedBytes;

    private Lsn confirmed = Lsn.INVALID;
    private long statusSentNanos;
    private long probeDueNanos;
    /** When the outstanding probe left, by this host's clock; -1 if none is outstanding. */
    private long probeSentMicros = -1;
    /** A reading of the server's clock that waits for a flush position read after it; null if none waits. */
    private @Nullable Reading reading;

    private boolean asked;

    /** The server's clock, when it was asked for by this host's clock, and when the answer came. */
    private record Reading(long clockMicros, long sentMicros, long arrivedNanos) {}

    /**
     * @param historic the stream's timeline is not the server's current one, so its end says nothing about what the server acknowledges now: no safe points
     * @param durable end of what the writer has made durable
     * @param stop asked often; true ends the stream
     * @param probeInterval how often the server's clock is asked for; null if it is not the shard's, because the WAL comes from a standby
     * @param synchronous where WAL becomes durable and is confirmed at once; null if the repository alone makes it durable
     */
    WalReceiver(
            WalLine stream,
            WalRing ring,
            ShardClock clock,
            PendingSafePoints safePoints,
            FlushQuestion flush,
            boolean historic,
            ShardMonitor monitor,
            Supplier<Lsn> durable,
            BooleanSupplier stop,
            @Nullable Duration probeInterval,
            @Nullable SynchronousShard synchronous,
            HostClock host) {
        this.host = host;
        this.probeDueNanos = host.nanos();
        this.stream = stream;
        this.ring = ring;
        this.clock = clock;
        this.safePoints = safePoints;
        this.flush = flush;
        this.historic = historic;
        this.monitor = monitor;
        this.durable = durable;
        this.stop = stop;
        this.probing = probeInterval != null;
        this.probeNanos = probeInterval == null ? 0 : probeInterval.toNanos();
        this.synchronous = synchronous;
    }

    /**
     * Receives until the stream ends or is asked to.
     *
     * @throws IOException if the connection is lost or the server refuses; everything received so far is in the ring
     */
    Ended run() throws IOException, InterruptedException {
        confirm(true);
        while (!stop.getAsBoolean()) {
            Ended ended = step();
            if (ended != null) {
                return ended;
            }
        }
        return new Ended.Stopped();
    }

    /** What is due now, then one message, if one comes in time. */
    @Nullable
    Ended step() throws IOException, InterruptedException {
        probeIfDue();
        confirm(false);
        askFlushIfQuiet();
        switch (stream.receive(unconfirmed ? Duration.ZERO : WAIT)) {
            case null -> confirmReceived();
            case WalMessage.WalData data -> take(data);
            case WalMessage.Keepalive keepalive -> hear(keepalive);
            case WalMessage.TimelineEnd end -> {
                return new Ended.TimelineOver(end.nextTimeline(), end.switchPoint());
            }
        }
        return null;
    }

    /** Tells the server a last time what is durable, so that it can forget it; to be called when the writer has ended. */
    void confirmLast() throws IOException {
        confirm(true);
    }

    private void take(WalMessage.WalData data) throws IOException, InterruptedException {
        monitor.serverEnd(Lsn.max(data.walEnd(), data.end()));
        Lsn start = data.start();
        Lsn end = data.end();
        if (!start.equals(ring.received())) {
            throw new IOException("the server sent wal at " + start + " where " + ring.received() + " was expected");
        }
        settle(Lsn.max(data.walEnd(), end));
        if (synchronous != null) {
            synchronous.receive(start, data.payload());
            unconfirmed = true;
            unconfirmedBytes += data.payload().remaining();
        }
        boolean stalled = false;
        while (!ring.put(start, data.payload(), WAIT.toNanos())) {
            stalled = true;
            confirmReceived(end);
            if (synchronous != null) {
                synchronous.stalled();
            }
            confirm(false);
            if (stop.getAsBoolean()) {
                return;
            }
        }
        if (stalled && synchronous != null) {
            // it was confirmed while it waited for room; one more confirmation ends being behind, even if no more comes
            unconfirmed = true;
        }
        monitor.received(end);
        if (unconfirmedBytes > UNCONFIRMED_BYTES_MAX) {
            confirmReceived();
        }
    }

    private void confirmReceived() throws IOException {
        confirmReceived(ring.received());
    }

    /** Makes durable and confirms, in one go, all that has arrived. */
    private void confirmReceived(Lsn end) throws IOException {
        if (synchronous != null && unconfirmed) {
            synchronous.confirm(end);
            unconfirmed = false;
            unconfirmedBytes = 0;
        }
    }

    private void hear(WalMessage.Keepalive keepalive) throws IOException {
        monitor.serverEnd(keepalive.sentEnd());
        if (keepalive.replyRequested()) {
            // statuses go out far more often than a walsender's patience needs, so this one shuts down and waits until
            // everything is confirmed
            ring.requestCut();
            confirm(true);
        } else if (probeSentMicros >= 0) {
            long arrived = host.micros();
            clock.probe(probeSentMicros, arrived, keepalive.serverClockMicros());
            if (reading == null && !historic) {
                reading = new Reading(keepalive.serverClockMicros(), probeSentMicros, host.nanos());
                asked = false;
            }
            probeSentMicros = -1;
        }
    }

    private void probeIfDue() throws IOException {
        long now = host.nanos();
        if (probing && probeSentMicros < 0 && now - probeDueNanos >= 0) {
            probeDueNanos = now + probeNanos;
            probeSentMicros = host.micros();
            status(true);
        }
    }

    private void askFlushIfQuiet() throws IOException {
        Reading waiting = reading;
        if (waiting == null) {
            return;
        }
        if (!asked) {
            if (host.nanos() - waiting.arrivedNanos() >= QUIET_NANOS) {
                asked = flush.ask();
            }
            return;
        }
        Optional<Lsn> position = flush.poll();
        if (position.isPresent()) {
            settle(position.get());
        }
    }

    /** A position that is at least the flush position at the waiting clock reading was found. */
    private void settle(Lsn flushedAfterReading) {
        Reading waiting = reading;
        if (waiting != null) {
            safePoints.offer(new SafePoint(flushedAfterReading, waiting.clockMicros(), waiting.sentMicros()));
            reading = null;
        }
    }

    private void confirm(boolean always) throws IOException {
        if (synchronous != null) {
            if (always || host.nanos() - synchronous.gate().sentNanos() >= STATUS_NANOS) {
                confirmReceived();
                synchronous.gate().status(false);
            }
            return;
        }
        if (always || !durable.get().equals(confirmed) || host.nanos() - statusSentNanos >= STATUS_NANOS) {
            status(false);
        }
    }

    private void status(boolean requestReply) throws IOException {
        if (synchronous != null) {
            synchronous.gate().status(requestReply);
            return;
        }
        confirmed = durable.get();
        statusSentNanos = host.nanos();
        stream.sendStatus(ring.received(), confirmed, confirmed, requestReply);
    }
}
