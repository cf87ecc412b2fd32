package io.isochron.chronicle;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows one shard's clock through probes: each new reading is intersected with the widened old bounds, so the tightest survive and
 * age. A reading that contradicts them is a step: the old bounds are dropped, never averaged with the new. Not thread-safe.
 */
public final class ClockTracker {
    private @Nullable ClockBounds bounds;

    /** Starts without knowledge. */
    public ClockTracker() {}

    /** Starts from bounds that were stored earlier. */
    public ClockTracker(ClockBounds known) {
        this.bounds = known;
    }

    /**
     * Takes one probe; parameters as in {@link ClockBounds#ofProbe}.
     *
     * @return the step, if this reading proves that the shard's clock (or the reference clock) jumped since the last one
     */
    public Optional<ClockStep> probe(long sentMicros, long receivedMicros, long serverMicros) {
        ClockBounds reading = ClockBounds.ofProbe(sentMicros, receivedMicros, serverMicros);
        ClockBounds old = bounds;
        if (old == null) {
            bounds = reading;
            return Optional.empty();
        }
        Optional<ClockBounds> both = old.intersect(reading);
        bounds = both.orElse(reading);
        return both.isPresent() ? Optional.empty() : Optional.of(new ClockStep(old, reading));
    }

    /** What is known now; empty before the first probe. */
    public Optional<ClockBounds> bounds() {
        return Optional.ofNullable(bounds);
    }
}
