package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.app.History.Happened;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code history} lists for people. */
class HistoryTextTest {
    private static final Instant BEGIN = Instant.parse("2026-11-26T10:00:00Z");
    private final History history = new History(
            new HistoryFilter(Instant.MIN, Instant.MAX, List.of("a", "b"), null, List.of(), 1000),
            Duration.ofMinutes(1));

    private void event(int second, String shard, String what) {
        history.events.add(
                new Happened(BEGIN.plusSeconds(second), shard, "altered", "", null, null, null, 0, 0, 0, what, null));
    }

    private List<String> events() {
        List<String> lines = new HistoryText(history).lines();
        return lines.subList(lines.lastIndexOf("") + 1, lines.size());
    }

    @Test
    void whatRepeatsItselfOnAShardSharesALine() {
        event(1, "a", "changed");
        event(2, "b", "changed");
        event(3, "a", "changed");
        event(4, "a", "table public.t dropped");
        event(5, "a", "changed");
        event(6, "b", "changed");
        event(7, "b", "changed");
        assertThat(events())
                .containsExactly(
                        "2026-11-26T10:00:01Z  a  changed, 2 times until 2026-11-26T10:00:03Z",
                        "2026-11-26T10:00:02Z  b  changed, 3 times until 2026-11-26T10:00:07Z",
                        "2026-11-26T10:00:04Z  a  table public.t dropped",
                        "2026-11-26T10:00:05Z  a  changed");
    }

    @Test
    void whatRepeatsItselfAfterAMinuteDoesNot() {
        event(0, "a", "changed");
        event(59, "a", "changed");
        event(60, "a", "changed");
        assertThat(events())
                .containsExactly(
                        "2026-11-26T10:00:00Z  a  changed, 2 times until 2026-11-26T10:00:59Z",
                        "2026-11-26T10:01:00Z  a  changed");
    }

    @Test
    void whatIsNotShownIsCountedByEvents() {
        for (int i = 0; i < 201; i++) {
            event(2 * i, "a", "table public.t" + i + " dropped");
        }
        event(500, "b", "changed");
        event(501, "b", "changed");
        assertThat(events()).hasSize(201).last().asString().startsWith("... and 3 more events: narrow the time");
    }
}
