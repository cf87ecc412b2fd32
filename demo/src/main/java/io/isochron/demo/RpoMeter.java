package io.isochron.demo;

import io.isochron.capture.CaptureStatus;
import io.isochron.capture.ClusterCapture;
import java.util.concurrent.atomic.AtomicLong;

/** Asks capture ten times a second what a loss of the whole cluster would cost right now, and keeps the worst answer. */
final class RpoMeter implements AutoCloseable {
    private static final long EVERY_MILLIS = 100;

    private final AtomicLong worstMicros = new AtomicLong();
    private final Thread thread;

    RpoMeter(ClusterCapture capture) {
        thread = Thread.ofVirtual().name("rpo-meter").start(() -> {
            try {
                while (true) {
                    for (CaptureStatus shard : capture.status()) {
                        worstMicros.accumulateAndGet(shard.lagMicros(), Math::max);
                    }
                    Thread.sleep(EVERY_MILLIS);
                }
            } catch (InterruptedException e) {
                // closed
            }
        });
    }

    /** The most that any shard's archive was behind, in milliseconds. */
    long worstMillis() {
        return worstMicros.get() / 1000;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
