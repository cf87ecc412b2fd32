package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random clusters against an oracle that knows real time. {@code -Disochron.seed=N} replays, {@code -Disochron.histories=N} tries more.
 */
class SimulationTest {
    private static final int TARGETS = 4;

    private static long seed() {
        return Long.getLong("isochron.seed", System.nanoTime() & 0xFFFFFFFL);
    }

    @Test
    void noPromiseIsBrokenOnAnyRandomHistory() {
        long seed = seed();
        int histories = Integer.getInteger("isochron.histories", 1500);
        System.out.println("simulation: -Disochron.seed=" + seed + " -Disochron.histories=" + histories);
        Simulation simulation = new Simulation(SimulatedCluster.DIALECT, new CutRules());
        for (int i = 0; i < histories; i++) {
            Optional<String> failure = simulation.failure(seed + i, TARGETS);
            if (failure.isPresent()) {
                fail(failure.get());
            }
        }
        System.out.println("simulation: " + simulation);
        assertThat(simulation.cuts())
                .as("cuts that were computed and not refused")
                .isGreaterThan(histories);
    }

    private record Planted(String fault, Dialect dialect, Supplier<CutRules> rules) {
        @Override
        public String toString() {
            return fault;
        }
    }

    static Stream<Planted> planted() {
        return PlantedFaults.all().entrySet().stream()
                .map(fault -> new Planted(
                        fault.getKey(),
                        fault.getKey().startsWith("dialect") ? PlantedFaults.EACH_GID_ALONE : SimulatedCluster.DIALECT,
                        fault.getValue()));
    }

    @ParameterizedTest
    @MethodSource("planted")
    void aPlantedFaultIsFound(Planted planted) {
        long seed = seed();
        Simulation simulation = new Simulation(planted.dialect, planted.rules.get());
        for (int i = 0; i < 20_000; i++) {
            if (simulation.failure(seed + i, TARGETS).isPresent()) {
                System.out.println("simulation: found after " + (i + 1) + " histories: " + planted.fault);
                return;
            }
        }
        fail("not found in 20000 histories from seed " + seed + ": " + planted.fault);
    }
}
