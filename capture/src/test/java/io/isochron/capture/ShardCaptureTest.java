package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Event;
import io.isochron.chronicle.RelationObservation;
import io.isochron.chronicle.Segment;
import io.isochron.testkit.Seeds;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** One shard of PostgreSQL 17; the tests share it and its archive, in any order. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShardCaptureTest {
    private CaptureFixture fixture;

    @BeforeAll
    void start() throws Exception {
        fixture = CaptureFixture.start(1, 17);
    }

    @AfterAll
    void stop() throws Exception {
        fixture.close();
    }

    @Test
    void what_is_written_under_load_is_archived_byte_for_byte_and_confirmed_only_when_durable() throws Exception {
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            try (Load load = Load.start(fixture.cluster.shard(0), Seeds.seed())) {
                long begun = System.nanoTime();
                while (System.nanoTime() - begun < 3_000_000_000L || load.commits() == 0) {
                    Lsn confirmed = Lsn.parse(fixture.cluster
                            .shard(0)
                            .query("select coalesce(max(flush_lsn), '0/0')::text from pg_stat_replication"));
                    assertThat(capture.status().archivedLsn()).isGreaterThanOrEqualTo(confirmed);
                    assertThat(System.nanoTime() - begun).as("the load commits").isLessThan(120_000_000_000L);
                    Thread.sleep(50);
                }
            }
            fixture.awaitArchived(capture, 0);
        }
        fixture.assertArchiveEqualsPgWal(0, 1);
    }

    @Test
    void the_first_safe_point_of_a_chronicle_is_not_waited_with() throws Exception {
        try (CaptureFixture other = CaptureFixture.start(1, 17)) {
            CaptureOptions slow =
                    CaptureFixture.OPTIONS.withObjectAge(Duration.ofMinutes(1)).withIdleInterval(Duration.ofMinutes(1));
            long begun = System.nanoTime();
            try (ShardCapture capture = new ShardCapture(other.source(0), other.repository, slow, 3)) {
                capture.start();
                CaptureFixture.await(capture, status -> status.safeTime() != null);
                assertThat(System.nanoTime() - begun).isLessThan(45_000_000_000L);
                assertThat(other.chain(0)).anyMatch(segment -> segment.safePoint() != null);
            }
        }
    }

    @Test
    void a_commit_is_in_the_chronicle_with_its_rows_and_the_name_of_its_table() throws Exception {
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            fixture.cluster.shard(0).execute("create table named (id int primary key, v text)");
            fixture.cluster.shard(0).execute("insert into named select g, 'x' from generate_series(1, 321) g");
            fixture.awaitArchived(capture, 0);
            awaitObserved("public.named");
        }
        List<Segment> chain = fixture.chain(0);
        RelationObservation observed = observed(chain, "public.named").orElseThrow();
        long inserted = chain.stream()
                .flatMap(segment -> segment.rows().stream())
                .filter(rows -> rows.relation().equals(observed.file()))
                .mapToLong(rows -> rows.inserted())
                .sum();
        assertThat(inserted).isEqualTo(321);
        assertThat(chain.stream().flatMap(segment -> segment.events().stream()))
                .anyMatch(event -> event.kind() == Event.Kind.COMMIT);
    }

    /** Names are read from the catalogs beside the WAL, and come some segments later. */
    private void awaitObserved(String name) throws Exception {
        long until = System.nanoTime() + 120_000_000_000L;
        while (observed(fixture.chain(0), name).isEmpty()) {
            assertThat(System.nanoTime()).as(name + " is observed").isLessThan(until);
            Thread.sleep(100);
        }
    }

    private static Optional<RelationObservation> observed(List<Segment> chain, String name) {
        return chain.stream()
                .flatMap(segment -> segment.relations().stream())
                .filter(relation -> relation.qualifiedName().equals(name))
                .findFirst();
    }

    @Test
    void the_safe_time_of_an_idle_shard_moves_and_trails_the_clock_by_less_than_two_seconds() throws Exception {
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureStatus first = CaptureFixture.await(capture, status -> status.safeTime() != null);
            CaptureStatus later = CaptureFixture.await(
                    capture,
                    status -> status.safeTime().isAfter(first.safeTime().plusSeconds(2))
                            && status.safeTime().isAfter(Instant.now().minusSeconds(2)));
            assertThat(later.safeTime()).isBefore(Instant.now());
        }
    }

    @Test
    void a_second_capture_of_the_same_shard_is_refused_and_told_who_holds_the_slot() throws Exception {
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            String pid = fixture.cluster
                    .shard(0)
                    .query("select active_pid from pg_replication_slots where slot_name = 'isochron_shard1'");
            try (ShardCapture second = new ShardCapture(
                    fixture.source(0),
                    fixture.repository,
                    CaptureFixture.OPTIONS.withSlotPatience(Duration.ofSeconds(3)),
                    3)) {
                second.start();
                CaptureStatus status = CaptureFixture.await(second, s -> s.state() == CaptureState.FAILED);
                assertThat(status.lastError()).contains("isochron_shard1", "shard1", "process " + pid, "hint: ");
            }
            fixture.awaitArchived(capture, 0);
        }
        fixture.assertArchiveEqualsPgWal(0, 1);
    }

    @Test
    void a_capture_with_another_slot_stops_at_the_chronicle_and_damages_nothing() throws Exception {
        ShardSource other = new ShardSource("shard1", fixture.source(0).settings(), "isochron_other");
        try (ShardCapture capture = fixture.capture(0);
                ShardCapture second = new ShardCapture(other, fixture.repository, CaptureFixture.OPTIONS, 3)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            second.start();
            try (Load load = Load.start(fixture.cluster.shard(0), Seeds.seed())) {
                long until = System.nanoTime() + 180_000_000_000L;
                // idle segments are enough for a conflict: it may come before the load's first commit
                while ((capture.status().state() != CaptureState.FAILED
                                && second.status().state() != CaptureState.FAILED)
                        || load.commits() == 0) {
                    assertThat(System.nanoTime()).isLessThan(until);
                    Thread.sleep(50);
                }
            }
            ShardCapture left = capture.status().state() == CaptureState.FAILED ? second : capture;
            fixture.awaitArchived(left, 0);
        } finally {
            fixture.cluster
                    .shard(0)
                    .execute(
                            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'isochron_other' and not active");
        }
        fixture.assertArchiveEqualsPgWal(0, 1);
    }

    @Test
    void a_wrong_password_ends_a_first_start_with_a_clear_error() throws Exception {
        ConnectionSettings wrong = ConnectionSettings.parse(
                fixture.cluster.shard(0).connectionStringWithPassword().replaceFirst("password=\\w+", "password=wrong"),
                Map.of());
        try (ShardCapture capture =
                new ShardCapture(new ShardSource("shard1", wrong, "s"), fixture.repository, CaptureFixture.OPTIONS)) {
            capture.start();
            CaptureStatus status = CaptureFixture.await(capture, s -> s.state() == CaptureState.FAILED);
            assertThat(status.lastError()).contains("28P01").doesNotContain("wrong");
        }
    }

    @Test
    void a_dropped_slot_is_made_anew_with_a_notice_while_the_wal_is_still_there() throws Exception {
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
        }
        fixture.dropSlot(0);
        fixture.cluster.shard(0).execute("create table if not exists meanwhile (id int)");
        try (ShardCapture capture = fixture.capture(0)) {
            CaptureStatus status = CaptureFixture.await(capture, s -> s.state() == CaptureState.STREAMING);
            assertThat(status.notices()).anyMatch(notice -> notice.contains("isochron_shard1"));
            fixture.awaitArchived(capture, 0);
        }
        fixture.assertArchiveEqualsPgWal(0, 1);
    }
}
