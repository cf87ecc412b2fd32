package io.isochron.store;

import java.time.Duration;
import java.util.Locale;

/**
 * Which moments a cluster can be restored to, whatever happens: any second of the last so-and-so many days, then one moment a day, a week, a month for longer; and for how long something is kept after
 * no promise needs it any more. All lengths count back from the same moment.
 *
 * @param anySecond how far back every moment can be reached; more than zero
 * @param daily how far back one moment of every day (UTC) can be reached; zero for none
 * @param weekly the same for weeks, which begin on Mondays
 * @param monthly the same for months
 * @param buffer for how long what is not needed any more is kept nevertheless; zero or more
 */
public record RetentionPromise(Duration anySecond, Duration daily, Duration weekly, Duration monthly, Duration buffer) {
    /** What is kept beyond the need where nothing else is said. */
    public static final Duration DEFAULT_BUFFER = Duration.ofDays(2);

    /** Longest time of any kind: a century. */
    public static final Duration MAX = Duration.ofDays(36_525);

    public RetentionPromise {
        if (anySecond.isZero() || anySecond.isNegative()) {
            throw new IllegalArgumentException("any second of the last " + words(anySecond)
                    + " promises nothing\nhint: give a time of at least a minute, such as 14d");
        }
        for (Duration one : new Duration[] {anySecond, daily, weekly, monthly, buffer}) {
            if (one.isNegative() || one.compareTo(MAX) > 0) {
                throw new IllegalArgumentException(
                        "a retention of " + words(one) + " is out of range\nhint: from 0 to " + MAX.toDays() + "d");
            }
        }
    }

    /** Any second of a time, and the usual buffer. */
    public static RetentionPromise of(Duration anySecond) {
        return new RetentionPromise(anySecond, Duration.ZERO, Duration.ZERO, Duration.ZERO, DEFAULT_BUFFER);
    }

    /** Whether everything that another one promises is promised by this one, too. The buffer is no promise. */
    public boolean covers(RetentionPromise other) {
        return anySecond.compareTo(other.anySecond) >= 0
                && daily.compareTo(other.daily) >= 0
                && weekly.compareTo(other.weekly) >= 0
                && monthly.compareTo(other.monthly) >= 0;
    }

    /** For people. */
    public String describe() {
        return "any second of the last " + words(anySecond)
                + (daily.isZero() ? "" : ", one moment a day for " + words(daily))
                + (weekly.isZero() ? "" : ", one a week for " + words(weekly))
                + (monthly.isZero() ? "" : ", one a month for " + words(monthly))
                + (buffer.isZero() ? "" : ", with " + words(buffer) + " of buffer");
    }

    private static String words(Duration time) {
        return time.toDays() > 0 && time.equals(Duration.ofDays(time.toDays()))
                ? time.toDays() + (time.toDays() == 1 ? " day" : " days")
                : time.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
