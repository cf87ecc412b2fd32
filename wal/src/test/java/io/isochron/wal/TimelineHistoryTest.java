package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TimelineHistoryTest {
    private static final String THIRD =
            "1\t0/3000110\tno recovery target specified\n\n2\t1/2000000\tbefore 2026-11-22 10:00:00+00\n";

    @Test
    void theFilePostgresWritesIsReadAndWrittenAlike() {
        TimelineHistory history = TimelineHistory.parse(3, THIRD);
        assertThat(history.switchPoint(1)).hasValue(Lsn.parse("0/3000110"));
        assertThat(history.switchPoint(2)).hasValue(Lsn.parse("1/2000000"));
        assertThat(history.switchPoint(3)).isEmpty();
        assertThat(history.format()).isEqualTo(THIRD.replace("\n\n", "\n"));
        assertThat(TimelineHistory.parse(3, history.format())).isEqualTo(history);
        assertThat(TimelineHistory.fileName(31)).isEqualTo("0000001F.history");
    }

    @Test
    void everyPositionBelongsToOneTimeline() {
        TimelineHistory history = TimelineHistory.parse(3, THIRD);
        assertThat(history.timelineAt(Lsn.parse("0/300010F"))).isEqualTo(1);
        assertThat(history.timelineAt(Lsn.parse("0/3000110"))).isEqualTo(2);
        assertThat(history.timelineAt(Lsn.parse("1/2000000"))).isEqualTo(3);
        assertThat(history.contains(2)).isTrue();
        assertThat(history.contains(4)).isFalse();
    }

    @Test
    void commentsAndCarriageReturnsSayNothing() {
        assertThat(TimelineHistory.parse(2, "# comment\r\n1\t0/3000110\tr\r\n").ancestors())
                .containsExactly(new TimelineHistory.Ancestor(1, Lsn.parse("0/3000110"), "r"));
        assertThat(TimelineHistory.first(1).format()).isEmpty();
    }

    @Test
    void whatIsNotAHistoryIsRefusedWithTheLine() {
        assertThatThrownBy(() -> TimelineHistory.parse(2, "1 here\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line '1 here' has no timeline and switch point");
        assertThatThrownBy(() -> TimelineHistory.parse(2, "x\t0/1\tr")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.parse(2, "1")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.parse(3, "2\t0/2\tr\n1\t0/3\tr"))
                .hasMessageContaining("timeline 1 follows 2");
        assertThatThrownBy(() -> TimelineHistory.parse(3, "1\t0/20\tr\n2\t0/3\tr"))
                .hasMessageContaining("switch point 0/3 follows 0/20");
        assertThatThrownBy(() -> TimelineHistory.parse(2, "2\t0/2\tr"))
                .hasMessageContaining("names the later timeline 2 as its ancestor");
    }
}
