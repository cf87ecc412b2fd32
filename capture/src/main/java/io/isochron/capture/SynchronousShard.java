package io.isochron.capture;

import io.isochron.chronicle.FenceMark;
import io.isochron.wal.Lsn;
import io.isochron.wire.WalStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What one shard has more in synchronous mode: a spool that makes WAL durable within a commit's patience, the gate of its confirmations, and the fence marks on their way into the chronicle. It lives
 * from one connection to the next.
 */
final class SynchronousShard implements AutoCloseable {
    /** Marks wait for a cut of the writer; one that is stalled gets no more than this. */
    private static final int MARKS_MAX = 10_000;

    private final Spool spool;
    private final ConfirmationGate gate = new ConfirmationGate();
    private final Deque<FenceMark> marks = new ArrayDeque<>();
    private volatile int timeline;
    /** Since when what the server has is not confirmed, by {@link System#nanoTime}; 0 while it is. */
    private volatile long behindSinceNanos = System.nanoTime();

    SynchronousShard(Spool spool) {
        this.spool = spool;
    }

    Spool spool() {
        return spool;
    }

    ConfirmationGate gate() {
        return gate;
    }

    /** A stream begins at a position that is durable. */
    void begin(WalStream stream, int streamTimeline, Lsn position) {
        timeline = streamTimeline;
        synchronized (marks) {
            marks.clear();
        }
        gate.open(stream, position);
    }

    /** The stream is over: from now on commits may wait. */
    void end() {
        gate.close();
        behind();
    }

    /** Takes WAL that was received; not durable before {@link #confirm}. */
    void receive(Lsn at, ByteBuffer payload) throws IOException {
        behind();
        spool.append(timeline, at, payload);
    }

    /** Makes durable and confirms what was received up to a position; everything that arrived while the last such call was at work shares one sync. */
    void confirm(Lsn end) throws IOException {
        spool.sync();
        gate.durable(end);
        behindSinceNanos = 0;
    }

    /** There is no room for more: what the server has next is not taken, and not confirmed. */
    void stalled() {
        behind();
    }

    private void behind() {
        if (behindSinceNanos == 0) {
            behindSinceNanos = System.nanoTime();
        }
    }

    /** How long the oldest WAL has been waiting for its confirmation, as far as this process can know; 0 if none waits. */
    long behindNanos() {
        long since = behindSinceNanos;
        return since == 0 ? 0 : Math.max(1, System.nanoTime() - since);
    }

    /** The repository holds all before this position. */
    void archived(Lsn end) throws IOException {
        spool.release(end);
    }

    /** A fence that is certain. */
    void mark(FenceMark mark) {
        synchronized (marks) {
            if (marks.size() < MARKS_MAX) {
                marks.addLast(mark);
            }
        }
    }

    /** The marks whose positions have been fed to the parser. */
    List<FenceMark> takeMarks(Lsn fed) {
        List<FenceMark> taken = new ArrayList<>();
        synchronized (marks) {
            while (!marks.isEmpty() && !marks.getFirst().at().isAfter(fed)) {
                taken.add(marks.removeFirst());
            }
        }
        return taken;
    }

    /** Whether {@link #takeMarks} would give any. */
    boolean hasMarks(Lsn fed) {
        synchronized (marks) {
            return !marks.isEmpty() && !marks.getFirst().at().isAfter(fed);
        }
    }

    @Override
    public void close() throws IOException {
        spool.close();
    }
}
