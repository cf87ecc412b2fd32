package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.CaptureException;
import io.isochron.capture.MemberWatch;
import io.isochron.capture.MembershipService;
import io.isochron.capture.ShardSource;
import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Target;
import io.isochron.instance.PostgresInstance;
import io.isochron.store.Finding;
import io.isochron.store.MembershipChange.Kind;
import io.isochron.store.Repository;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.Seeds;
import io.isochron.testkit.TestShard;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A cluster of two shards under load gets a third one and loses its second; each moment has the shards of its time. */
class RestoreAcrossMembershipTest {
    private static final List<String> FIRST = List.of("shard1", "shard2");
    private static final List<String> ALL = List.of("shard1", "shard2", "shard3");
    private static final List<String> LAST = List.of("shard1", "shard3");

    @Test
    void restoresBeforeBetweenAndAfterChangesOfTheMembershipHaveTheShardsOfTheirMoment() throws Exception {
        long seed = Seeds.seed();
        try (RestoreFixture fixture = RestoreFixture.start(3, 2, 17, ClusterOptions.defaults())) {
            TestShard one = fixture.cluster.shard(0);
            TestShard two = fixture.cluster.shard(1);
            TestShard three = fixture.cluster.shard(2);
            Repository repository = fixture.repository;
            MovingMoney money = new MovingMoney(seed, List.of(one, two));
            Instant before;
            Instant joined;
            Instant between;
            Instant removed;
            Instant after;
            try (money) {
                fixture.backup();
                before = moved(money);
                ShardSource third = fixture.spare.getFirst();
                MembershipService service = new MembershipService(repository);

                // half done: announced, captured by nobody
                assertThatThrownBy(() -> service.add(
                                third, BackupOptions.defaults(), Duration.ofMillis(300), BackupProgress.Listener.NONE))
                        .isInstanceOf(CaptureException.class)
                        .hasMessageContaining("shard shard3 is announced, but capture has not begun with it")
                        .hasMessageContaining("it is not a member");
                fixture.awaitSafe(before.plusSeconds(1));
                assertThat(shards(fixture.plan(new Target.Latest()))).isEqualTo(FIRST);

                List<ShardSource> configured = new ArrayList<>(fixture.sources);
                configured.add(third);
                MovingMoney.create(three, 0);
                try (Watching watching = new Watching(fixture, configured)) {
                    joined = service.add(
                            third, BackupOptions.defaults(), Duration.ofSeconds(60), BackupProgress.Listener.NONE);
                    money.use(List.of(one, two, three));
                    between = moved(money);
                    money.use(List.of(one, three));
                    money.drain(two, one);
                    removed = service.remove("shard2").orElseThrow();
                    after = moved(money);
                    watching.awaitEndOf("shard2");
                }
                two.stop(PostgresInstance.StopMode.FAST);
            }
            awaitSafe(repository, after.plusSeconds(1));

            assertThat(shards(fixture.plan(at(joined.minusNanos(1000))))).isEqualTo(FIRST);
            assertThat(shards(fixture.plan(at(joined)))).isEqualTo(ALL);
            assertThat(shards(fixture.plan(at(removed.minusNanos(1000))))).isEqualTo(ALL);
            assertThat(shards(fixture.plan(at(removed)))).isEqualTo(LAST);
            assertThat(shards(fixture.plan(new Target.Latest()))).isEqualTo(LAST);
            assertThat(new CutFinder(repository)
                            .find(new Target.Latest(), PlanOptions.defaults())
                            .cut()
                            .boundaries())
                    .hasSize(2);
            for (Instant moment : List.of(before, joined, between, removed, after)) {
                assertThat(ArchiveState.read(repository).recoverable())
                        .as("%s", moment)
                        .anyMatch(range -> holds(range, moment));
            }

            restored(fixture, before, FIRST);
            restored(fixture, between, ALL);
            restored(fixture, after, LAST);

            CutCertificates certificates = new CutCertificates(repository);
            byte[] certificate =
                    certificates.write(new CutFinder(repository).find(at(between), PlanOptions.defaults()));
            assertThat(certificates
                            .verify("between", certificate, Dialect.known())
                            .differences())
                    .isEmpty();
            List<Finding> findings = new ArrayList<>();
            repository.verify(VerifyScope.ALL, findings::add);
            assertThat(findings).isEmpty();
        }
    }

    @Test
    void momentsJustBeforeADeadShardWasRemovedAreRefusedWithTheNearestOnBothSides() throws Exception {
        try (RestoreFixture fixture = RestoreFixture.start(2, 17)) {
            fixture.backup();
            Instant alive = fixture.moment();
            fixture.cluster.shard(1).kill();
            Instant dead = Instant.now();
            Instant removed =
                    new MembershipService(fixture.repository).remove("shard2").orElseThrow();
            awaitSafe(fixture.repository, removed.plusSeconds(1));
            assertThat(shards(fixture.plan(at(alive)))).isEqualTo(FIRST);
            assertThat(shards(fixture.plan(at(removed)))).containsExactly("shard1");
            Instant lost = dead.plus(Duration.between(dead, removed).dividedBy(2));
            assertThatThrownBy(() -> fixture.plan(at(lost)))
                    .isInstanceOfSatisfying(PlanRefusedException.class, refused -> {
                        assertThat(refused.nearestBefore().orElseThrow())
                                .isBefore(lost)
                                .isAfterOrEqualTo(alive);
                        assertThat(refused.nearestAfter()).contains(removed);
                    });
        }
    }

    @Test
    void aMemberThatWasOnlyAnnouncedOrNamedBeforeIsNotRemovedOrAddedAgain() throws Exception {
        try (RestoreFixture fixture = RestoreFixture.start(3, 2, 17, ClusterOptions.defaults())) {
            MembershipService service = new MembershipService(fixture.repository);
            ShardSource third = fixture.spare.getFirst();
            assertThatThrownBy(() -> service.candidate(fixture.sources.getFirst()))
                    .hasMessageContaining("shard shard1 is a member of cluster test already");
            ShardSource twin =
                    new ShardSource("twin", fixture.sources.getFirst().settings(), "isochron_twin");
            assertThatThrownBy(() -> service.candidate(twin))
                    .hasMessageContaining("shards shard1 and twin are the same database");
            fixture.repository.changeMembership(Kind.ANNOUNCED, service.candidate(third), Instant.now(), null);
            ShardSource wrong =
                    new ShardSource("shard3", fixture.sources.getFirst().settings(), "isochron_shard3");
            assertThatThrownBy(() -> service.candidate(wrong))
                    .hasMessageContaining("behind the address of shard shard3 is the system");
            assertThat(service.remove("shard3")).isEmpty();
            assertThatThrownBy(() -> service.candidate(third))
                    .hasMessageContaining("shard shard3 was withdrawn, and its name stands for it for ever");
            assertThatThrownBy(() -> service.remove("shard4"))
                    .hasMessageContaining("shard shard4 is not a member of cluster test");
        }
    }

    private static Target at(Instant moment) {
        return new Target.Time(moment);
    }

    private static List<String> shards(RestorePlan plan) {
        return plan.shards().stream().map(ShardPlan::shard).sorted().toList();
    }

    private static boolean holds(RecoverableRange range, Instant moment) {
        return !range.from().isAfter(moment) && !range.to().isBefore(moment);
    }

    /** A moment with traffic before and after it. */
    private static Instant moved(MovingMoney money) {
        awaitMoves(money);
        Instant moment = Instant.now().truncatedTo(java.time.temporal.ChronoUnit.MICROS);
        awaitMoves(money);
        return moment;
    }

    private static void awaitMoves(MovingMoney money) {
        int from = money.count();
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> money.count() > from + 30);
    }

    /** Waits until what can be restored reaches beyond a moment. */
    private static void awaitSafe(Repository repository, Instant moment) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> ArchiveState.read(repository).recoverable().stream()
                        .anyMatch(range -> range.to().isAfter(moment)));
    }

    private static void restored(RestoreFixture fixture, Instant moment, List<String> shards) throws Exception {
        RestorePlan plan = fixture.plan(at(moment));
        assertThat(shards(plan)).isEqualTo(shards);
        Path target = fixture.newTarget();
        RestoreReport report = fixture.restore(plan, target, fixture.options());
        assertThat(report.proofs().failed()).as("%s", moment).isEmpty();
        try (RestoredCluster restored = RestoredCluster.open(target, fixture.options())) {
            assertThat(restored.shards()).containsExactlyInAnyOrderElementsOf(shards);
            Map<String, Connection> connections = new HashMap<>();
            try {
                for (String shard : restored.shards()) {
                    connections.put(shard, restored.connection(shard, "postgres"));
                }
                assertThat(MovingMoney.wrong(connections)).as("%s", moment).isEmpty();
            } finally {
                for (Connection connection : connections.values()) {
                    connection.close();
                }
            }
        }
    }

    /** Looks at the membership for the fixture's capture, as the command does. */
    private static final class Watching implements AutoCloseable {
        private final RestoreFixture fixture;
        private final Thread thread;

        Watching(RestoreFixture fixture, List<ShardSource> configured) {
            this.fixture = fixture;
            MemberWatch watch = new MemberWatch(fixture.repository, fixture.capture(), () -> configured);
            this.thread = Thread.ofPlatform().daemon().start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    watch.look();
                    java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
                }
            });
        }

        void awaitEndOf(String shard) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(120))
                    .until(() -> fixture.capture().status().stream()
                            .noneMatch(status -> status.shard().equals(shard)));
        }

        @Override
        public void close() throws InterruptedException {
            thread.interrupt();
            thread.join();
        }
    }
}
