package io.isochron.capture;

import io.isochron.wal.Lsn;
import io.isochron.wire.WalStream;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one way by which positions of a synchronous shard are confirmed, so that they can be withheld: while the gate is held nothing newer than what was last confirmed goes out, and no commit that waits
 * for more becomes visible to anyone. A hold ends by itself at its time limit, so a fence that is stuck does not hold up the database. Any thread may call.
 */
final class ConfirmationGate {
    private @Nullable WalStream stream;
    private Lsn durable = Lsn.INVALID;
    private Lsn sent = Lsn.INVALID;
    private long sentNanos;
    private boolean held;
    private long heldUntilNanos;

    /** A stream begins; nothing is confirmed yet. */
    synchronized void open(WalStream opened, Lsn position) {
        stream = opened;
        durable = position;
        sent = Lsn.INVALID;
        held = false;
    }

    /** The stream is over. */
    synchronized void close() {
        stream = null;
        held = false;
    }

    /** More is durable; it is confirmed at once unless the gate is held. */
    synchronized void durable(Lsn end) throws IOException {
        durable = end;
        if (!holding()) {
            send(false);
        }
    }

    /** Sends a status: what is durable, or while the gate is held once more what was sent last. */
    synchronized void status(boolean requestReply) throws IOException {
        if (holding()) {
            if (!sent.equals(Lsn.INVALID)) {
                status(sent, requestReply);
            }
        } else {
            send(requestReply);
        }
    }

    /** When a status last went out, by {@link System#nanoTime}. */
    synchronized long sentNanos() {
        return sentNanos;
    }

    synchronized Lsn durable() {
        return durable;
    }

    private void send(boolean requestReply) throws IOException {
        sent = durable;
        status(durable, requestReply);
    }

    /** All three positions are the durable one: whatever level of {@code synchronous_commit} a session has chosen, it waits for that. */
    private void status(Lsn position, boolean requestReply) throws IOException {
        WalStream open = stream;
        if (open != null) {
            sentNanos = System.nanoTime();
            open.sendStatus(position, position, position, requestReply);
        }
    }

    private boolean holding() {
        if (held && System.nanoTime() - heldUntilNanos >= 0) {
            held = false;
        }
        return held;
    }

    /**
     * Withholds confirmations.
     *
     * @param untilNanos by {@link System#nanoTime}: from then on they flow again by themselves
     * @return whether there is a stream whose confirmations can be withheld
     */
    synchronized boolean hold(long untilNanos) {
        if (stream == null || sent.equals(Lsn.INVALID)) {
            return false;
        }
        held = true;
        heldUntilNanos = untilNanos;
        return holding();
    }

    /** What was last confirmed, if the hold has lasted without a break until now. */
    synchronized Optional<Lsn> heldAt() {
        return holding() ? Optional.of(sent) : Optional.empty();
    }

    /** Ends the hold and confirms what became durable meanwhile. */
    synchronized void release() throws IOException {
        held = false;
        if (stream != null && !durable.equals(sent)) {
            send(false);
        }
    }
}
