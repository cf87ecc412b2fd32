package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.isochron.chronicle.Event;
import io.isochron.chronicle.FenceMark;
import io.isochron.chronicle.Segment;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.ChildJvm;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Capture as the synchronous standby of real shards. */
class SynchronousCaptureTest {
    private static void arm(TestShard shard) throws SQLException {
        shard.set("synchronous_standby_names", "isochron");
    }

    private static CaptureOptions options(CaptureFixture fixture, Duration interval, Duration patience) {
        return CaptureFixture.OPTIONS.withSynchronous(new CaptureOptions.Synchronous(
                fixture.cluster.directory().resolve("spool"), interval, Duration.ofSeconds(1), patience));
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long until = System.nanoTime() + 90_000_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() - until > 0) {
                fail(what + ": not in 90 s");
            }
            Thread.sleep(20);
        }
    }

    /** Each client writes on shard A, is answered, and then writes the same number on shard B: single-shard transactions only. */
    private static Thread client(CaptureFixture fixture, int number, AtomicBoolean stop, List<Throwable> failures) {
        return Thread.ofPlatform().daemon().start(() -> {
            try (Connection a = fixture.cluster.shard(0).superuser("postgres");
                    Connection b = fixture.cluster.shard(1).superuser("postgres");
                    Statement onA = a.createStatement();
                    Statement onB = b.createStatement()) {
                for (int i = 0; !stop.get(); i++) {
                    long id = number * 1_000_000L + i;
                    onA.execute("insert into pairs values (" + id + ", pg_current_xact_id()::text::bigint)");
                    onB.execute("insert into pairs values (" + id + ", pg_current_xact_id()::text::bigint)");
                }
            } catch (SQLException | RuntimeException e) {
                synchronized (failures) {
                    failures.add(e);
                }
            }
        });
    }

    @Test
    void nothing_inside_a_fence_was_caused_by_anything_outside_it() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(2, 17);
                ClusterCapture capture = new ClusterCapture(
                        fixture.sources(),
                        fixture.repository,
                        options(fixture, Duration.ofMillis(50), Duration.ofSeconds(60)))) {
            for (TestShard shard : fixture.cluster.shards()) {
                shard.execute("create table pairs (id bigint primary key, xid bigint)");
            }
            capture.start();
            await("both stream", () -> capture.status().stream().allMatch(s -> s.state() == CaptureState.STREAMING));
            for (TestShard shard : fixture.cluster.shards()) {
                arm(shard);
            }
            List<Throwable> failures = new ArrayList<>();
            AtomicBoolean stop = new AtomicBoolean();
            List<Thread> clients = new ArrayList<>();
            for (int i = 1; i <= 4; i++) {
                clients.add(client(fixture, i, stop, failures));
            }
            await("fences are taken", () -> capture.fences().orElseThrow().taken() >= 20);
            stop.set(true);
            for (Thread client : clients) {
                client.join();
            }
            assertThat(failures).isEmpty();
            fixture.cluster.shard(0).execute("insert into pairs values (-1, 0)");
            fixture.cluster.shard(1).execute("insert into pairs values (-1, 0)");
            List<Map<Long, Lsn>> commits = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Lsn flushed = fixture.flushed(i);
                int index = i;
                await(
                        "archived",
                        () -> !capture.status().get(index).archivedLsn().isBefore(flushed));
                commits.add(commits(fixture, i));
            }
            List<Map<Long, FenceMark>> marks = List.of(marks(fixture, 0), marks(fixture, 1));
            int checked = 0;
            for (FenceMark onA : marks.get(0).values()) {
                FenceMark onB = marks.get(1).get(onA.id());
                if (onB == null) {
                    continue;
                }
                for (Map.Entry<Long, Lsn> written : commits.get(1).entrySet()) {
                    if (!written.getValue().isAfter(onB.at())) {
                        Lsn cause = commits.get(0).get(written.getKey());
                        assertThat(cause)
                                .as("row %s of fence %s", written.getKey(), onA.id())
                                .isNotNull()
                                .isLessThanOrEqualTo(onA.at());
                    }
                }
                checked++;
            }
            assertThat(checked).isGreaterThanOrEqualTo(10);
        }
    }

    /** The end of the commit record of each row, by the row's number. */
    private static Map<Long, Lsn> commits(CaptureFixture fixture, int index) throws Exception {
        Map<Integer, Lsn> byXid = new HashMap<>();
        for (Segment segment : fixture.chain(index)) {
            for (Event event : segment.events()) {
                if (event.commits()) {
                    byXid.put(event.xid(), event.end());
                }
            }
        }
        Map<Long, Lsn> commits = new HashMap<>();
        try (Connection connection = fixture.cluster.shard(index).superuser("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id, xid from pairs where id > 0")) {
            while (rows.next()) {
                commits.put(rows.getLong(1), byXid.get((int) rows.getLong(2)));
            }
        }
        assertThat(commits).isNotEmpty().doesNotContainValue(null);
        return commits;
    }

    private static Map<Long, FenceMark> marks(CaptureFixture fixture, int index) throws Exception {
        Map<Long, FenceMark> marks = new HashMap<>();
        for (Segment segment : fixture.chain(index)) {
            segment.fences().forEach(mark -> marks.put(mark.id(), mark));
        }
        return marks;
    }

    @Test
    void a_commit_that_was_answered_survives_the_loss_of_the_server_and_a_kill_of_capture() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigint primary key, filler text)");
            long acknowledged = 0;
            try (ChildJvm child = ChildJvm.start(
                    Child.class,
                    fixture.cluster.directory().resolve("child.log"),
                    List.of("-Xmx96m"),
                    List.of(
                            fixture.store.toString(),
                            fixture.key.toString(),
                            fixture.cluster.directory().resolve("spool").toString(),
                            shard.connectionString()))) {
                await("the child streams", () -> {
                    assertThat(child.isAlive()).as(child.output()).isTrue();
                    return shard.query(
                                    "select count(*) from pg_stat_replication where application_name = 'isochron' and state = 'streaming'")
                            .equals("1");
                });
                arm(shard);
                await(
                        "commits wait for the child",
                        () -> shard.query("select count(*) from pg_stat_replication where sync_state = 'sync'")
                                .equals("1"));
                Thread.sleep(500);
                try (Connection connection = shard.superuser("postgres");
                        Statement statement = connection.createStatement()) {
                    for (int i = 1; i <= 300; i++) {
                        statement.execute("insert into t values (" + i + ", repeat('x', 2000))");
                        acknowledged = i;
                    }
                }
                child.kill();
                shard.kill();
            }
            // the server never comes back: only spool and repository are left
            try (ShardCapture capture = new ShardCapture(
                    fixture.source(0),
                    fixture.repository,
                    options(fixture, Duration.ofSeconds(1), Duration.ofSeconds(60)),
                    3)) {
                capture.start();
                CaptureStatus status = CaptureFixture.await(
                        capture, Duration.ofSeconds(90), s -> s.state() == CaptureState.RECONNECTING);
                assertThat(status.notices()).anyMatch(notice -> notice.contains("came out of the spool"));
            }
            long commits = fixture.chain(0).stream()
                    .flatMap(segment -> segment.events().stream())
                    .filter(Event::commits)
                    .count();
            assertThat(commits).isGreaterThanOrEqualTo(acknowledged);
            // and if it does come back, capture goes on without a gap
            shard.start();
            try (ShardCapture capture = new ShardCapture(
                    fixture.source(0),
                    fixture.repository,
                    options(fixture, Duration.ofSeconds(1), Duration.ofSeconds(60)),
                    3)) {
                capture.start();
                Lsn flushed = fixture.flushed(0);
                CaptureFixture.await(
                        capture, Duration.ofSeconds(90), s -> !s.archivedLsn().isBefore(flushed));
            }
            fixture.assertArchiveEqualsPgWal(0, 1);
        }
    }

    @Test
    void a_shard_whose_receiver_is_away_is_freed_after_the_patience_and_armed_again_when_it_is_back() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            AwayStore store = new AwayStore(FileSystemStore.open(fixture.store));
            free(fixture, store);
        }
    }

    private static void free(CaptureFixture fixture, AwayStore store) throws Exception {
        try (ShardCapture capture = new ShardCapture(
                fixture.source(0),
                Repository.open(store, RepositoryKey.load(fixture.key)),
                options(fixture, Duration.ofSeconds(1), Duration.ofSeconds(3)).withBufferBytesTotal(3 << 20),
                3)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id int)");
            shard.execute("grant alter system on parameter synchronous_standby_names to isochron");
            shard.execute("grant execute on function pg_reload_conf() to isochron");
            capture.start();
            CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
            arm(shard);
            shard.execute("insert into t values (1)");
            // the repository goes away: the ring fills, nothing more is taken, and commits wait
            store.away(true);
            for (int i = 0; i < 6; i++) {
                shard.execute("insert into t select g from generate_series(1, 20000) g");
            }
            await("freed", () -> shard.query("show synchronous_standby_names").isEmpty());
            // said when it is done, so a moment after it can be seen
            await(
                    "told",
                    () -> capture.status().notices().stream()
                            .anyMatch(notice -> notice.contains("was switched to asynchronous commits")));
            store.away(false);
            await(
                    "armed again",
                    () -> shard.query("show synchronous_standby_names").equals("isochron"));
            shard.execute("insert into t values (2)");
        }
        await(
                "the receiver is gone",
                () -> fixture.cluster
                        .shard(0)
                        .query("select count(*) from pg_stat_replication where application_name = 'isochron'")
                        .equals("0"));
        // now nothing is left of capture but the watchdog
        List<String> told = new ArrayList<>();
        CaptureOptions.Synchronous mode = Objects.requireNonNull(
                options(fixture, Duration.ofSeconds(1), Duration.ofSeconds(1)).synchronous());
        new SyncWatchdog(fixture.sources(), mode, told::add).captureHasEnded();
        assertThat(told).singleElement().asString().contains("shard shard1 was switched to asynchronous commits");
        fixture.cluster.shard(0).execute("insert into t values (3)");
    }

    /** A capture that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Repository repository = Repository.open(
                    FileSystemStore.open(Path.of(arguments[0])), RepositoryKey.load(Path.of(arguments[1])));
            ShardSource source =
                    new ShardSource("shard1", ConnectionSettings.parse(arguments[3], Map.of()), "isochron_shard1");
            // objects so rarely that what was answered last is in the spool only
            try (ShardCapture capture = new ShardCapture(
                    source,
                    repository,
                    CaptureFixture.OPTIONS
                            .withObjectAge(Duration.ofSeconds(50))
                            .withSynchronous(CaptureOptions.Synchronous.defaults(Path.of(arguments[2]))))) {
                capture.start();
                capture.await(Duration.ofMinutes(5));
                System.out.println(capture.status());
            }
        }
    }
}
