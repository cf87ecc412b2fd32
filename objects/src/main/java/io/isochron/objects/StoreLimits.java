package io.isochron.objects;

import java.time.Duration;

/**
 * How a store is spoken to over a network.
 *
 * @param atOnce most requests at once from this process
 * @param perSecond most requests in a second from this process
 * @param request a request that takes longer is given up; it must leave time for an object of 96 MiB
 * @param silence a connection on which nothing comes for longer is given up
 * @param retry how what failed is tried again
 */
public record StoreLimits(int atOnce, int perSecond, Duration request, Duration silence, RetryPolicy retry) {
    /** Less would not do for an object of 96 MiB. */
    private static final Duration REQUEST_MIN = Duration.ofSeconds(10);

    private static final Duration SILENCE_MIN = Duration.ofSeconds(1);

    public static final StoreLimits DEFAULT =
            new StoreLimits(64, 1000, Duration.ofMinutes(2), Duration.ofSeconds(30), RetryPolicy.DEFAULT);

    /** @throws IllegalArgumentException if with these nothing, or not enough, could get through */
    public StoreLimits {
        require(atOnce >= 1, atOnce + " requests at once let nothing through", "1 is the least");
        require(perSecond >= 1, perSecond + " requests a second let nothing through", "1 is the least");
        require(
                request.compareTo(REQUEST_MIN) >= 0,
                "a request of at most " + millis(request) + " cannot send an object of 96 MiB",
                "give it " + millis(REQUEST_MIN) + " or more");
        require(
                silence.compareTo(SILENCE_MIN) >= 0 && silence.compareTo(request) <= 0,
                "a silence of at most " + millis(silence) + " does not go with a request of at most " + millis(request),
                "give it " + millis(SILENCE_MIN) + " or more, and no more than a request has");
    }

    private static void require(boolean holds, String problem, String hint) {
        if (!holds) {
            throw new IllegalArgumentException(problem + "\nhint: " + hint);
        }
    }

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }

    /** How long a request waits for its turn. */
    static final Duration PATIENCE = Duration.ofMinutes(1);
}
