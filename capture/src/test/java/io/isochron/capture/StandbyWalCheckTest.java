package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.capture.CheckResult.Verdict;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.TestStandby;
import io.isochron.wire.ConnectionSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said before WAL is taken from a standby. */
class StandbyWalCheckTest {
    private static final CaptureOptions FROM_STANDBY = CaptureFixture.OPTIONS.withWalSource(WalSource.STANDBY);

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void a_standby_that_receives_is_fit_and_one_that_is_late_or_not_there_is_told(int major) throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, major)) {
            TestShard shard = fixture.cluster.shard(0);
            shard.execute("create table t (v int)");
            try (TestStandby standby = TestStandby.start(shard, "second")) {
                ShardSource both = both(shard, standby.connectionStringOfBoth());

                CheckResult fit = check(both);
                assertThat(fit.verdict()).as(fit.toString()).isEqualTo(Verdict.OK);
                assertThat(fit.detail()).contains("had the wal up to");
                assertThat(CheckService.check(List.of(both), null))
                        .as("only if it is wanted")
                        .noneMatch(result -> result.name().equals("wal from standby"));

                if (major > 14) { // 14 is asked for its slots over SQL, too, before
                    // the role may replicate, and has no database to ask in
                    CheckResult mute = check(both(
                            shard, standby.connectionStringOfBoth().replaceAll("dbname=\\S+", "") + " dbname=missing"));
                    assertThat(mute.verdict()).as(mute.toString()).isEqualTo(Verdict.FAIL);
                    assertThat(mute.detail()).contains("does not tell its clock", "missing");
                    assertThat(mute.hint()).contains("pg_hba.conf");
                }

                String receiver = standby.query("select pid from pg_stat_wal_receiver");
                signal("STOP", receiver);
                try {
                    shard.execute("insert into t select generate_series(1, 10)");
                    CheckResult late = check(both);
                    assertThat(late.verdict()).as(late.toString()).isEqualTo(Verdict.WARN);
                    assertThat(late.detail()).contains("does not have the wal up to");
                    assertThat(late.hint()).contains("pg_stat_wal_receiver");
                } finally {
                    signal("CONT", receiver);
                }
            }

            CheckResult alone = check(CaptureFixture.source(shard));
            assertThat(alone.verdict()).as(alone.toString()).isEqualTo(Verdict.WARN);
            assertThat(alone.detail()).contains("is a primary on timeline 1", "wal is taken from the primary");
        }
    }

    private static ShardSource both(TestShard shard, String addresses) {
        return new ShardSource(shard.name(), ConnectionSettings.parse(addresses, Map.of()), "isochron_" + shard.name());
    }

    /** Without a repository: there is no capture to be waited for. */
    private static CheckResult check(ShardSource source) throws Exception {
        return CheckService.check(List.of(source), null, FROM_STANDBY).stream()
                .filter(result -> result.name().equals("wal from standby"))
                .findFirst()
                .orElseThrow();
    }

    private static void signal(String signal, String pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor())
                .isZero();
    }
}
