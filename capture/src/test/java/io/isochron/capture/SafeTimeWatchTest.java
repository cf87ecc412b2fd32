package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.Lsn;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SafeTimeWatchTest {
    private final SafeTimeWatch watch =
            new SafeTimeWatch(CaptureOptions.defaults().withIdleInterval(Duration.ofSeconds(2)));

    private static CaptureStatus status(
            String shard, CaptureState state, long lagBytes, long lagMicros, @Nullable String error) {
        return new CaptureStatus(
                shard,
                state,
                1,
                new Lsn(100),
                new Lsn(100),
                new Lsn(100 + lagBytes),
                lagBytes,
                lagMicros,
                null,
                error,
                List.of(),
                1);
    }

    private static CaptureStatus streaming(String shard, long lagMicros) {
        return status(shard, CaptureState.STREAMING, 0, lagMicros, null);
    }

    @Test
    void aShardWhoseSafeTimeIsOlderThanTwoIdleIntervalsIsNamedOnceAndSoIsItsReturn() {
        assertThat(watch.look(List.of(streaming("a", 2_100_000), streaming("b", 3_999_999))))
                .isEmpty();
        assertThat(watch.look(List.of(streaming("a", 2_100_000), streaming("b", 4_100_000))))
                .containsExactly("ALARM: the safe time of shard b is 4.1 s old: its server does not answer");
        assertThat(watch.late()).containsExactly("b");
        assertThat(watch.look(List.of(streaming("a", 2_100_000), streaming("b", 4_600_000))))
                .isEmpty();
        assertThat(watch.look(List.of(streaming("a", 2_100_000), streaming("b", 100_000))))
                .containsExactly("the safe time of shard b is recent again");
        assertThat(watch.late()).isEmpty();
    }

    @Test
    void whyItIsOldIsSaid() {
        assertThat(watch.look(List.of(
                        status("a", CaptureState.RECONNECTING, 0, 5_000_000, "connection refused\nhint: start it"),
                        status("b", CaptureState.STREAMING, 512, 5_000_000, null))))
                .containsExactly(
                        "ALARM: the safe time of shard a is 5.0 s old: capture of it is reconnecting, connection refused",
                        "ALARM: the safe time of shard b is 5.0 s old: 512 bytes that it is known to have are not archived yet");
    }

    @Test
    void aShardWithoutAnySafeTimeYetIsNotLate() {
        assertThat(watch.look(List.of(streaming("a", -1)))).isEmpty();
        watch.look(List.of(streaming("a", 9_000_000)));
        assertThat(watch.look(List.of(streaming("a", -1))))
                .as("nor is it recent again")
                .isEmpty();
    }
}
