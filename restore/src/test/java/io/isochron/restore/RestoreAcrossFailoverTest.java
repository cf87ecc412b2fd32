package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.capture.ShardSource;
import io.isochron.chronicle.Target;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.TestStandby;
import io.isochron.wire.ConnectionSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongUnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A shard that went over two PostgreSQL timelines under load, and moments before, between and after. */
class RestoreAcrossFailoverTest {

    /** Numbers rows one by one until its server is gone; every insert is a commit of its own. */
    private static final class Writer implements AutoCloseable {
        private final Connection connection;
        private final Thread thread;
        private final long first;
        /** When each row was begun and when it was acknowledged. */
        private final List<Instant> begun = new CopyOnWriteArrayList<>();

        private final List<Instant> acknowledgements = new CopyOnWriteArrayList<>();
        private volatile long acknowledged;
        private volatile boolean stopped;

        Writer(Connection connection, long from) {
            this.connection = connection;
            this.first = from;
            this.acknowledged = from - 1;
            this.thread = Thread.ofPlatform().daemon().start(this::run);
        }

        private void run() {
            try (Statement statement = connection.createStatement()) {
                while (!stopped) {
                    begun.add(Instant.now());
                    statement.execute("insert into t values (" + (acknowledged + 1) + ", repeat('x', 3000))");
                    acknowledgements.add(Instant.now());
                    acknowledged++;
                }
            } catch (SQLException e) {
                // the server was killed: whether the last row is there nobody was told
            }
        }

        void awaitRows(long more) {
            long wanted = acknowledged + more;
            Awaitility.await().atMost(java.time.Duration.ofSeconds(90)).until(() -> acknowledged >= wanted);
        }

        long join() throws InterruptedException {
            thread.join();
            return acknowledged;
        }

        @Override
        public void close() throws Exception {
            stopped = true;
            thread.join();
            connection.close();
        }
    }

    /** A moment at which somebody wrote, or what is known of its rows otherwise. */
    private record Moment(Instant at, long least, LongUnaryOperator leastBy, LongUnaryOperator mostBy) {
        /** Rows acknowledged by then are in, rows begun later are not, but for those within the uncertainty of clocks. */
        static Moment of(Writer writer) {
            Instant now = Instant.now();
            return new Moment(
                    now,
                    writer.acknowledged,
                    epsilon ->
                            writer.first - 1 + before(writer.acknowledgements, now.minus(epsilon, ChronoUnit.MICROS)),
                    epsilon -> writer.first - 1 + before(writer.begun, now.plus(epsilon, ChronoUnit.MICROS)));
        }

        static Moment exactly(Instant at, long rows) {
            return new Moment(at, rows, epsilon -> rows, epsilon -> rows);
        }

        private static long before(List<Instant> times, Instant end) {
            return times.stream().filter(time -> time.isBefore(end)).count();
        }
    }

    @Test
    void momentsBeforeBetweenAndAfterTwoFailoversAreRestored() throws Exception {
        ClusterOptions options = ClusterOptions.defaults().keepingWal();
        try (RestoreFixture fixture = RestoreFixture.start(1, 17, options)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (id bigint primary key, filler text)");
            try (TestStandby second = TestStandby.start(shard, "second")) {
                fixture.stopCapture();
                fixture.sources.set(0, source(shard, second.connectionStringOfBoth()));
                fixture.startCapture();
                fixture.backup();
                Moment before;
                Moment abandoned;
                long kept;
                try (Writer writer = new Writer(shard.superuser("postgres"), 1)) {
                    writer.awaitRows(50);
                    before = Moment.of(writer);
                    writer.awaitRows(20);
                    awaitReplayed(second, before);
                    // from here on the archive is ahead of the standby: what follows is to become an abandoned branch
                    second.disconnect();
                    writer.awaitRows(50);
                    fixture.moment();
                    abandoned = Moment.of(writer);
                    shard.kill();
                    writer.join();
                }
                second.promote();
                kept = Long.parseLong(second.query("select max(id) from t"));
                assertThat(kept).isLessThan(abandoned.least());
                try (TestStandby third = TestStandby.start(second, "third")) {
                    fixture.stopCapture();
                    fixture.sources.set(
                            0,
                            source(
                                    shard,
                                    shard.connectionString()
                                            .replace(
                                                    "host=127.0.0.1 port=" + shard.port(),
                                                    "host=127.0.0.1,127.0.0.1,127.0.0.1 port=" + shard.port() + ","
                                                            + second.port() + "," + third.port())));
                    fixture.startCapture();
                    Moment between;
                    try (Writer writer = new Writer(second.superuser("postgres"), kept + 1)) {
                        writer.awaitRows(50);
                        between = Moment.of(writer);
                        writer.awaitRows(50);
                        awaitReplayed(third, between);
                        second.close();
                        writer.join();
                    }
                    third.promote();
                    Moment after;
                    try (Writer writer = new Writer(
                            third.superuser("postgres"), Long.parseLong(third.query("select max(id) + 1 from t")))) {
                        writer.awaitRows(50);
                        after = Moment.of(writer);
                        writer.awaitRows(20);
                    }
                    fixture.awaitSafe(after.at());
                    assertThat(restore(fixture, before)).isEqualTo(1);
                    // production lost these rows in the failover: its history does not have them
                    assertThat(restore(fixture, Moment.exactly(abandoned.at(), kept)))
                            .isBetween(1, 2);
                    assertThat(restore(fixture, between)).isEqualTo(2);
                    assertThat(restore(fixture, after)).isEqualTo(3);
                }
            }
        }
    }

    /** What a standby has not got when it is promoted is lost, whenever it was acknowledged. */
    private static void awaitReplayed(TestStandby standby, Moment moment) {
        Awaitility.await()
                .atMost(java.time.Duration.ofSeconds(90))
                .until(() -> Long.parseLong(standby.query("select coalesce(max(id), 0) from t")) > moment.least());
    }

    private static ShardSource source(TestShard shard, String connection) {
        return new ShardSource(
                shard.name(), ConnectionSettings.parse(connection, Map.of()).toPrimary(), "isochron_" + shard.name());
    }

    /** Restores and checks the rows; returns the PostgreSQL timeline of the boundary. */
    private static int restore(RestoreFixture fixture, Moment moment) throws Exception {
        RestorePlan plan = fixture.plan(new Target.Time(moment.at()));
        Path target = fixture.newTarget();
        RestoreReport report = fixture.restore(plan, target, fixture.options());
        assertThat(report.proofs().failed()).isEmpty();
        try (RestoredCluster restored = RestoredCluster.open(target, fixture.options());
                Connection connection = restored.connection("shard1", "postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*), max(id) from t")) {
            row.next();
            assertThat(row.getLong(1)).as("no row is missing at %s", moment).isEqualTo(row.getLong(2));
            assertThat(row.getLong(2))
                    .as("rows at %s", moment)
                    .isBetween(
                            moment.leastBy().applyAsLong(plan.epsilonMicros()),
                            moment.mostBy().applyAsLong(plan.epsilonMicros()));
        }
        return plan.shards().getFirst().timeline();
    }
}
