package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which moments can be reached, on random clusters whose clocks step: the ranges and the solver must say the same. */
class ReachabilityTest {
    private static final int HISTORIES = 40;

    @Test
    void everyMomentOfTheRangesIsCoveredAndNoneOutsideAndTheNearestOnesThatARefusalNamesAreToo() {
        long seed = Long.getLong("isochron.seed", new Random().nextInt(Integer.MAX_VALUE));
        System.out.println("reachability: -Disochron.seed=" + seed);
        int refused = 0;
        for (long each = seed; each < seed + HISTORIES; each++) {
            refused += rangesAndSolverAgree(each);
        }
        assertThat(refused).as("moments after the safe time").isGreaterThan(HISTORIES);
    }

    /** Clusters on which they once differed: by rounding, and before a shard's first reading of its clock. */
    @ParameterizedTest
    @ValueSource(longs = {1205827190, 6468, 6824})
    void rangesAndSolverAgreeWhereTheyOnceDidNot(long seed) {
        assertThat(rangesAndSolverAgree(seed)).isPositive();
    }

    /** Answers how many moments were refused as too late. */
    private static int rangesAndSolverAgree(long each) {
        int refused = 0;
        SimulatedCluster cluster = new SimulationGenerator(each).next().members(15_000_000);
        ClusterHistory history = cluster.history(cluster.truths());
        for (long micros : moments(history.recoverableRanges(), new SplittableRandom(each))) {
            Instant moment = ClusterHistory.instant(micros);
            Solution solution = solve(history, moment);
            if (contains(history.recoverableRanges(), moment)) {
                assertThat(tooLate(solution))
                        .as("seed %s, %s: %s", each, moment, solution)
                        .isFalse();
            } else {
                assertThat(solution).as("seed %s, %s", each, moment).isInstanceOf(Unreachable.class);
            }
            if (solution instanceof Unreachable unreachable && tooLate(solution)) {
                refused++;
                for (Instant near : Stream.of(unreachable.before(), unreachable.after())
                        .flatMap(Optional::stream)
                        .toList()) {
                    assertThat(tooLate(solve(history, near)))
                            .as("seed %s, %s is named as near to %s", each, near, moment)
                            .isFalse();
                }
            }
        }
        return refused;
    }

    private static Solution solve(ClusterHistory history, Instant moment) {
        return new CutSolver(history, SimulatedCluster.DIALECT).solve(new Target.Time(moment));
    }

    /** The ends of all ranges and their neighbours, and some random ones. */
    private static List<Long> moments(List<RecoverableRange> ranges, SplittableRandom random) {
        List<Long> moments = new ArrayList<>();
        for (RecoverableRange range : ranges) {
            for (Instant end : List.of(range.from(), range.to())) {
                long micros = ClusterHistory.micros(end);
                moments.addAll(List.of(micros - 1, micros, micros + 1));
            }
        }
        for (int i = 0; i < 10; i++) {
            moments.add(random.nextLong(25_000_000));
        }
        return moments;
    }

    private static boolean contains(List<RecoverableRange> ranges, Instant moment) {
        return ranges.stream().anyMatch(range -> !moment.isBefore(range.from()) && !moment.isAfter(range.to()));
    }

    private static boolean tooLate(Solution solution) {
        return solution instanceof Unreachable unreachable
                && (unreachable.why() == Unreachable.Why.AFTER_SAFE_TIME || unreachable.why() == Unreachable.Why.GAP);
    }
}
