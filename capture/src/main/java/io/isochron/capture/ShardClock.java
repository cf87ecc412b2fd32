package io.isochron.capture;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.ClockStep;
import io.isochron.chronicle.ClockTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the receiver learns of a shard's clock, kept until the writer puts it into a segment. */
final class ShardClock {
    private static final int STEPS_MAX = 1000;

    private final ClockTracker tracker = new ClockTracker();
    private final List<ClockStep> steps = new ArrayList<>();

    /** Takes a probe: sent at t1 and received at t2 by this host's clock, with the server's reading in between. */
    synchronized void probe(long sentMicros, long receivedMicros, long serverMicros) {
        // this host's clock may have been set back while the question was under way: such a reading says nothing
        if (receivedMicros >= sentMicros) {
            Optional<ClockStep> step = tracker.probe(sentMicros, receivedMicros, serverMicros);
            if (step.isPresent() && steps.size() < STEPS_MAX) {
                steps.add(step.get());
            }
        }
    }

    /** The tightest bounds now. */
    synchronized Optional<ClockBounds> bounds() {
        return tracker.bounds();
    }

    /** The jumps since the last call. */
    synchronized List<ClockStep> takeSteps() {
        List<ClockStep> taken = List.copyOf(steps);
        steps.clear();
        return taken;
    }
}
