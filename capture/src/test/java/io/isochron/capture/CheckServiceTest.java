package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.capture.CheckResult.Verdict;
import io.isochron.wire.ConnectionSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CheckServiceTest {
    @Test
    void a_healthy_shard_is_proven_from_a_written_record_to_the_archive() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            List<CheckResult> without = CheckService.check(fixture.sources(), fixture.repository);
            assertThat(result(without, "record").verdict()).isEqualTo(Verdict.WARN);
            assertThat(result(without, "record").detail()).contains("seen in the stream");
            assertThat(result(without, "record").hint()).contains("isochron capture");
            assertThat(result(without, "fsync").verdict()).isEqualTo(Verdict.WARN);
            assertThat(without).noneMatch(result -> result.verdict() == Verdict.FAIL);
            try (ShardCapture capture = fixture.capture(0)) {
                CaptureFixture.await(capture, status -> status.state() == CaptureState.STREAMING);
                List<CheckResult> with = CheckService.check(fixture.sources(), fixture.repository);
                assertThat(result(with, "record").verdict()).isEqualTo(Verdict.OK);
                assertThat(result(with, "record").detail()).contains("was archived");
                assertThat(result(with, "clock").verdict()).isEqualTo(Verdict.OK);
                assertThat(result(with, "slot").detail()).contains("isochron_shard1");
            }
        }
    }

    @Test
    void a_wrong_password_and_a_server_that_is_down_are_failures_with_hints() throws Exception {
        try (CaptureFixture fixture = CaptureFixture.start(1, 17)) {
            ConnectionSettings wrong = ConnectionSettings.parse(
                    fixture.cluster
                            .shard(0)
                            .connectionStringWithPassword()
                            .replaceFirst("password=\\w+", "password=wrong"),
                    Map.of());
            CheckResult password = CheckService.check(
                            List.of(new ShardSource("shard1", wrong, "s")), fixture.repository)
                    .getLast();
            assertThat(password.verdict()).isEqualTo(Verdict.FAIL);
            assertThat(password.hint()).contains("password");
            fixture.cluster.shard(0).kill();
            CheckResult down =
                    CheckService.check(fixture.sources(), fixture.repository).getLast();
            assertThat(down.verdict()).isEqualTo(Verdict.FAIL);
            assertThat(down.hint()).isNotBlank();
        }
    }

    private static CheckResult result(List<CheckResult> results, String name) {
        return results.stream()
                .filter(result -> result.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " not in " + results));
    }
}
