package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Dialect;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectName;
import io.isochron.restore.ArchiveState;
import io.isochron.store.Finding;
import io.isochron.store.Garbage;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.CrashPoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An expiry whose process ends, as by {@code kill -9}, at every place it has a name for; then another one, which leaves what one that nobody disturbed leaves. */
class ExpiryCrashTest {
    private static final RetentionPromise PROMISE = new RetentionPromise(
            Duration.ofMinutes(8), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofMinutes(2));

    @TempDir
    Path temporary;

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Repository repository =
                    Repository.open(FileSystemStore.open(Path.of(args[0])), RepositoryKey.load(Path.of(args[1])));
            expire(repository, Instant.parse(args[2]));
        }
    }

    private static ExpiryReport expire(Repository repository, Instant now) throws IOException {
        return new Expiry(repository, Dialect.known(), LeaseHolder.self("here", "test"), () -> now)
                .apply(PROMISE, false, (done, total) -> {}, () -> false);
    }

    @Test
    void theNextRunLeavesWhatAnUndisturbedOneLeaves() throws Exception {
        Path keyFile = temporary.resolve("key");
        RepositoryKey key = RepositoryKey.generate(keyFile);
        Path made = temporary.resolve("made");
        Instant now = archive(made, key);
        Path undisturbed = copy(made, "undisturbed");
        Set<String> before = names(undisturbed);
        ExpiryReport report = expire(open(undisturbed, key), now);
        assertThat(report.plan().abandoned()).hasSize(1);
        Set<String> expected = names(undisturbed);
        Set<String> kept = new TreeSet<>(expected);
        kept.retainAll(before);
        assertSound(undisturbed, key, "undisturbed");
        // something of every kind is old enough
        assertThat(kinds(before)).isEqualTo(Set.of("wal", "chronicle", "ledger", "pack", "manifest", "snapshot"));
        before.removeAll(expected);
        assertThat(kinds(before)).isEqualTo(Set.of("wal", "chronicle", "ledger", "pack", "manifest", "snapshot"));

        for (String point : points()) {
            Path folder = copy(made, point);
            CrashPoints.run(
                    Child.class,
                    temporary.resolve("out"),
                    point,
                    CrashPoint.STATUS,
                    List.of(folder.toString(), keyFile.toString(), now.toString()));
            assertThat(names(folder)).as("killed at %s", point).containsAll(kept);
            assertSound(folder, key, "killed at " + point);
            expire(open(folder, key), now);
            assertThat(names(folder))
                    .as("after the run that followed %s", point)
                    .isEqualTo(expected);
        }
    }

    /** Half an hour, a day and half an hour: two snapshots that go, one that nobody published and an expiry that saw it, a day without capture, and one that stays. */
    private static Instant archive(Path folder, RepositoryKey key) throws IOException {
        MemoryStore memory = new MemoryStore();
        MadeArchive archive = new MadeArchive(memory, key);
        archive.run(2, MadeArchive.SHARDS);
        archive.written(MadeArchive.SHARDS, true).close();
        archive.run(10, MadeArchive.SHARDS);
        archive.written(MadeArchive.SHARDS, true).close();
        archive.written(MadeArchive.SHARDS, false).close();
        archive.run(12, MadeArchive.SHARDS);
        expire(archive.repository, archive.instant());
        archive.pause(25 * 60);
        archive.run(15, MadeArchive.SHARDS);
        archive.written(MadeArchive.SHARDS, true).close();
        archive.run(14, MadeArchive.SHARDS);
        // the names of objects are those of files, and nobody cuts the power here
        FileSystemStore.create(folder);
        for (Map.Entry<ObjectName, byte[]> object : memory.objects.entrySet()) {
            Path file = folder.resolve(object.getKey().value());
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.write(file, object.getValue());
        }
        return archive.instant();
    }

    /** The names of all places, from the sources and from what there is to remove: none is left out. */
    private static Set<String> points() throws IOException {
        Set<String> points = CrashPoints.named("expire", "store", "upkeep");
        assertThat(points).contains("expire.leased", "expire.given-up", "expire.recorded", "expire.done");
        for (Garbage.Part part : Garbage.Part.values()) {
            points.add("expire." + part.name().toLowerCase(Locale.ROOT));
        }
        // the plan passes this one, too, once for each of the two snapshots that go
        points.remove("expire.packs");
        points.add("expire.packs#3");
        points.add("expire.snapshot#4");
        return points;
    }

    private static Repository open(Path folder, RepositoryKey key) throws IOException {
        return Repository.open(FileSystemStore.open(folder), key);
    }

    private static void assertSound(Path folder, RepositoryKey key, String when) throws IOException {
        Repository repository = open(folder, key);
        List<Finding> problems = new ArrayList<>();
        repository.verify(VerifyScope.ALL, finding -> {
            if (finding.severity() != Finding.Severity.NOTICE) {
                problems.add(finding);
            }
        });
        assertThat(problems).as(when).isEmpty();
        assertThat(ArchiveState.read(repository).recoverable()).as(when).isNotEmpty();
    }

    private static Set<String> kinds(Set<String> names) {
        return names.stream().map(name -> name.split("/")[0]).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Of the objects that retention is about. */
    private static Set<String> names(Path store) throws IOException {
        Set<String> names = new TreeSet<>();
        for (String folder : List.of("wal", "chronicle", "ledger", "pack", "manifest", "snapshot")) {
            try (Stream<Path> files = Files.walk(store.resolve(folder))) {
                files.filter(Files::isRegularFile)
                        .map(file -> store.relativize(file).toString())
                        .forEach(names::add);
            }
        }
        return names;
    }

    private Path copy(Path from, String name) throws IOException {
        Path to = temporary.resolve(name);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
        return to;
    }
}
