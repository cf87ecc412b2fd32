package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.CrashPoint;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.CrashPoints;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Capture is taken out of the setting of a real server, and put back. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SyncSwitchTest {
    /** A standby that is there as little as capture: nothing is committed here. */
    private static final String BOTH = "FIRST 2 (isochron, b)";

    private static final String OTHER = "FIRST 1 (\"b\")";

    @SuppressWarnings("NullAway.Init")
    private static TestCluster cluster;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path spool;

    @BeforeAll
    static void start() throws IOException, SQLException {
        cluster = TestCluster.start(1, 17, ClusterOptions.defaults());
        shard().execute("grant alter system on parameter synchronous_standby_names to isochron");
        shard().execute("grant execute on function pg_reload_conf() to isochron");
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    @BeforeEach
    void arm() throws Exception {
        shard().set("synchronous_standby_names", BOTH);
        awaitSetting(BOTH);
    }

    private static TestShard shard() {
        return cluster.shard(0);
    }

    /** Nobody confirms commits here. */
    private static void unwaited(String sql) throws SQLException {
        shard().execute("begin; set local synchronous_commit to off; " + sql + "; commit");
    }

    private static ShardSource source() throws IOException {
        return CaptureFixture.source(shard());
    }

    /** What new sessions are told, and what they would be if the configuration were read again. */
    private static void awaitSetting(String expected) throws Exception {
        long until = System.nanoTime() + 30_000_000_000L;
        while (!shard().query("show synchronous_standby_names").equals(expected)) {
            assertThat(System.nanoTime()).as("not %s within 30 s", expected).isLessThan(until);
            Thread.sleep(20);
        }
        assertThat(
                        shard().query(
                                        "select setting from pg_file_settings where name = 'synchronous_standby_names' order by seqno desc limit 1"))
                .isEqualTo(expected);
    }

    private boolean free(ShardSource source) throws Exception {
        try (Connection connection = SyncGuard.open(source)) {
            return SyncSwitch.free(connection, SyncState.of(connection), spool);
        }
    }

    private boolean rearm() throws Exception {
        try (Connection connection = SyncGuard.open(source())) {
            return SyncSwitch.rearm(connection, SyncState.of(connection), spool);
        }
    }

    @Test
    void aSwitchIsTakenBackAndTheOthersStayRequired() throws Exception {
        assertThat(free(source())).isTrue();
        awaitSetting(OTHER);
        assertThat(SyncSwitch.isSwitched(spool)).isTrue();
        assertThat(rearm()).isTrue();
        awaitSetting(BOTH);
        assertThat(SyncSwitch.isSwitched(spool)).isFalse();
    }

    @Test
    void whatSomebodyElseHasSetSinceStays() throws Exception {
        assertThat(free(source())).isTrue();
        shard().set("synchronous_standby_names", "c");
        awaitSetting("c");
        assertThat(rearm()).isFalse();
        awaitSetting("c");
        assertThat(SyncSwitch.isSwitched(spool)).isFalse();
    }

    @Test
    void whatHasChangedSinceItWasLookedAtIsNotSwitched() throws Exception {
        try (Connection connection = SyncGuard.open(source())) {
            SyncState before = SyncState.of(connection);
            shard().set("synchronous_standby_names", "FIRST 2 (isochron, c)");
            awaitSetting("FIRST 2 (isochron, c)");
            assertThat(SyncSwitch.free(connection, before, spool)).isFalse();
        }
        awaitSetting("FIRST 2 (isochron, c)");
        assertThat(SyncSwitch.isSwitched(spool)).isFalse();
    }

    @Test
    void whereverTheSwitchWasKilledTheShardIsSynchronousAgainAfterwards() throws Exception {
        Set<String> points = CrashPoints.named("sync", "capture");
        assertThat(points).containsExactlyInAnyOrder("sync.remembered", "sync.altered", "sync.loaded");
        for (String point : points) {
            CrashPoints.run(
                    Child.class,
                    spool.resolve("out"),
                    point,
                    CrashPoint.STATUS,
                    List.of(spool.toString(), shard().connectionString()));
            assertThat(SyncSwitch.isSwitched(spool)).as(point).isTrue();
            if (point.equals("sync.loaded")) {
                awaitSetting(OTHER);
            }
            assertThat(rearm()).as(point).isEqualTo(point.equals("sync.loaded"));
            awaitSetting(BOTH);
            assertThat(SyncSwitch.isSwitched(spool)).as(point).isFalse();
        }
    }

    @Test
    void whoMayNotSetItLeavesNothingBehind() throws Exception {
        unwaited("revoke alter system on parameter synchronous_standby_names from isochron");
        try {
            assertThatThrownBy(() -> free(source())).isInstanceOf(SQLException.class);
            assertThat(SyncSwitch.isSwitched(spool)).isFalse();
            // one that was killed before it found out
            Files.writeString(spool.resolve("switched-to-asynchronous"), BOTH + "\n" + OTHER + "\n");
            assertThat(rearm()).isFalse();
            assertThat(SyncSwitch.isSwitched(spool)).isFalse();
        } finally {
            unwaited("grant alter system on parameter synchronous_standby_names to isochron");
        }
        awaitSetting(BOTH);
    }

    @Test
    void whoMayNotHaveTheConfigurationReadLeavesItAsItWas() throws Exception {
        unwaited("revoke execute on function pg_reload_conf() from isochron");
        try {
            assertThatThrownBy(() -> free(source())).isInstanceOf(SQLException.class);
            assertThat(SyncSwitch.isSwitched(spool)).isFalse();
        } finally {
            unwaited("grant execute on function pg_reload_conf() to isochron");
        }
        awaitSetting(BOTH);
    }

    @Test
    void aDatabaseIsFreedEvenWhereThatCannotBeRemembered() throws Exception {
        Path gone = spool.resolve("gone");
        try (Connection connection = SyncGuard.open(source())) {
            assertThatThrownBy(() -> SyncSwitch.free(connection, SyncState.of(connection), gone))
                    .isInstanceOf(SyncSwitch.NotRememberedException.class)
                    .hasMessageContaining("cannot be remembered in " + gone)
                    .hasMessageContaining("to '" + BOTH + "' again");
        }
        awaitSetting(OTHER);
    }

    @Test
    void theWatchdogSaysThatItFreedADatabaseAndCannotRememberThat() throws Exception {
        CaptureOptions.Synchronous mode = new CaptureOptions.Synchronous(
                spool.resolve("gone"), Duration.ofSeconds(1), Duration.ofMillis(50), Duration.ofSeconds(1));
        List<String> told = new ArrayList<>();
        new SyncWatchdog(List.of(source()), mode, told::add).captureHasEnded();
        awaitSetting(OTHER);
        assertThat(told)
                .singleElement()
                .asString()
                .contains("was switched to asynchronous commits", "cannot be remembered", "to '" + BOTH + "' again");
    }

    /** What switches, and is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            ShardSource source =
                    new ShardSource("shard1", ConnectionSettings.parse(arguments[1], Map.of()), "isochron_shard1");
            try (Connection connection = SyncGuard.open(source)) {
                SyncSwitch.free(connection, SyncState.of(connection), Path.of(arguments[0]));
            }
        }
    }
}
