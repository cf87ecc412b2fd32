package io.isochron.upkeep;

import java.time.Instant;
import java.util.List;

/**
 * One time from what several clocks say. No single clock can move it beyond what the others say, as long as more are right than wrong; of two that disagree the one is believed that keeps more.
 */
final class Clocks {
    private Clocks() {}

    /** Not later than what most clocks say: to count back from. */
    static Instant now(List<Instant> readings) {
        return readings.stream().sorted().toList().get((readings.size() - 1) / 2);
    }

    /** Not earlier than what most clocks said: when something was. */
    static Instant past(List<Instant> readings) {
        return readings.stream().sorted().toList().get(readings.size() / 2);
    }
}
