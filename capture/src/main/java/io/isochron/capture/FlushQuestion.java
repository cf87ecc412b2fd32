package io.isochron.capture;

import io.isochron.wal.Lsn;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Asks the server how far its WAL is flushed, on the control connection and on a thread of its own, so that the receiver never waits for the answer. At most one question is under way.
 */
final class FlushQuestion {
    /** Asks and waits for the answer. */
    interface Server {
        Lsn flushed() throws IOException;
    }

    private final Server server;
    private final Executor executor;
    private final AtomicReference<@Nullable Lsn> answer = new AtomicReference<>();
    private volatile boolean asking;
    private volatile @Nullable IOException failure;

    FlushQuestion(ReplicationConnection control) {
        this(
                () -> control.identifySystem().flushed(),
                question -> Thread.ofVirtual().name("isochron-flush-position").start(question));
    }

    FlushQuestion(Server server, Executor executor) {
        this.server = server;
        this.executor = executor;
    }

    /**
     * Asks, unless an older question is still under way: its answer would say nothing about now. An answer that was not polled is forgotten.
     *
     * @return whether it was asked
     */
    boolean ask() {
        if (asking) {
            return false;
        }
        asking = true;
        answer.set(null);
        executor.execute(() -> {
            try {
                answer.set(server.flushed());
            } catch (IOException e) {
                failure = e;
            } finally {
                asking = false;
            }
        });
        return true;
    }

    /** The flush position, read by the server after {@link #ask} was called; empty while it is not there. Given once. */
    Optional<Lsn> poll() throws IOException {
        IOException failed = failure;
        if (failed != null) {
            throw failed;
        }
        return asking ? Optional.empty() : Optional.ofNullable(answer.getAndSet(null));
    }
}
