package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes between one receiver and one writer: a ring of fixed size, indexed by position in the log. The byte at LSN x lies at x modulo the capacity, so nothing is allocated or moved after
 * construction, and "how much is held" is a difference of two positions.
 *
 * <p>Invariant: {@code released <= received <= released + capacity}; the bytes in [released, received) do not change until they are released.
 */
final class WalRing {
    private final byte[] bytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long released;
    private long received;
    private boolean ended;
    private boolean cutRequested;

    /** @param bytes the memory, used by this ring alone while it lives */
    WalRing(byte[] bytes, Lsn start) {
        this.bytes = bytes;
        this.released = start.value();
        this.received = start.value();
    }

    /**
     * Copies a message's bytes to the end, waiting for room.
     *
     * @return false if there was not enough room within the time; nothing was taken then
     * @throws IllegalStateException if {@code at} is not the end of what was received: a hole must never be bridged
     */
    boolean put(Lsn at, ByteBuffer payload, long timeoutNanos) throws InterruptedException {
        int length = payload.remaining();
        if (length > bytes.length) {
            throw new IllegalArgumentException("a message of " + length + " bytes, the ring holds " + bytes.length);
        }
        lock.lockInterruptibly();
        try {
            if (at.value() != received) {
                throw new IllegalStateException("wal at " + at + " does not continue " + new Lsn(received));
            }
            long left = timeoutNanos;
            while (bytes.length - (received - released) < length) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            int index = index(received);
            int first = Math.min(length, bytes.length - index);
            payload.get(bytes, index, first);
            payload.get(bytes, 0, length - first);
            received += length;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** End of what was received. */
    Lsn received() {
        lock.lock();
        try {
            return new Lsn(received);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until something beyond {@code position} was received, or a cut was asked for, or the end was set, or the time is over. */
    void awaitBeyond(Lsn position, long timeoutNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = timeoutNanos;
            while (received == position.value() && !ended && !cutRequested && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The bytes [from, to) as one or two views, which must not be written to; they stay valid until they are released. */
    ByteBuffer[] view(Lsn from, Lsn to) {
        int length = Math.toIntExact(to.minus(from));
        int index = index(from.value());
        int first = Math.min(length, bytes.length - index);
        ByteBuffer head = ByteBuffer.wrap(bytes, index, first).slice();
        return first == length
                ? new ByteBuffer[] {head}
                : new ByteBuffer[] {
                    head, ByteBuffer.wrap(bytes, 0, length - first).slice()
                };
    }

    /** Gives back the room of everything before {@code position}. */
    void release(Lsn position) {
        lock.lock();
        try {
            released = position.value();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing more will come; the writer makes durable what is here and ends. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean ended() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Asks the writer to cut at once, without waiting for age or size. */
    void requestCut() {
        lock.lock();
        try {
            cutRequested = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean takeCutRequest() {
        lock.lock();
        try {
            boolean requested = cutRequested;
            cutRequested = false;
            return requested;
        } finally {
            lock.unlock();
        }
    }

    private int index(long position) {
        return (int) Long.remainderUnsigned(position, bytes.length);
    }
}
