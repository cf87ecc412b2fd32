package io.isochron.store;

import java.time.Duration;
import java.time.Instant;

/**
 * What the newest object of a lease says.
 *
 * @param resource what is leased
 * @param number of the object; each step of a lease has the next one
 * @param event what happened last
 * @param holder who did that
 * @param since when the holder took it, by the holder's clock
 * @param at when the last step was, by the holder's clock
 * @param validity how long after a step the next one is due; zero if something else tells whether the holder lives
 * @param detail JSON of whoever uses the lease
 */
public record LeaseState(
        String resource,
        long number,
        Event event,
        LeaseHolder holder,
        Instant since,
        Instant at,
        Duration validity,
        String detail) {
    /** Steps of a lease. */
    public enum Event {
        TAKEN,
        RENEWED,
        /** Given back by its holder. */
        RELEASED,
        /** Ended by somebody else, since its holder seemed dead: {@code holder} is who ended it. */
        BROKEN
    }

    /** Whether somebody has it. */
    public boolean held() {
        return event == Event.TAKEN || event == Event.RENEWED;
    }

    /** Whether the next step is overdue by somebody's clock; that makes nobody lose it, it only allows to try. */
    public boolean overdue(Instant now) {
        return held() && !validity.isZero() && at.plus(validity).isBefore(now);
    }
}
