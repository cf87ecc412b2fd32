package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.CutSolver;
import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.ShardBoundary;
import io.isochron.chronicle.Target;
import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.CutFinder;
import io.isochron.restore.PlanOptions;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CutMainTest {
    private Path directory;

    @BeforeEach
    void make() throws Exception {
        directory = Files.createTempDirectory("isochron-cut-");
    }

    @AfterEach
    void remove() throws Exception {
        TempDirs.delete(directory);
    }

    @Test
    void aTinyMeasurementNamesBothLengthsOfHistory() throws Exception {
        Map<String, Object> line = CutMain.measure(directory, 3, 20, 40, 1, 1);
        assertThat(line).containsEntry("name", "cut").containsEntry("shards", 3);
        assertThat(line.get("history_seconds")).isEqualTo(List.of(10.0, 40.0));
        assertThat((List<?>) line.get("cut_seconds")).hasSize(2);
        assertThat((Double) line.get("cut_seconds_cold")).isPositive();
    }

    @Test
    void theCutFoundByReadingAroundTheMomentIsThatOfTheWholeHistory() throws Exception {
        long seed = Seeds.seed();
        Repository repository = Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                RepositoryKey.random(),
                new ClusterIdentity(
                        UUID.randomUUID(),
                        "bench",
                        List.of(new ShardIdentity("a", "1", 17, 1 << 20), new ShardIdentity("b", "2", 17, 1 << 20))),
                Instant.now());
        Instant start = Instant.parse("2026-11-22T10:00:00Z");
        for (int i = 0; i < 2; i++) {
            new ChronicleGenerator(repository, i == 0 ? "a" : "b", i, start.getEpochSecond() * 1_000_000, 400, seed)
                    .extendTo(60);
        }
        ClusterHistory all = ClusterHistory.of(
                List.of("a", "b"),
                new ChronicleReader(repository)
                        .segments(null, null).values().stream()
                                .flatMap(List::stream)
                                .toList());
        CutSolver whole = new CutSolver(all, Dialect.known());
        Random random = new Random(seed);
        int inDoubt = 0;
        int transactions = 0;
        // at one moment in five a transaction is in doubt: now and then at none of twenty
        for (int i = 0; i < 20 || (inDoubt == 0 && i < 200); i++) {
            Target target = new Target.Time(start.plusMillis(3_000 + random.nextInt(24_000)));
            Cut expected = (Cut) whole.solve(target);
            Cut found = new CutFinder(repository)
                    .find(target, PlanOptions.defaults())
                    .cut();
            assertThat(found).as("%s, seed %d", target, seed).isEqualTo(expected);
            inDoubt += found.decisions().size();
            // a moment behind the last commit of its segment may have none outside up to the horizon
            Event outside =
                    expected.boundary("a").map(ShardBoundary::firstOutside).orElse(null);
            if (outside != null) {
                Target before = new Target.BeforeTransaction("a", outside.xid());
                assertThat(new CutFinder(repository)
                                .find(before, PlanOptions.defaults())
                                .cut())
                        .as("%s, seed %d", before, seed)
                        .isEqualTo(whole.solve(before));
                transactions++;
            }
        }
        assertThat(transactions).as("seed %d", seed).isPositive();
        assertThat(inDoubt).as("seed %d", seed).isPositive();
    }
}
