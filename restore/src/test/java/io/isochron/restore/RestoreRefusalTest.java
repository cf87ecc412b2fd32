package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.isochron.chronicle.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is refused before a byte is written, and what damage does. */
class RestoreRefusalTest {

    private static RestoreFixture fixture;
    private static RestorePlan plan;
    private static Instant beforeSnapshot;
    private static Instant moment;

    @BeforeAll
    static void captureTwoShards() throws Exception {
        fixture = RestoreFixture.start(2, 17);
        beforeSnapshot = Instant.now();
        fixture.cluster
                .shard(0)
                .execute("create table t as select n, repeat('x', 100) as filler from generate_series(1, 2000) n");
        fixture.backup();
        fixture.cluster.shard(0).execute("insert into t select n, 'later' from generate_series(1, 500) n");
        moment = fixture.moment();
        plan = fixture.plan(new Target.Time(moment));
        // nothing may be archived later that is larger than what the restore needs: tests damage the largest object
        fixture.stopCapture();
    }

    @AfterAll
    static void end() throws IOException {
        fixture.close();
    }

    @Test
    void aMomentBeforeTheFirstSnapshotIsRefusedWithTheNearestReachableOne() {
        PlanRefusedException refused =
                (PlanRefusedException) catchThrowable(() -> fixture.plan(new Target.Time(beforeSnapshot)));
        assertThat(refused).isNotNull();
        assertThat(refused.nearestAfter().orElseThrow()).isAfter(beforeSnapshot).isBefore(moment);
        assertThat(refused.nearestBefore()).isEmpty();
        assertThat(refused).hasMessageContaining("\nhint: ");
    }

    @Test
    void aMomentThatNoArchiveHasReachedIsRefusedWithTheSafeTime() {
        Instant future = Instant.now().plusSeconds(3600);
        PlanRefusedException refused =
                (PlanRefusedException) catchThrowable(() -> fixture.plan(new Target.Time(future)));
        assertThat(refused).isNotNull();
        assertThat(refused.nearestBefore().orElseThrow())
                .isAfterOrEqualTo(moment)
                .isBefore(future);
        assertThat(refused.nearestAfter()).isEmpty();
    }

    @Test
    void aTargetThatHoldsAFileIsRefusedAndLeftAlone() throws IOException {
        Path target = Files.createDirectory(fixture.cluster.directory().resolve("full"));
        Files.writeString(target.resolve("precious"), "mine");
        assertThatThrownBy(() -> fixture.restore(plan, target, fixture.options()))
                .hasMessageContaining("not empty");
        try (Stream<Path> files = Files.list(target)) {
            assertThat(files).containsExactly(target.resolve("precious"));
        }
    }

    @Test
    void anotherMajorVersionsProgramsAreRefusedBeforeTheTargetExists() throws IOException {
        Path target = fixture.cluster.directory().resolve("never18");
        assertThatThrownBy(() -> fixture.restore(plan, target, RestoreFixture.options(18)))
                .hasMessageContaining("18");
        assertThat(target).doesNotExist();
    }

    @Test
    void aTargetThatTheServersUserCannotReachIsRefused() throws IOException {
        if (!io.isochron.instance.RunAs.current().dropsPrivileges()) {
            return;
        }
        Path closed = Files.createTempDirectory("closed");
        try {
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
            assertThatThrownBy(() -> fixture.restore(plan, closed.resolve("t"), fixture.options()))
                    .hasMessageContaining("cannot reach");
            assertThat(closed.resolve("t")).doesNotExist();
        } finally {
            Files.delete(closed);
        }
    }

    @Test
    void anotherClustersRepositoryIsRefused() throws IOException {
        RestorePlan other = new RestorePlan(
                plan.formatVersion(),
                plan.id(),
                plan.createdAt(),
                plan.clusterName(),
                "another",
                plan.target(),
                plan.moment(),
                plan.grade(),
                plan.epsilonMicros(),
                plan.lateCommits(),
                plan.certificate(),
                plan.shards(),
                plan.estimatedMillis(),
                plan.requiredBytes(),
                plan.passedOver());
        Path target = fixture.cluster.directory().resolve("never");
        assertThatThrownBy(() -> fixture.restore(other, target, fixture.options()))
                .hasMessageContaining("another");
        assertThat(target).doesNotExist();
    }

    @Test
    void aFlippedBitInAnyKindOfObjectIsNamedAndNeverRestored() throws Exception {
        for (String folder : List.of("pack", "snapshot", "wal")) {
            Path object = largest(folder);
            byte[] sound = Files.readAllBytes(object);
            byte[] flipped = sound.clone();
            flipped[flipped.length / 2] ^= 0x10;
            replace(object, flipped);
            Path target = fixture.newTarget();
            try {
                assertThatThrownBy(() -> fixture.restore(plan, target, fixture.options()))
                        .as("flipped bit in %s", object)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(
                                fixture.repositoryPath.relativize(object).toString());
                if (Files.exists(target)) {
                    assertThatThrownBy(() -> RestoredCluster.open(target, fixture.options()))
                            .hasMessageContaining("not finished");
                }
            } finally {
                replace(object, sound);
            }
            RestoreReport report = fixture.restore(plan, target, fixture.options());
            assertThat(report.proofs().held()).as("%s", report.proofs()).isTrue();
            try (RestoredCluster restored = RestoredCluster.open(target, fixture.options())) {
                assertThat(restored.phase()).isEqualTo(RestorePhase.PROVEN);
            }
        }
    }

    @Test
    void aFlippedBitInTheChronicleIsNamedWhenAPlanIsMade() throws Exception {
        Path object = largest("chronicle");
        byte[] sound = Files.readAllBytes(object);
        byte[] flipped = sound.clone();
        flipped[flipped.length / 2] ^= 1;
        replace(object, flipped);
        try {
            assertThatThrownBy(() -> fixture.plan(new Target.Time(moment)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(
                            fixture.repositoryPath.relativize(object).toString());
        } finally {
            replace(object, sound);
        }
    }

    @Test
    void theSameCutIsPlannedTwiceWithTheSameId() throws IOException {
        assertThat(fixture.plan(new Target.Time(moment)).id()).isEqualTo(plan.id());
        assertThat(plan.replayBytes()).isPositive();
        assertThat(plan.fetchBytes()).isGreaterThan(1 << 20);
        assertThat(fixture.repository.documents().get(RestorePlanner.CERTIFICATES, plan.id()))
                .isPresent();
    }

    /** The object whose loss is sure to be noticed: the largest of its kind among those a restore to the moment needs. */
    private static Path largest(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(fixture.repositoryPath.resolve(folder))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !folder.equals("wal") || isReplayed(file))
                    .max(java.util.Comparator.comparingLong(
                            file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    /** Whether WAL of the first shard that the plan replays lies in an object, whose name is its range. */
    private static boolean isReplayed(Path object) {
        String name = object.getFileName().toString();
        ShardPlan shard = plan.shards().getFirst();
        return object.toString().contains("/s0001/")
                && name.length() == 33
                && Long.parseUnsignedLong(name.substring(0, 16), 16)
                        < shard.boundary().value()
                && Long.parseUnsignedLong(name.substring(17), 16)
                        > shard.walStart().value();
    }

    private static void replace(Path object, byte[] content) throws IOException {
        Files.setPosixFilePermissions(object, PosixFilePermissions.fromString("rw-------"));
        Files.write(object, content);
    }
}
