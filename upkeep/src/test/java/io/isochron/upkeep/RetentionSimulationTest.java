package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.store.RetentionPromise;
import io.isochron.testkit.Seeds;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Over 400 days of snapshots, failures, gaps and wrong clocks no promised moment is lost, and no more is kept than the promise needs and one snapshot more. */
class RetentionSimulationTest {
    private static final int HISTORIES = Integer.getInteger("isochron.histories", 8);
    private static final int DAYS = 400;

    @Test
    void noPromisedMomentIsEverLostAndLittleMoreIsKept() {
        long seed = Seeds.seed();
        long expiries = 0;
        long singles = 0;
        long clocksWrong = 0;
        for (int history = 0; history < HISTORIES; history++) {
            RetentionWorld world = new RetentionWorld(seed + history, promise(history), DAYS);
            world.run();
            assertThat(world.lost()).as("lost, seed %d", seed + history).isEmpty();
            assertThat(world.tooMuch())
                    .as("kept too long, seed %d", seed + history)
                    .isEmpty();
            expiries += world.expiries();
            singles += world.singles();
            clocksWrong += world.clocksWrong();
        }
        // all of it happened
        assertThat(expiries).isGreaterThan(HISTORIES * 100L);
        assertThat(singles).isGreaterThan(HISTORIES * 5L);
        assertThat(clocksWrong).isGreaterThan(HISTORIES);
    }

    private static RetentionPromise promise(int history) {
        return switch (history % 4) {
            case 0 ->
                new RetentionPromise(
                        Duration.ofDays(14), Duration.ofDays(90), Duration.ZERO, Duration.ZERO, Duration.ofDays(2));
            case 1 ->
                new RetentionPromise(
                        Duration.ofDays(3),
                        Duration.ofDays(30),
                        Duration.ofDays(120),
                        Duration.ofDays(300),
                        Duration.ZERO);
            case 2 -> RetentionPromise.of(Duration.ofDays(30));
            default ->
                new RetentionPromise(
                        Duration.ofHours(36), Duration.ZERO, Duration.ofDays(200), Duration.ZERO, Duration.ofHours(5));
        };
    }
}
