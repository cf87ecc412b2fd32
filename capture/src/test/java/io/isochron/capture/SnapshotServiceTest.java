package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.store.Finding;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotEntry;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.SnapshotReader;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SnapshotServiceTest {
    private static final BackupOptions OPTIONS = BackupOptions.defaults().withCaptureTimeout(Duration.ofSeconds(120));

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void a_snapshot_under_load_holds_what_postgresql_says_it_sent(int major) throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(2, major)) {
            fixture.cluster.shard(0).execute("set allow_in_place_tablespaces = on; create table t (id int)");
            ConcurrentLinkedQueue<BackupProgress> progress = new ConcurrentLinkedQueue<>();
            SnapshotSummary summary;
            try (ClusterCapture capture =
                            new ClusterCapture(fixture.sources(), fixture.repository, CaptureFixture.OPTIONS);
                    Load first = Load.start(fixture.cluster.shard(0), Seeds.seed());
                    Load second = Load.start(fixture.cluster.shard(1), Seeds.seed() + 1)) {
                capture.start();
                summary = SnapshotService.backup(fixture.sources(), fixture.repository, OPTIONS, progress::add);
                assertThat(first.commits() + second.commits()).isPositive();
            }
            assertThat(fixture.repository.snapshots().list())
                    .extracting(SnapshotInfo::id)
                    .containsExactly(summary.snapshot().id());
            for (var shard : fixture.cluster.shards()) {
                assertManifestHolds(fixture, summary.snapshot().id(), shard.name());
                assertHeader(fixture, summary.snapshot().shard(shard.name()), major);
                assertThat(progress)
                        .anyMatch(p -> p.shard().equals(shard.name())
                                && p.phase() == BackupProgress.Phase.COPY
                                && p.totalBytes() > 1_000_000);
            }
            ConcurrentLinkedQueue<Finding> findings = new ConcurrentLinkedQueue<>();
            assertThat(fixture.repository.verify(VerifyScope.ALL, findings::add).whole())
                    .as(findings::toString)
                    .isTrue();
        }
    }

    private static void assertManifestHolds(CaptureFixture fixture, String id, String shard) throws Exception {
        Map<String, SnapshotEntry.File> files = new HashMap<>();
        SnapshotReader reader = fixture.repository.snapshots().open(id);
        try (Stream<SnapshotEntry> entries = reader.entries(shard)) {
            entries.forEach(entry -> {
                if (entry instanceof SnapshotEntry.File file) {
                    files.put(file.path(), file);
                }
            });
        }
        JsonNode manifest;
        try (InputStream content = reader.open(files.get("backup_manifest"))) {
            manifest = new JsonMapper().readTree(content);
        }
        int listed = 0;
        for (JsonNode node : manifest.get("Files")) {
            SnapshotEntry.File file = files.get(node.get("Path").asString());
            assertThat(file).as(node.get("Path").asString()).isNotNull();
            assertThat(file.bytes()).isEqualTo(node.get("Size").asLong());
            assertThat("%08x".formatted(Integer.reverseBytes(file.crc32c())))
                    .isEqualTo(node.get("Checksum").asString());
            listed++;
        }
        assertThat(listed).isEqualTo(files.size() - 1).isGreaterThan(900);
        assertThat(files).containsKeys("backup_label", "global/pg_control", "PG_VERSION", "postgresql.conf");
    }

    private static void assertHeader(CaptureFixture fixture, ShardSnapshot shard, int major) throws Exception {
        JsonNode header = new JsonMapper().readTree(shard.header());
        assertThat(header.get("postgresVersionNum").asInt() / 10_000).isEqualTo(major);
        assertThat(header.get("settings").get("max_prepared_transactions").asString())
                .isEqualTo("200");
        assertThat(header.get("controlFile").get("maxPreparedTransactions").asInt())
                .isEqualTo(200);
        assertThat(header.get("databases").findValuesAsString("name")).contains("postgres", "template1");
        assertThat(header.get("systemIdentifier").asString())
                .isEqualTo(fixture.repository.cluster().shard(shard.shard()).systemIdentifier());
        assertThat(shard.endLsn()).isGreaterThan(shard.startLsn());
    }

    @Test
    void a_tablespace_is_stored_under_the_paths_of_the_manifest() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            var directory = fixture.cluster.shard(0).home().resolve("space");
            java.nio.file.Files.createDirectory(directory);
            fixture.cluster.runAs().own(directory);
            fixture.cluster.shard(0).execute("create tablespace space location '" + directory + "'");
            fixture.cluster.shard(0).execute("create table far (id int) tablespace space");
            fixture.cluster.shard(0).execute("insert into far select generate_series(1, 1000)");
            String oid = fixture.cluster.shard(0).query("select oid from pg_tablespace where spcname = 'space'");
            try (ClusterCapture capture =
                    new ClusterCapture(fixture.sources(), fixture.repository, CaptureFixture.OPTIONS)) {
                capture.start();
                SnapshotSummary summary = SnapshotService.backup(
                        fixture.sources(), fixture.repository, OPTIONS, BackupProgress.Listener.NONE);
                String id = summary.snapshot().id();
                assertManifestHolds(fixture, id, "shard1");
                try (Stream<SnapshotEntry> entries =
                        fixture.repository.snapshots().open(id).entries("shard1")) {
                    List<SnapshotEntry> all = entries.toList();
                    assertThat(all)
                            .anyMatch(e -> e instanceof SnapshotEntry.Symlink link
                                    && link.path().equals("pg_tblspc/" + oid)
                                    && link.target().equals(directory.toString()));
                    assertThat(all)
                            .anyMatch(e -> e instanceof SnapshotEntry.File file
                                    && file.path().startsWith("pg_tblspc/" + oid + "/PG_17_"));
                }
            }
        }
    }

    @Test
    void a_backup_without_a_running_capture_is_refused_before_anything_is_copied() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            BackupOptions impatient = OPTIONS.withCaptureTimeout(Duration.ofSeconds(1));
            assertThatThrownBy(() -> SnapshotService.backup(
                            fixture.sources(), fixture.repository, impatient, BackupProgress.Listener.NONE))
                    .isInstanceOf(CaptureException.class)
                    .hasMessageContaining("shard1")
                    .hasMessageContaining("isochron capture");
            assertThat(fixture.repository.snapshots().list()).isEmpty();
        }
    }

    @Test
    void one_failing_shard_cancels_the_others_and_nothing_is_published() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(2, 17)) {
            fixture.cluster
                    .shard(0)
                    .execute("create table big as select repeat('x', 1000) from generate_series(1, 300000)");
            try (ClusterCapture capture =
                    new ClusterCapture(fixture.sources(), fixture.repository, CaptureFixture.OPTIONS)) {
                capture.start();
                BackupOptions slow = OPTIONS.withMaxRate(4096);
                AtomicLong killed = new AtomicLong();
                BackupProgress.Listener killer = progress -> {
                    if (progress.shard().equals("shard2") && progress.phase() == BackupProgress.Phase.COPY) {
                        killed.compareAndSet(0, System.nanoTime());
                        try {
                            fixture.cluster.shard(1).kill();
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                };
                assertThatThrownBy(() -> SnapshotService.backup(fixture.sources(), fixture.repository, slow, killer))
                        .isInstanceOf(IOException.class);
                // the first shard alone would take 75 s from its checkpoint on
                assertThat(killed).hasPositiveValue();
                assertThat(Duration.ofNanos(System.nanoTime() - killed.get())).isLessThan(Duration.ofSeconds(60));
                assertThat(fixture.repository.snapshots().list()).isEmpty();
                long until = killed.get() + 70_000_000_000L;
                while (!fixture.cluster
                        .shard(0)
                        .query("select count(*) from pg_stat_progress_basebackup")
                        .equals("0")) {
                    assertThat(System.nanoTime())
                            .as("the server has ended the backup")
                            .isLessThan(until);
                    Thread.sleep(100);
                }
            }
        }
    }
}
