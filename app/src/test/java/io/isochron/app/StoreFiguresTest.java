package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.StoreMetrics;
import io.isochron.objects.StoreMetrics.Figures;
import io.isochron.objects.StoreMetrics.Operation;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StoreFiguresTest {
    private static StoreMetrics metrics(long failures, long slowDowns, long repetitions) {
        Map<Operation, Figures> operations = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            operations.put(operation, new Figures(0, 0, 0, 0, Duration.ZERO, Duration.ZERO, List.of()));
        }
        operations.put(
                Operation.CREATE,
                new Figures(10, failures, slowDowns, 2048, Duration.ofMillis(300), Duration.ofMillis(90), List.of()));
        operations.put(
                Operation.OPEN, new Figures(20, 0, 0, 512, Duration.ofMillis(300), Duration.ofMillis(20), List.of()));
        return new StoreMetrics(operations, repetitions);
    }

    @Test
    void peopleHearOfStoresThatDidNotAnswerEverythingAtOnceAndOfAllIfTheyAsk() {
        StoreFigures figures = new StoreFigures(Map.of("near", metrics(0, 0, 0), "far", metrics(3, 1, 2)));
        assertThat(figures.text(false))
                .containsExactly(
                        "store far: 30 requests, 3 failed, 1 of them because it was asked too much, 2 sent again, 2.00 KiB sent, 512 B received, 20 ms each, 90 ms at most");
        assertThat(figures.text(true))
                .hasSize(2)
                .last()
                .isEqualTo("store near: 30 requests, 2.00 KiB sent, 512 B received, 20 ms each, 90 ms at most");
    }

    @Test
    void programsGetAllFigures() {
        Map<?, ?> json = (Map<?, ?>)
                new StoreFigures(Map.of("far", metrics(3, 1, 2))).json().getFirst();
        assertThat(json.get("store")).isEqualTo("far");
        assertThat(json.get("requests")).isEqualTo(30L);
        assertThat(json.get("failures")).isEqualTo(3L);
        assertThat(json.get("slowDowns")).isEqualTo(1L);
        assertThat(json.get("repetitions")).isEqualTo(2L);
        assertThat(json.get("microsMean")).isEqualTo(20_000L);
        Map<?, ?> operations = (Map<?, ?>) json.get("operations");
        assertThat(operations.keySet()).hasToString("[create, open]");
    }
}
