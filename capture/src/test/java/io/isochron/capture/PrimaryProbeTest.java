package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.Lsn;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On a clock that the test turns: what the primary says counts only beside WAL that comes in time. */
class PrimaryProbeTest {
    private static final long BEGIN = 1_700_000_000_000_000L;
    private static final long OFFSET = 250_000;

    private final SimulatedHost host = new SimulatedHost(BEGIN);
    private final ShardClock clock = new ShardClock();
    private final PendingSafePoints safePoints = new PendingSafePoints();
    private final ShardMonitor monitor = new ShardMonitor("shard1");
    private final PrimaryProbe probe = new PrimaryProbe(
            "shard1",
            () -> {
                throw new AssertionError("not asked on a thread");
            },
            clock,
            safePoints,
            monitor,
            Duration.ofMillis(250),
            host);

    private long flushed;

    private final PrimaryProbe.Primary primary = new PrimaryProbe.Primary() {
        @Override
        public long clockMicros() {
            host.at(host.micros() + 200);
            return host.micros() + OFFSET;
        }

        @Override
        public Lsn flushed() {
            return new Lsn(flushed);
        }

        @Override
        public void close() {
            // nothing to close
        }
    };

    private void ask(long position) throws Exception {
        flushed = position;
        probe.once(primary);
    }

    private void pass(long millis) {
        host.at(host.micros() + 1000 * millis);
    }

    @Test
    void nothing_is_recorded_before_the_standby_has_caught_up() throws Exception {
        ask(1000);
        pass(250);
        assertThat(probe.tooLate(new Lsn(500))).isFalse();
        ask(1100);
        assertThat(clock.bounds()).isEmpty();
        assertThat(safePoints.ready(new Lsn(5000))).isFalse();
        // far behind, but on its way
        for (int i = 0; i < 100; i++) {
            pass(250);
            ask(1200 + i);
            assertThat(probe.tooLate(new Lsn(600 + i))).isFalse();
        }
        assertThat(clock.bounds()).isEmpty();
        pass(100);
        assertThat(probe.tooLate(new Lsn(1299))).isFalse();
        ask(1300);
        assertThat(clock.bounds()).hasValueSatisfying(bounds -> {
            assertThat(bounds.offsetLowMicros()).isLessThanOrEqualTo(OFFSET);
            assertThat(bounds.offsetHighMicros()).isGreaterThanOrEqualTo(OFFSET);
        });
        assertThat(safePoints.ready(new Lsn(1299))).isFalse();
        assertThat(safePoints.take(new Lsn(1300)))
                .hasValueSatisfying(point -> assertThat(point.upTo()).isEqualTo(new Lsn(1300)));
    }

    @Test
    void a_standby_that_falls_behind_is_left_and_one_that_only_idles_is_not() throws Exception {
        ask(1000);
        pass(10);
        assertThat(probe.tooLate(new Lsn(1000))).isFalse();
        for (int i = 0; i < 100; i++) {
            pass(1000);
            ask(1000);
            assertThat(probe.tooLate(new Lsn(1000))).isFalse();
        }
        ask(2000);
        pass(1400);
        assertThat(probe.tooLate(new Lsn(1999))).isFalse();
        pass(200);
        assertThat(probe.tooLate(new Lsn(1999))).isTrue();
    }

    @Test
    void one_that_brings_nothing_while_it_should_catch_up_is_left() throws Exception {
        for (int i = 0; i < 39; i++) {
            ask(1000 + i);
            assertThat(probe.tooLate(new Lsn(500))).isFalse();
            pass(250);
        }
        pass(2000);
        ask(1100);
        assertThat(probe.tooLate(new Lsn(500))).isTrue();
    }

    @Test
    void it_is_tried_again_after_a_while() {
        StandbyChoice choice = new StandbyChoice("shard1", WalSource.STANDBY, monitor, host, Duration.ofMinutes(5));
        ShardSource standby = new ShardSource(
                "shard1", io.isochron.wire.ConnectionSettings.parse("host=127.0.0.1", java.util.Map.of()), "slot");
        assertThat(choice.choose(List.of(standby))).contains(standby);
        choice.avoid("it lags");
        assertThat(choice.choose(List.of(standby))).isEmpty();
        pass(299_000);
        assertThat(choice.retryDue()).isFalse();
        pass(2000);
        assertThat(choice.retryDue()).isTrue();
        assertThat(choice.choose(List.of(standby))).contains(standby);
        assertThat(choice.retryDue()).isFalse();
        assertThat(choice.choose(List.of())).isEmpty();
        assertThat(monitor.status(host.micros()).notices())
                .anyMatch(notice -> notice.contains("no standby on the primary's PostgreSQL timeline answers"));
        assertThat(new StandbyChoice("shard1", WalSource.PRIMARY, monitor).choose(List.of(standby)))
                .isEmpty();
    }
}
