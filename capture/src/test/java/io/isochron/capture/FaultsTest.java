package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Segment;
import io.isochron.instance.PostgresInstance.StopMode;
import io.isochron.store.WalRange;
import io.isochron.testkit.Seeds;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to servers and repositories while capture runs. */
class FaultsTest {
    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void a_server_that_is_killed_and_started_again_is_captured_on_without_a_gap(int major) throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, major);
                ShardCapture capture = fixture.capture(0);
                Load load = Load.start(fixture.cluster.shard(0), Seeds.seed())) {
            for (int round = 0; round < 2; round++) {
                CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                Thread.sleep(700);
                fixture.cluster.shard(0).kill();
                CaptureStatus down =
                        CaptureFixture.await(capture, status -> status.state() == CaptureState.RECONNECTING);
                assertThat(down.lastError()).isNotEmpty();
                fixture.cluster.shard(0).start();
            }
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            load.close();
            fixture.awaitArchived(capture, 0);
            fixture.assertArchiveEqualsPgWal(0, 1);
        }
    }

    @Test
    void a_server_that_stops_in_order_waits_only_until_everything_is_archived() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17);
                ShardCapture capture = new ShardCapture(
                        fixture.source(0),
                        fixture.repository,
                        CaptureFixture.OPTIONS.withObjectAge(Duration.ofSeconds(50)),
                        3)) {
            capture.start();
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            long start = System.nanoTime();
            fixture.cluster.shard(0).stop(StopMode.FAST);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(45));
            fixture.cluster.shard(0).start();
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
        }
    }

    @Test
    void the_safe_time_of_a_frozen_shard_stands_still_while_the_others_moves() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(2, 17);
                ShardCapture first = fixture.capture(0);
                ShardCapture second = fixture.capture(1)) {
            CaptureFixture.await(first, status -> status.safeTime() != null);
            CaptureFixture.await(second, status -> status.safeTime() != null);
            fixture.cluster.shard(0).kill();
            CaptureFixture.await(first, status -> status.state() == CaptureState.RECONNECTING);
            Instant stopped = first.status().safeTime();
            CaptureFixture.await(second, status -> status.safeTime().isAfter(stopped.plusSeconds(3)));
            assertThat(first.status().safeTime()).isEqualTo(stopped);
            assertThat(first.status().lagMicros()).isGreaterThan(2_000_000);
            fixture.cluster.shard(0).start();
            CaptureFixture.await(first, status -> status.safeTime().isAfter(stopped));
        }
    }

    @Test
    void wal_that_the_server_removed_is_an_alarm_that_names_the_gap_and_the_position_stays() throws Exception {
        var options = CaptureFixture.options().with("wal_keep_size", "0").with("max_wal_size", "32MB");
        try (CaptureFixture fixture = CaptureFixture.start(1, 17, options)) {
            Lsn position;
            try (ShardCapture capture = fixture.capture(0)) {
                CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                fixture.awaitArchived(capture, 0);
                capture.stop();
                capture.await(Duration.ofSeconds(120));
                position = capture.status().archivedLsn();
            }
            TestShard shard = fixture.cluster.shard(0);
            fixture.dropSlot(0);
            shard.execute("create table filler (t text)");
            for (int i = 0; i < 6; i++) {
                shard.execute("insert into filler select repeat('x', 1000) from generate_series(1, 2000)");
                shard.execute("select pg_switch_wal()");
            }
            shard.execute("checkpoint");
            shard.execute("checkpoint");
            try (ShardCapture capture = fixture.capture(0)) {
                CaptureStatus status = CaptureFixture.await(capture, s -> s.state() == CaptureState.FAILED);
                assertThat(status.lastError())
                        .contains("gap in the archive of shard shard1", "wal from " + position + " to ", "hint: ");
                assertThat(status.archivedLsn()).isEqualTo(position);
            }
            assertThat(fixture.chain(0).getLast().end()).isEqualTo(position);
        }
    }

    @Test
    void another_system_behind_the_address_is_refused_and_nothing_is_archived() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(2, 17)) {
            String known = fixture.repository.cluster().shard("shard1").systemIdentifier();
            ShardSource wrong = new ShardSource("shard1", fixture.source(1).settings(), "isochron_shard1");
            String found = CheckService.identify(wrong).systemIdentifier();
            assertThat(found).isNotEqualTo(known);
            try (ShardCapture capture = new ShardCapture(wrong, fixture.repository, CaptureFixture.OPTIONS)) {
                capture.start();
                CaptureStatus status = CaptureFixture.await(capture, s -> s.state() == CaptureState.FAILED);
                assertThat(status.lastError()).contains("shard1", known, found, "hint: ");
            }
            assertThat(fixture.repository.wal().timelines("shard1")).isEmpty();
            assertThat(fixture.cluster.shard(1).query("select count(*) from pg_replication_slots"))
                    .isEqualTo("0");
        }
    }

    @Test
    void a_version_that_is_not_supported_is_refused() {
        ServerIdentity old = new ServerIdentity("1", 13, 130_000, 1, 16 << 20, false);
        assertThatThrownBy(() -> old.requireSupported("shard1"))
                .isInstanceOf(CaptureException.class)
                .hasMessageContaining("shard1 runs PostgreSQL 13");
    }

    @Test
    void wal_that_a_killed_capture_left_without_a_segment_is_adopted_and_what_does_not_continue_is_reported()
            throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            Lsn position;
            try (ShardCapture capture = fixture.capture(0)) {
                CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                fixture.awaitArchived(capture, 0);
                capture.stop();
                capture.await(Duration.ofSeconds(120));
                position = capture.status().archivedLsn();
            }
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table orphan as select g from generate_series(1, 20000) g");
            Lsn flushed = fixture.flushed(0);
            Lsn end = new Lsn(Math.min(flushed.value(), (position.value() | 0xFFFFFF) + 1) & -8192L);
            byte[] file = Files.readAllBytes(shard.dataDirectory()
                    .resolve("pg_wal")
                    .resolve(WalFileName.holding(1, position, 16 << 20).name()));
            int offset = (int) (position.value() & 0xFFFFFF);
            fixture.repository
                    .wal()
                    .write(new WalRange("shard1", 1, position.value(), end.value()), ByteBuffer.wrap(file, offset, (int)
                            end.minus(position)));
            fixture.repository
                    .wal()
                    .write(
                            new WalRange("shard1", 1, end.value() - 8192, end.value() + 8192),
                            ByteBuffer.wrap(file, (int) ((end.value() - 8192) & 0xFFFFFF), 16384));
            try (ShardCapture capture = fixture.capture(0)) {
                fixture.awaitArchived(capture, 0);
                assertThat(capture.status().notices()).anyMatch(notice -> notice.contains("do not continue"));
            }
            assertThat(fixture.chain(0)).anyMatch(segment -> adopted(segment, position, end));
        }
    }

    private static boolean adopted(Segment segment, Lsn start, Lsn end) {
        return segment.start().equals(start) && segment.end().equals(end);
    }
}
