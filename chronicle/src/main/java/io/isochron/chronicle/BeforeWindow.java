package io.isochron.chronicle;

import java.time.Instant;

/** Makes the refusal of a moment before everything that can be restored. */
final class BeforeWindow {
    private BeforeWindow() {}

    static Unreachable of(ClusterHistory history, long momentMicros, String reason) {
        Reachability reachability = new Reachability(history);
        Instant moment = ClusterHistory.instant(momentMicros);
        return new Unreachable(
                Unreachable.Why.BEFORE_WINDOW,
                reason,
                reachability.nearestBefore(moment.minusNanos(1000)),
                reachability.nearestAfter(moment.plusNanos(1000)));
    }
}
