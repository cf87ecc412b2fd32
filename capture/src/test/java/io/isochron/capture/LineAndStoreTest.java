package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Segment;
import io.isochron.instance.PostgresInstance.StopMode;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.Seeds;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Promotions, and a repository that goes away. */
class LineAndStoreTest {
    @Test
    void a_promotion_is_followed_onto_the_next_timeline_and_its_history_is_archived() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17);
                ShardCapture capture = fixture.capture(0)) {
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table before_promotion (id int)");
            shard.stop(StopMode.FAST);
            Files.createFile(shard.dataDirectory().resolve("standby.signal"));
            fixture.cluster.runAs().own(shard.dataDirectory().resolve("standby.signal"));
            shard.start();
            CaptureStatus standby = CaptureFixture.await(
                    capture, status -> String.valueOf(status.lastError()).contains("standby"));
            assertThat(standby.state()).isIn(CaptureState.RECONNECTING, CaptureState.CONNECTING);
            shard.instance().promote(Duration.ofSeconds(120));
            CaptureStatus after = CaptureFixture.await(
                    capture, status -> status.state() == CaptureState.STREAMING && status.timeline() == 2);
            shard.execute("create table after_promotion (id int)");
            fixture.awaitArchived(capture, 0);
            CaptureFixture.await(
                    capture,
                    status -> status.safeTime() != null && !status.safeTime().equals(after.safeTime()));
            List<Segment> chain = fixture.chain(0);
            assertThat(chain.getFirst().timeline()).isEqualTo(1);
            assertThat(chain.getLast().timeline()).isEqualTo(2);
            fixture.assertArchiveEqualsPgWal(0, 2);
            Lsn parted = chain.stream()
                    .filter(segment -> segment.timeline() == 2)
                    .findFirst()
                    .orElseThrow()
                    .start();
            assertThat(new String(
                            fixture.repository
                                    .timelineHistories()
                                    .get("shard1", 2)
                                    .orElseThrow(),
                            StandardCharsets.UTF_8))
                    .contains(parted.toString());
        }
    }

    @Test
    void a_repository_that_is_away_stalls_capture_and_loses_nothing() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            AwayStore store = new AwayStore(FileSystemStore.open(fixture.store));
            Repository repository = Repository.open(store, RepositoryKey.load(fixture.key));
            try (ShardCapture capture = new ShardCapture(
                            fixture.source(0), repository, CaptureFixture.OPTIONS.withBufferBytesTotal(2 << 20), 2);
                    Load load = Load.start(fixture.cluster.shard(0), Seeds.seed())) {
                capture.start();
                CaptureFixture.await(capture, status -> status.segments() > 2);
                store.away(true);
                CaptureStatus stalled = CaptureFixture.await(capture, status -> status.state() == CaptureState.STALLED);
                assertThat(stalled.lastError()).contains("the store is away");
                CaptureFixture.await(
                        capture,
                        status -> status.receivedLsn()
                                .isAfter(status.archivedLsn().plus(900_000)));
                Lsn archived = capture.status().archivedLsn();
                Thread.sleep(1500);
                assertThat(capture.status().archivedLsn()).isEqualTo(archived);
                assertThat(capture.status().state()).isEqualTo(CaptureState.STALLED);
                store.away(false);
                CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                load.close();
                fixture.awaitArchived(capture, 0);
                // a minute that was just over could not be written into the ledger either, which is said
                assertThat(capture.status().notices())
                        .allMatch(notice -> notice.startsWith("the ledger of shard shard1 cannot be written for now: ")
                                && notice.contains("the store is away"));
            }
            fixture.assertArchiveEqualsPgWal(0, 1);
        }
    }
}
