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
    public static final StoreLimits DEFAULT =
            new StoreLimits(64, 1000, Duration.ofMinutes(2), Duration.ofSeconds(30), RetryPolicy.DEFAULT);

    /** How long a request waits for its turn. */
    static final Duration PATIENCE = Duration.ofMinutes(1);
}
