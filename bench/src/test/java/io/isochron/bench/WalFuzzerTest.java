package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A few damaged logs of every format; the long run is {@code bench/fuzz}. */
class WalFuzzerTest {
    @Test
    void damagedLogsEndInRecordsOrInAWordOfDamageWithinTheirMemory() {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("isochron.seed=" + seed);
        WalFuzzer fuzzer = new WalFuzzer(FuzzMain.synthetic(seed), seed);

        for (int i = 0; i < 1_500; i++) {
            fuzzer.next();
        }

        assertThat(fuzzer.complaints()).as("seed " + seed).isEmpty();
        assertThat(fuzzer.crashes() + fuzzer.overLimit()).isZero();
        assertThat(fuzzer.records()).isPositive();
        assertThat(fuzzer.damaged()).isPositive();
    }
}
