package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.ChildJvm;
import io.isochron.testkit.Seeds;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A capture in a process of its own, killed at random moments under load. */
class KilledCaptureTest {
    /** Each round costs the start of a JVM. */
    private static final int ROUNDS = Integer.getInteger("isochron.rounds", 3);

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void a_capture_killed_again_and_again_loses_nothing_and_needs_no_repair(int major) throws Exception {
        Random random = new Random(Seeds.seed());
        try (CaptureFixture fixture = CaptureFixture.start(1, major);
                Load load = Load.start(fixture.cluster.shard(0), Seeds.seed())) {
            for (int round = 0; round < ROUNDS; round++) {
                try (ChildJvm child = start(fixture)) {
                    awaitProgress(fixture, child);
                    Thread.sleep(random.nextInt(700));
                    child.kill();
                }
            }
            load.close();
            try (ShardCapture capture = fixture.capture(0)) {
                fixture.awaitArchived(capture, 0);
                assertThat(capture.status().notices()).isEmpty();
            }
            fixture.assertArchiveEqualsPgWal(0, 1);
        }
    }

    /** Its output goes to a file: it must not get between what this JVM tells Maven on its standard output. */
    private static ChildJvm start(CaptureFixture fixture) throws IOException {
        return ChildJvm.start(
                Child.class,
                fixture.cluster.directory().resolve("child.log"),
                List.of("-Xmx96m"),
                List.of(
                        fixture.store.toString(),
                        fixture.key.toString(),
                        fixture.cluster.shard(0).connectionString()));
    }

    /** Until this child has added segments of its own. */
    private static void awaitProgress(CaptureFixture fixture, ChildJvm child) throws Exception {
        long before = fixture.repository.chronicle().lastSequence("shard1").orElse(-1);
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
        while (fixture.repository.chronicle().lastSequence("shard1").orElse(-1) < before + 2) {
            assertThat(child.isAlive())
                    .as("the child captures: " + child.output())
                    .isTrue();
            assertThat(System.nanoTime()).as("the child makes progress").isLessThan(until);
            Thread.sleep(20);
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
            ShardCapture capture =
                    new ShardCapture(source, repository, CaptureFixture.OPTIONS.withObjectAge(Duration.ofMillis(50)));
            capture.start();
            capture.await(Duration.ofMinutes(5));
            System.out.println(capture.status());
            System.exit(1);
        }
    }
}
