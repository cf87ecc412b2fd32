package io.isochron.objects;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * What time it is where locks are judged. A store ends a lock by its own clock, so its {@code Date}, which every answer carries, counts, and the local clock only if it is later. If the two are further
 * apart than requests may be (15 minutes), one of them is wrong and nobody can tell which: a lock from a clock that is behind would not protect, and one in compliance mode from a clock that is ahead could
 * not be taken back for years. Nothing is locked then, and so nothing is created.
 */
final class StoreClock {
    static final Duration APART_MAX = Duration.ofMinutes(15);

    private final InstantSource local;
    private final LongSupplier nanoTime;
    private volatile @Nullable Heard last;

    private record Heard(Instant date, long nanos) {}

    /** @param nanoTime a clock that never goes back, in nanoseconds */
    StoreClock(InstantSource local, LongSupplier nanoTime) {
        this.local = local;
        this.nanoTime = nanoTime;
    }

    /** Notes the date of an answer. */
    void heard(@Nullable SdkHttpResponse answer) {
        @Nullable
        String date = answer == null ? null : answer.firstMatchingHeader("Date").orElse(null);
        if (date == null) {
            return;
        }
        try {
            Instant said = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            last = new Heard(said, nanoTime.getAsLong());
        } catch (DateTimeException e) {
            // as good as not said
        }
    }

    /**
     * Now, by the later of both clocks.
     *
     * @param where the store, for people
     * @throws StoreRefusedException if the store has not said what time it is, or the clocks are too far apart
     */
    Instant now(String where) throws StoreRefusedException {
        Heard heard = last;
        if (heard == null) {
            throw new StoreRefusedException(
                    "store " + where + " does not say what time it is, so nothing can be locked there"
                            + "\nhint: its answers have no Date",
                    null);
        }
        Instant store = heard.date().plusNanos(nanoTime.getAsLong() - heard.nanos());
        Instant here = local.instant();
        if (Duration.between(store, here).abs().compareTo(APART_MAX) > 0) {
            throw new StoreRefusedException(
                    "the clock here says " + here + " and that of store " + where + " says " + store
                            + ": nothing is locked, and so nothing is created, by clocks that far apart"
                            + "\nhint: set the one that is wrong",
                    null);
        }
        return store.isAfter(here) ? store : here;
    }
}
