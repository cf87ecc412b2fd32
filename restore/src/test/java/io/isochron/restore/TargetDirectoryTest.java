package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetDirectoryTest {

    @TempDir
    Path directory;

    static RestorePlan plan(String id) {
        ShardPlan shard = new ShardPlan(
                "shard1",
                "7445",
                17,
                170011,
                16 << 20,
                "s1",
                1,
                Lsn.parse("0/2000028"),
                Lsn.parse("0/2000120"),
                Lsn.parse("0/3000000"),
                List.of(new TimelineStep(1, Lsn.parse("0/2000028"), Lsn.parse("0/3000000"))),
                10,
                1000,
                2000,
                Map.of("max_connections", "100"),
                null,
                List.of(new PlannedDecision("1_YQ==_Yg==", -1, true, "committed on shard2")));
        return new RestorePlan(
                1,
                id,
                Instant.parse("2026-11-22T16:00:00.000001Z"),
                "shop",
                "c",
                "time 2026-11-22T15:00:00Z",
                Instant.parse("2026-11-22T15:00:00Z"),
                "atomic",
                250,
                List.of(),
                "{}",
                List.of(shard),
                1000,
                5000,
                List.of("snapshot x: object y is missing"));
    }

    @Test
    void aPlanSurvivesItsJson() throws IOException {
        assertThat(RestorePlan.fromJson(plan("p1").toJson())).isEqualTo(plan("p1"));
    }

    @Test
    void aPlanWithAnUnknownPropertyOrOfAnotherVersionIsRefused() {
        String json = new String(plan("p1").toJson(), java.nio.charset.StandardCharsets.UTF_8);
        assertThatThrownBy(() -> RestorePlan.fromJson(
                        json.replace("\"grade\"", "\"degree\"").getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(RestoreException.class)
                .hasMessageContaining("degree");
        assertThatThrownBy(() -> RestorePlan.fromJson(json.replace("\"formatVersion\" : 1", "\"formatVersion\" : 2")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(RestoreException.class)
                .hasMessageContaining("version 2");
    }

    @Test
    void anEmptyOrMissingDirectoryIsAdmitted() throws IOException {
        assertThat(new TargetDirectory(directory).admit("p1", 1)).isEmpty();
        assertThat(new TargetDirectory(directory.resolve("a/b")).admit("p1", 1)).isEmpty();
        assertThat(directory.resolve("a")).doesNotExist();
    }

    @Test
    void aDirectoryThatHoldsAnythingIsRefused() throws IOException {
        Files.createFile(directory.resolve("precious"));
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p1", 1))
                .hasMessageContaining("not empty")
                .hasMessageContaining("precious");
    }

    @Test
    void whatARestoreLeavesThatWasKilledBeforeItsJournalWasThereIsAdmitted() throws IOException {
        Files.createFile(directory.resolve("isochron-restore.lock"));
        Files.writeString(directory.resolve("isochron-restore.json.new"), "{");
        assertThat(new TargetDirectory(directory).admit("p1", 1)).isEmpty();
        Files.createFile(directory.resolve("precious"));
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p1", 1)).hasMessageContaining("precious");
    }

    @Test
    void aDataDirectoryWithAPostmasterPidIsRefused() throws IOException {
        Files.createFile(directory.resolve("postmaster.pid"));
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p1", 1)).hasMessageContaining("postmaster.pid");
    }

    @Test
    void aTargetWithTooLittleSpaceIsRefused() {
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p1", Long.MAX_VALUE))
                .hasMessageContaining("MiB of space");
    }

    @Test
    void onlyThePlanThatBeganARestoreCanGoOnWithIt() throws IOException {
        RestoreJournal journal = RestoreJournal.create(directory, plan("p1"));
        journal.update("shard1", state -> state.with(RestorePhase.FETCHED).withSocket("/tmp/x"));
        assertThat(new TargetDirectory(directory).admit("p1", 1).orElseThrow().shard("shard1"))
                .isEqualTo(journal.shard("shard1"));
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p2", 1)).hasMessageContaining("another plan");
    }

    @Test
    void afterTheHostWentDownWhatWasNotSyncedBeginsAnew() throws IOException {
        RestoreJournal journal = RestoreJournal.create(directory, plan("p1"));
        journal.update("shard1", state -> state.with(RestorePhase.REPLAYED));
        assertThat(RestoreJournal.load(directory).orElseThrow().distrustAfterReboot(shard -> {
                    throw new AssertionError(shard);
                }))
                .isFalse();
        Path file = directory.resolve(RestoreJournal.FILE);
        String boot =
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        Files.writeString(file, Files.readString(file).replace(boot, "00000000-0000-0000-0000-000000000000"));
        // killed while it discards: the next one does it again
        assertThatThrownBy(() -> RestoreJournal.load(directory).orElseThrow().distrustAfterReboot(shard -> {
                    throw new IOException("killed");
                }))
                .hasMessage("killed");
        RestoreJournal after = RestoreJournal.load(directory).orElseThrow();
        List<String> discarded = new ArrayList<>();
        assertThat(after.distrustAfterReboot(discarded::add)).isTrue();
        assertThat(discarded).containsExactly("shard1");
        assertThat(after.shard("shard1").phase()).isEqualTo(RestorePhase.STARTED);
    }

    @Test
    void aDamagedJournalIsNamed() throws IOException {
        Files.writeString(directory.resolve(RestoreJournal.FILE), "{\"plan\":");
        assertThatThrownBy(() -> new TargetDirectory(directory).admit("p1", 1))
                .hasMessageContaining("isochron-restore.json");
    }
}
