package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveFeedSourceTest {

    private static final long START = 0x1000000;
    private static final long SWITCH = START + 3000;
    private static final long END = START + 9000;

    @TempDir
    Path directory;

    private Repository repository;

    @BeforeEach
    void archiveTwoTimelines() throws IOException {
        repository = Repository.init(
                FileSystemStore.create(directory.resolve("r")),
                RepositoryKey.random(),
                new ClusterIdentity(UUID.randomUUID(), "c", List.of(new ShardIdentity("shard1", "1", 17, 16 << 20))),
                Instant.EPOCH);
        write(1, START, START + 1000);
        write(1, START + 1000, SWITCH + 500);
        write(2, SWITCH, END);
    }

    private void write(int timeline, long from, long to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (to - from));
        for (long at = from; at < to; at++) {
            bytes.put(value(at < SWITCH ? 1 : timeline, at));
        }
        repository.wal().write(new WalRange("shard1", timeline, from, to), bytes.flip());
    }

    private static byte value(int timeline, long at) {
        return (byte) (at * 31 + timeline);
    }

    private ArchiveFeedSource source() {
        ShardPlan plan = new ShardPlan(
                "shard1",
                "1",
                17,
                170000,
                16 << 20,
                "s",
                1,
                new Lsn(START + 40),
                new Lsn(START + 100),
                new Lsn(END),
                List.of(
                        new TimelineStep(1, new Lsn(START + 40), new Lsn(SWITCH)),
                        new TimelineStep(2, new Lsn(SWITCH), new Lsn(END))),
                0,
                0,
                END - START - 40,
                Map.of(),
                null,
                List.of());
        return new ArchiveFeedSource(repository, plan);
    }

    @Test
    void aLaterTimelineIsServedFromTheBeginningOfItsSegmentWithItsAncestorsBytes() throws IOException {
        try (ArchiveFeedSource source = source()) {
            long at = START;
            ByteBuffer into = ByteBuffer.allocate(700);
            while (at < END) {
                int count = source.read(2, new Lsn(at), into.clear());
                assertThat(count).isPositive().isEqualTo(into.position());
                for (int i = 0; i < count; i++) {
                    assertThat(into.get(i)).as("byte at %x", at + i).isEqualTo(value(at + i < SWITCH ? 1 : 2, at + i));
                }
                at += count;
            }
            assertThat(at).isEqualTo(END);
            assertThat(source.endOfTimeline(1)).isEqualTo(new Lsn(SWITCH));
        }
    }

    @Test
    void theLimitOnlyMovesUpAndWakesWhoWaits() throws Exception {
        try (ArchiveFeedSource source = source()) {
            source.advance(new Lsn(START + 500));
            source.advance(new Lsn(START + 100));
            assertThat(source.limit()).isEqualTo(new Lsn(START + 500));
            Thread waiting = Thread.startVirtualThread(() -> {
                try {
                    source.awaitMore(new Lsn(START + 500), Duration.ofSeconds(120));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            source.advance(new Lsn(END));
            assertThat(waiting.join(Duration.ofSeconds(120))).isTrue();
        }
    }

    @Test
    void whatCannotBeReadIsRememberedForTheRestoreToSee() throws IOException {
        try (ArchiveFeedSource source = source()) {
            assertThatThrownBy(() -> source.read(2, new Lsn(END), ByteBuffer.allocate(10)))
                    .hasMessageContaining("shard1");
            assertThat(source.failure()).isNotNull();
            source.read(2, new Lsn(SWITCH), ByteBuffer.allocate(10));
            assertThat(source.failure()).isNull();
        }
    }
}
