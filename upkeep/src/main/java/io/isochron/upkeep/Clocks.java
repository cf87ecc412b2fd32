package io.isochron.upkeep;

import java.time.Instant;
import java.util.List;

/**
 * One time from what several clocks say. None of them can make something seem older than it is: a clock that is ahead is outvoted by the others, also if this host and capture share it; one that is behind
 * keeps more.
 */
final class Clocks {
    private Clocks() {}

    /**
     * The moment to count back from: the least of this host's clock, capture's, and the one in the middle of the shards'.
     *
     * @param shards at least one
     */
    static Instant now(Instant host, Instant capture, List<Instant> shards) {
        Instant middle = shards.stream().sorted().toList().get((shards.size() - 1) / 2);
        Instant least = host.isBefore(capture) ? host : capture;
        return middle.isBefore(least) ? middle : least;
    }

    /** Not earlier than what most clocks said: when something was. */
    static Instant past(List<Instant> readings) {
        return readings.stream().sorted().toList().get(readings.size() / 2);
    }
}
