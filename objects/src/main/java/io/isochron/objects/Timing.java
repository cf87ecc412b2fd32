package io.isochron.objects;

import java.time.Duration;

/** Time as decorators use it: what has passed, and waiting. */
public interface Timing {
    /** The machine's own. */
    Timing SYSTEM = new Timing() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public void sleep(Duration time) throws InterruptedException {
            Thread.sleep(time);
        }
    };

    /** Nanoseconds that only differences of mean something. */
    long nanos();

    /** Waits. */
    void sleep(Duration time) throws InterruptedException;
}
