package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.LedgerCodec;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Finding;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.CrashPoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Capture whose process ends, as by {@code kill -9}, at every place it has a name for while it archives the hours around a midnight; then another one, which goes on. It is all of a session but the connection,
 * so hours pass in a second and the roll-ups of the ledger are made, too.
 */
class CaptureCrashTest {
    private static final Instant BEGIN = Instant.parse("2027-03-01T22:40:00Z");
    private static final Duration STEP = Duration.ofMinutes(7);
    private static final int STEPS = 16;
    private static final String SHARD = "north";
    private static final long SYSTEM = 7_000_000_000_000_000_001L;

    @TempDir
    Path temporary;

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            archive(Repository.open(FileSystemStore.open(Path.of(args[0])), RepositoryKey.load(Path.of(args[1]))));
        }
    }

    /** Archives what the repository does not have yet; the server is the same one whenever this is called. */
    private static MadeServer archive(Repository repository) throws Exception {
        MadeServer server = new MadeServer(17, SYSTEM, new Random(1));
        OfflineCapture capture = new OfflineCapture(repository, SHARD, server, BEGIN);
        for (int step = 0; step < STEPS; step++) {
            for (int half = 0; half < 2; half++) {
                // in one minute enough happens that a part of it is written
                for (int i = step == 2 && half == 0 ? 1100 : 2; i > 0; i--) {
                    server.transaction();
                }
                if (server.end().isAfter(capture.confirmed())) {
                    capture.archive(BEGIN.plus(STEP.multipliedBy(step)).plusSeconds(25L * half));
                }
            }
        }
        return server;
    }

    @Test
    void theNextCaptureGoesOnWhereverOneWasKilled() throws Exception {
        Path keyFile = temporary.resolve("key");
        RepositoryKey key = RepositoryKey.generate(keyFile);
        Path undisturbed = made("undisturbed", key);
        archive(open(undisturbed, key));
        Set<String> expected = ledger(undisturbed);
        assertThat(expected)
                .anyMatch(name -> name.contains("/part/"))
                .anyMatch(name -> name.contains("/hour/"))
                .anyMatch(name -> name.contains("/day/"));
        Set<String> points = CrashPoints.named("(?:capture|ledger)", "store", "capture");
        assertThat(points)
                .contains("capture.wal", "capture.segment", "capture.adopted", "capture.ledger", "ledger.part");
        // what is to be adopted is left by a capture that was killed before
        points.remove("capture.adopted");
        points.addAll(List.of("capture.segment#7", "capture.ledger#9", "ledger.rollup#2", "ledger.rollup#3"));
        for (String point : points) {
            Path folder = made(point, key);
            killed(folder, keyFile, point);
            if (point.equals("capture.wal")) {
                killed(folder, keyFile, "capture.adopted");
            }
            Repository repository = open(folder, key);
            MadeServer server = archive(repository);
            assertThat(bytes(repository, server))
                    .as(point)
                    .isEqualTo(server.bytes(server.start().value(), server.end().value()));
            if (!point.equals("capture.wal")) {
                // what is adopted gets this host's own time, which is not that of the test
                assertThat(ledger(folder)).as("the ledger after %s", point).isEqualTo(expected);
                rolledUp(repository, point);
            }
            List<Finding> problems = new ArrayList<>();
            repository.verify(VerifyScope.ALL, problems::add);
            assertThat(problems).as(point).isEmpty();
        }
    }

    private static Repository open(Path folder, RepositoryKey key) throws IOException {
        return Repository.open(FileSystemStore.open(folder), key);
    }

    private Path made(String name, RepositoryKey key) throws IOException {
        Path folder = temporary.resolve(name.replace('#', '-'));
        ClusterIdentity cluster = new ClusterIdentity(
                new UUID(1, 2),
                "made",
                List.of(new ShardIdentity(SHARD, Long.toString(SYSTEM), 17, MadeServer.SEGMENT_BYTES)));
        Repository.init(FileSystemStore.create(folder), key, cluster, BEGIN);
        return folder;
    }

    private void killed(Path folder, Path keyFile, String point) throws Exception {
        CrashPoints.run(
                Child.class,
                temporary.resolve("out"),
                point,
                CrashPoint.STATUS,
                List.of(folder.toString(), keyFile.toString()));
    }

    /** All that is archived, as a restore reads it. */
    private static byte[] bytes(Repository repository, MadeServer server) throws IOException {
        java.nio.ByteBuffer all = java.nio.ByteBuffer.allocate(
                (int) (server.end().value() - server.start().value()));
        try (var reader = repository.wal().openReader(SHARD, 1, server.start().value())) {
            while (reader.read(all) > 0) {}
        }
        return java.util.Arrays.copyOf(all.array(), all.position());
    }

    /** The names of all objects of the ledger: which minutes, parts and roll-ups there are follows from the WAL alone. */
    private static Set<String> ledger(Path store) throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.walk(store.resolve("ledger"))) {
            files.filter(Files::isRegularFile)
                    .map(file -> store.relativize(file).toString())
                    .forEach(names::add);
        }
        return names;
    }

    /** The day reaches exactly as far as its minutes do. */
    private static void rolledUp(Repository repository, String point) throws Exception {
        long day = BEGIN.getEpochSecond() / 86_400;
        Optional<byte[]> rolled = repository.ledger().findRollup(SHARD, LedgerStore.Rollup.DAY, day);
        Optional<byte[]> hour = repository.ledger().findRollup(SHARD, LedgerStore.Rollup.HOUR, day * 24 + 23);
        assertThat(LedgerCodec.decode(rolled.orElseThrow()).cover().end())
                .as(point)
                .isEqualTo(LedgerCodec.decode(hour.orElseThrow()).cover().end());
    }

    /** The names of all places, from the sources: none is left out. */
}
