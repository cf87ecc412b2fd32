package io.isochron.upkeep;

import static io.isochron.upkeep.KnownWal.CREATED;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.CrashPoints;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A compaction whose process ends, as by {@code kill -9}, at every place it has a name for; then another one. */
class CompactionCrashTest {
    @TempDir
    Path temporary;

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Repository repository =
                    Repository.open(FileSystemStore.open(Path.of(args[0])), RepositoryKey.load(Path.of(args[1])));
            KnownWal.compact(repository, KnownWal.options(4096), CREATED.plus(Duration.ofDays(1)));
        }
    }

    /** The names of all places, from the sources: none is left out. Some are passed again, where something else lies behind them. */
    static Set<String> points() throws IOException {
        Set<String> points = CrashPoints.named("compact", "store", "upkeep");
        points.addAll(Set.of("compact.removed#30", "compact.written#2", "compact.done#2"));
        return points;
    }

    @ParameterizedTest
    @MethodSource("points")
    void everythingReadsTheSameAndTheNextRunFinishes(String point) throws Exception {
        Path keyFile = temporary.resolve("key");
        RepositoryKey key = RepositoryKey.generate(keyFile);
        Path folder = temporary.resolve("store");
        KnownWal wal = KnownWal.in(FileSystemStore.create(folder), key);
        for (long at = 0; at < 10_000; at += 100) {
            wal.write(1, at, at + 100);
        }
        // a larger piece that a run left with the small ones it holds
        wal.write(1, 3_000, 6_000);
        wal.chronicle(1, 10_000, CREATED);
        CrashPoints.run(
                Child.class,
                temporary.resolve("out"),
                point,
                CrashPoint.STATUS,
                List.of(folder.toString(), keyFile.toString()));
        wal.check(1);
        Repository again = Repository.open(FileSystemStore.open(folder), key);
        KnownWal.compact(again, KnownWal.options(4096), CREATED.plus(Duration.ofDays(1)));
        wal.check(1);
        assertThat(wal.pieces(1)).hasSize(3);
        assertThat(KnownWal.compact(again, KnownWal.options(4096), CREATED.plus(Duration.ofDays(1)))
                        .removed())
                .isZero();
    }
}
