package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CaptureOptionsTest {
    @Test
    void rings_share_the_budget_and_sixteen_of_them_leave_room_in_256_mebibytes() {
        CaptureOptions options = CaptureOptions.defaults();
        assertThat(options.ringBytes(1)).isEqualTo(24 << 20);
        assertThat(options.ringBytes(16)).isEqualTo(3 << 20);
        assertThat(options.objectBytes(options.ringBytes(1))).isEqualTo(12 << 20);
        assertThat(16L * options.ringBytes(16)).isLessThanOrEqualTo(48 << 20);
    }

    @Test
    void values_out_of_range_are_refused_with_the_range() {
        CaptureOptions options = CaptureOptions.defaults();
        assertThatThrownBy(() -> options.withObjectAge(Duration.ofMillis(1)))
                .hasMessage("object age is 1 ms, allowed is 50 ms to 60 s");
        assertThatThrownBy(() -> options.withObjectBytesMax(1)).hasMessageContaining("object size is 1 bytes");
    }

    @Test
    void a_standby_as_the_source_does_not_go_with_synchronous_mode() {
        CaptureOptions options = CaptureOptions.defaults().withWalSource(WalSource.STANDBY);
        assertThatThrownBy(() -> options.withSynchronous(CaptureOptions.Synchronous.defaults(Path.of("spool"))))
                .hasMessageContaining("cannot be taken from a standby in synchronous mode");
    }

    @Test
    void a_slot_name_that_postgresql_would_refuse_is_refused_before() {
        assertThatThrownBy(() -> new ShardSource(
                        "s", io.isochron.wire.ConnectionSettings.parse("host=/tmp", java.util.Map.of()), "Bad-Slot"))
                .hasMessageContaining("'Bad-Slot'")
                .hasMessageContaining("hint: ");
    }
}
