package io.isochron.testkit;

import java.util.concurrent.ThreadLocalRandom;

/** The seed of randomised tests: the system property {@code isochron.seed}, else a random one; printed once so that a failure can be repeated. */
public final class Seeds {
    private static final long SEED = choose();

    private Seeds() {}

    public static long seed() {
        return SEED;
    }

    private static long choose() {
        Long given = Long.getLong("isochron.seed");
        long seed = given != null ? given : ThreadLocalRandom.current().nextLong(1_000_000_000L);
        System.out.println("isochron.seed=" + seed);
        return seed;
    }
}
