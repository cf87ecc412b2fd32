package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClockTest {
    @Test
    void aProbeBoundsTheOffsetByItsRoundTrip() {
        assertThat(ClockBounds.ofProbe(1000, 1400, 5300)).isEqualTo(new ClockBounds(1400, 3899, 4301));
        assertThat(new ClockBounds(0, 3900, 4300).offsetMicros()).isEqualTo(4100);
        assertThat(new ClockBounds(0, 3900, 4301).uncertaintyMicros()).isEqualTo(201);
    }

    @Test
    void boundsWidenByTheStatedDriftInBothDirectionsOfTime() {
        ClockBounds bounds = new ClockBounds(10_000_000, -5, 5);
        assertThat(bounds.at(12_000_000)).isEqualTo(new ClockBounds(12_000_000, -1005, 1005));
        assertThat(bounds.at(8_000_000)).isEqualTo(new ClockBounds(8_000_000, -1005, 1005));
    }

    @Test
    void theTightestBoundsSurviveLooserReadings() {
        ClockTracker tracker = new ClockTracker();
        tracker.probe(0, 100, 50);
        tracker.probe(1000, 9000, 5000);
        ClockBounds bounds = tracker.bounds().orElseThrow();
        assertThat(bounds.uncertaintyMicros()).isLessThan(60);
        assertThat(bounds.atReferenceMicros()).isEqualTo(9000);
    }

    @Test
    void aContradictingReadingIsAStepAndIsNotAveraged() {
        ClockTracker tracker = new ClockTracker();
        assertThat(tracker.probe(0, 100, 50)).isEmpty();
        Optional<ClockStep> step = tracker.probe(1_000_000, 1_000_100, 6_000_050);
        assertThat(step).isPresent();
        assertThat(step.orElseThrow().stepMicros()).isEqualTo(5_000_000);
        assertThat(tracker.bounds()).contains(new ClockBounds(1_000_100, 4_999_949, 5_000_051));
    }

    @Test
    void anEventIsPlacedByTheReadingNearestToIt() {
        Segments segments = new Segments("a");
        for (int i = 1; i <= 20; i++) {
            segments.event(Event.Kind.COMMIT, i, i * 500_000L - 200_000, null).cut(i * 500_000L);
        }
        Event event = segments.all().get(10).events().getFirst();
        // 200 ms before the reading of its own segment, 300 ms behind the one before
        assertThat(ClusterHistory.of(List.of("a"), segments.all()).corrected("a", event))
                .isEqualTo(new Corrected(event.timeMicros(), 10 + 100));
    }

    @Test
    void aReplyBeforeItsRequestIsRefused() {
        assertThatThrownBy(() -> ClockBounds.ofProbe(10, 9, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
