package io.isochron.wal;

import java.util.Random;

/** Randomness that prints its seed and takes it back: {@code -Disochron.seed=N}. */
final class RandomSource {
    private RandomSource() {}

    static Random seeded(String test) {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println(test + ": -Disochron.seed=" + seed);
        return new Random(seed);
    }
}
