package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.SnapshotOptions;
import io.isochron.store.VerifyScope;
import io.isochron.wire.ConnectionSettings;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A backup in a process of its own, killed while it copies. */
class KilledBackupTest {
    private static final BackupOptions OPTIONS = BackupOptions.defaults().withCaptureTimeout(Duration.ofSeconds(120));

    @Test
    void a_killed_backup_leaves_nothing_visible_and_the_next_one_succeeds() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17);
                ClusterCapture capture =
                        new ClusterCapture(fixture.sources(), fixture.repository, CaptureFixture.OPTIONS)) {
            capture.start();
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Child.class.getName(),
                            fixture.store.toString(),
                            fixture.key.toString(),
                            fixture.cluster.shard(0).connectionString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader out =
                    new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
                String line;
                do {
                    line = out.readLine();
                    assertThat(line).as("the child copies").isNotNull();
                } while (Long.parseLong(line) < 5_000_000);
            } finally {
                child.destroyForcibly();
                child.waitFor();
            }
            try (Stream<Path> files = Files.walk(fixture.store)) {
                assertThat(files.map(Path::toString)).anyMatch(file -> file.contains("/pack/"));
            }
            assertThat(fixture.repository.snapshots().list()).isEmpty();
            SnapshotSummary next = SnapshotService.backup(
                    fixture.sources(), fixture.repository, OPTIONS, BackupProgress.Listener.NONE);
            assertThat(fixture.repository.snapshots().list())
                    .singleElement()
                    .extracting(snapshot -> snapshot.id())
                    .isEqualTo(next.snapshot().id());
            assertThat(fixture.repository.verify(VerifyScope.ALL, finding -> {}).whole())
                    .isTrue();
        }
    }

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Repository repository = Repository.open(
                    FileSystemStore.open(Path.of(arguments[0])), RepositoryKey.load(Path.of(arguments[1])));
            ShardSource source =
                    new ShardSource("shard1", ConnectionSettings.parse(arguments[2], Map.of()), "isochron_shard1");
            SnapshotService.backup(
                    List.of(source),
                    repository,
                    OPTIONS.withMaxRate(4096).withPacking(new SnapshotOptions(3, 64 << 10)),
                    progress -> System.out.println(progress.doneBytes()));
        }
    }
}
