package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Target;
import io.isochron.instance.EmbeddedBinaries;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RestoreResumeTest {

    private static RestoreFixture fixture;
    private static RestorePlan plan;

    /** The restore as a process of its own, so that it can be killed. */
    static final class Restorer {
        private Restorer() {}

        public static void main(String[] arguments) throws IOException {
            Repository repository = Repository.open(
                    FileSystemStore.open(Path.of(arguments[0])), RepositoryKey.load(Path.of(arguments[1])));
            RestorePlan plan = RestorePlan.fromJson(Files.readAllBytes(Path.of(arguments[2])));
            new ClusterRestore(repository)
                    .execute(
                            plan,
                            Path.of(arguments[3]),
                            RestoreOptions.defaults().withPostgresBin(Path.of(arguments[4])),
                            ProgressListener.NONE);
        }
    }

    @BeforeAll
    static void captureTwoShardsWithBranchesInDoubt() throws Exception {
        fixture = RestoreFixture.start(2, 17);
        for (var shard : fixture.cluster.shards()) {
            shard.execute("create table account (id int primary key, balance bigint not null)");
            shard.execute("insert into account select n, 100 from generate_series(1, 5000) n");
        }
        fixture.backup();
        for (var shard : fixture.cluster.shards()) {
            shard.execute("insert into account select n, 0 from generate_series(5001, 8000) n");
            // one global transaction that is committed on the first shard only, and one that is committed nowhere
            shard.execute("begin; update account set balance = balance + 1 where id = 1; prepare transaction '1_b25l_"
                    + shard.name() + "'");
            shard.execute("begin; update account set balance = balance + 1 where id = 2; prepare transaction '1_dHdv_"
                    + shard.name() + "'");
        }
        fixture.cluster.shard(0).execute("commit prepared '1_b25l_shard1'");
        Instant moment = fixture.moment();
        plan = fixture.plan(new Target.Time(moment));
    }

    @AfterAll
    static void end() throws IOException {
        fixture.close();
    }

    @Test
    void aRestoreThatIsKilledAtRandomMomentsCompletesWhenItIsStartedAgain() throws Exception {
        long seed = Seeds.seed();
        Random random = new Random(seed);
        Path log = fixture.cluster.directory().resolve("restorer.log");
        Path planFile = fixture.cluster.directory().resolve("plan.json");
        Files.write(planFile, plan.toJson());
        Path target = fixture.newTarget();
        for (int kill = 0; kill < 4; kill++) {
            Process restore = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            Restorer.class.getName(),
                            fixture.repositoryPath.toString(),
                            fixture.keyFile.toString(),
                            planFile.toString(),
                            target.toString(),
                            EmbeddedBinaries.installation(17).bin().toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            boolean ended = restore.waitFor(1000 + random.nextInt(4000), TimeUnit.MILLISECONDS);
            if (ended) {
                assertThat(restore.exitValue())
                        .as("seed %d: %s", seed, Files.readString(log))
                        .isZero();
                break;
            }
            restore.destroyForcibly().waitFor();
        }
        RestoreReport report = fixture.restore(plan, target, fixture.options());
        assertThat(report.proofs().held())
                .as("seed %d: %s", seed, report.proofs())
                .isTrue();
        requireDecided(target);
    }

    @Test
    void aCancelledRestoreStopsItsServersAndGoesOnLater() throws Exception {
        Path target = fixture.newTarget();
        ClusterRestore restore = new ClusterRestore(fixture.repository);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread running = Thread.ofPlatform().start(() -> {
            try {
                restore.execute(plan, target, fixture.options(), progress -> {
                    if (progress.activity().equals("replay")) {
                        restore.cancel();
                    }
                });
            } catch (IOException | RuntimeException e) {
                failure.set(e);
            }
        });
        assertThat(running.join(java.time.Duration.ofSeconds(180))).isTrue();
        assertThat(failure.get()).isInstanceOf(RestoreCancelledException.class);
        for (ShardPlan shard : plan.shards()) {
            Path lock = new ShardPaths(target, shard.shard()).data().resolve("postmaster.pid");
            // a server that was killed while it started leaves its lock file, but no process
            if (Files.exists(lock)) {
                long pid = Long.parseLong(Files.readAllLines(lock).getFirst());
                assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false))
                        .isFalse();
            }
        }
        assertThatThrownBy(() -> RestoredCluster.open(target, fixture.options()))
                .hasMessageContaining("not finished");
        assertThat(fixture.restore(plan, target, fixture.options()).proofs().held())
                .isTrue();
        requireDecided(target);
    }

    /** The transaction that was committed on one shard is committed on both, the other on none. */
    private static void requireDecided(Path target) throws Exception {
        try (RestoredCluster restored = RestoredCluster.open(target, fixture.options())) {
            for (String shard : restored.shards()) {
                try (var connection = restored.connection(shard, "postgres");
                        var statement = connection.createStatement();
                        var rows = statement.executeQuery(
                                "select sum(balance), count(*), (select count(*) from pg_prepared_xacts)"
                                        + ", (select balance from account where id = 1), (select balance from account where id = 2) from account")) {
                    rows.next();
                    assertThat(rows.getLong(1)).as(shard).isEqualTo(500_001);
                    assertThat(rows.getLong(2)).as(shard).isEqualTo(8000);
                    assertThat(rows.getLong(3)).as(shard).isZero();
                    assertThat(rows.getLong(4)).as(shard).isEqualTo(101);
                    assertThat(rows.getLong(5)).as(shard).isEqualTo(100);
                }
            }
        }
    }
}
