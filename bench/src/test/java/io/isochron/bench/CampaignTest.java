package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.FakeClock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small campaigns, two or more at a time; the large ones are run by {@code bench/campaign}. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class CampaignTest {
    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void restoresAtRandomMomentsOfALoadedRunAreNeverTorn(int postgres) throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        int restores = Integer.getInteger("isochron.restores", 3);

        Campaign.Result result = Campaign.run(
                CampaignOptions.of(postgres, seed).withRestores(restores).withLoad(Duration.ofSeconds(6)),
                System.out::println);

        assertThat(result.complaints()).as("seed " + seed).isEmpty();
        assertThat(result.torn() + result.failed()).isZero();
        assertThat(result.transactions()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16})
    void anOlderMajorIsCapturedAndRestoredWithAllProofsToo(int postgres) throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());

        Campaign.Result result = Campaign.run(
                CampaignOptions.of(postgres, seed).withShards(2).withRestores(1).withLoad(Duration.ofSeconds(2)),
                System.out::println);

        assertThat(result.complaints()).as("seed " + seed).isEmpty();
        assertThat(result.torn() + result.failed()).isZero();
        assertThat(result.transactions()).isPositive();
    }

    @Test
    void theMomentOfARestoreAmongCitusShapedTransactionsIsNotTorn() throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());

        Campaign.Result result = Campaign.run(
                CampaignOptions.of(17, seed)
                        .withShards(2)
                        .withRestores(1)
                        .withLoad(Duration.ofSeconds(3))
                        .withCoordinator(CampaignOptions.Coordinator.CITUS),
                System.out::println);

        // a moment is refused at which neither clocks nor logs tell which decision is a branch's own; that is not torn
        assertThat(result.torn())
                .as("seed " + seed + ": " + result.complaints())
                .isZero();
        assertThat(result.failed() - result.refused())
                .as("seed " + seed + ": " + result.complaints())
                .isZero();
        assertThat(result.transactions()).isPositive();
    }

    static boolean clocksCanBeSkewed() {
        return FakeClock.possible();
    }

    @Test
    @EnabledIf(value = "clocksCanBeSkewed", disabledReason = "the package libfaketime is not installed here")
    void shardsWhoseClocksAreWrongAndSteppedAreNotTornEither() throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());

        Campaign.Result result = Campaign.run(
                CampaignOptions.of(17, seed)
                        .withShards(2)
                        .withRestores(1)
                        .withLoad(Duration.ofSeconds(5))
                        .withSkewSeconds(5),
                System.out::println);

        // a moment right after a step of a clock may be refused, because the clock is known less well there; that is
        // not torn
        assertThat(result.torn())
                .as("seed " + seed + ": " + result.complaints())
                .isZero();
    }
}
