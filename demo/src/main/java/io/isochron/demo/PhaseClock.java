package io.isochron.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Where the time went: phases with their durations, in the order they ran. */
final class PhaseClock {
    /**
     * A phase that has ended.
     *
     * @param name what was done
     * @param millis how long it took
     */
    record Phase(String name, long millis) {}

    private final List<Phase> phases = new ArrayList<>();
    private final long startNanos = System.nanoTime();

    /** Does the work and keeps how long it took, also when it fails. */
    <T> T time(String name, Callable<T> work) throws Exception {
        long begin = System.nanoTime();
        try {
            return work.call();
        } finally {
            phases.add(new Phase(name, (System.nanoTime() - begin) / 1_000_000));
        }
    }

    List<Phase> phases() {
        return List.copyOf(phases);
    }

    /** Milliseconds since this clock was made. */
    long elapsedMillis() {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }
}
