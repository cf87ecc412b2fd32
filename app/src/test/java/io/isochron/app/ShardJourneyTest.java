package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Shards come and go by commands while capture runs, on real PostgreSQL. */
@ResourceLock(TestHost.LOGS)
class ShardJourneyTest {
    @Test
    void aShardIsAddedAndAnotherRemovedWhileCaptureRunsAndPlansFollow() throws Exception {
        try (TestCluster cluster = TestCluster.start(3, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            configure(home, cluster.shards().subList(0, 2));
            ok(host, "init", "--key-kept");
            TestHost capturing = new TestHost(home);
            Cancellation cancellation = new Cancellation();
            AtomicInteger captureCode = new AtomicInteger(-1);
            Thread capture = Thread.ofPlatform().start(() -> captureCode.set(capturing.run(cancellation, "capture")));
            try {
                ok(host, "backup");
                fails(host, ExitCode.CONFIG, "names no shard shard3", "shard", "add", "shard3");
                configure(home, cluster.shards());
                fails(host, ExitCode.CONFIG, "`isochron shard add shard3`", "backup");
                ok(host, "check");
                assertThat(host.out()).contains("shard shard3 is not a member");
                assertThat(json(host, "shard", "add", "shard3").get("applied")).isEqualTo(false);
                assertThat(json(host, "shard").get("version")).isEqualTo(0);

                Map<?, ?> added = json(host, "shard", "add", "shard3", "--apply");
                assertThat(json(host, "shard", "list").get("version")).isEqualTo(2);
                fails(host, ExitCode.FAILED, "is a member of cluster journey already", "shard", "add", "shard3");
                String joined = (String) added.get("memberFrom");
                awaitPlan(host, joined, "shard1", "shard2", "shard3");

                Map<?, ?> dry = json(host, "shard", "remove", "shard2");
                assertThat(dry.get("applied")).isEqualTo(false);
                String left = (String)
                        json(host, "shard", "remove", "shard2", "--apply").get("memberTo");
                assertThat((List<?>) json(host, "info").get("shards"))
                        .filteredOn(shard -> ((Map<?, ?>) shard).get("name").equals("shard2"))
                        .singleElement()
                        .satisfies(shard -> {
                            assertThat(((Map<?, ?>) shard).get("state")).isEqualTo("removed");
                            assertThat(((Map<?, ?>) shard).get("memberTo")).isEqualTo(left);
                        });
                awaitPlan(host, left, "shard1", "shard3");
                awaitPlan(host, joined, "shard1", "shard2", "shard3");
                await().atMost(Duration.ofMinutes(2))
                        .until(() -> capturing.err().contains("shard shard2 is a member no longer"));
                assertThat(capturing.err()).contains("shard shard3 is to become a member: its capture begins");

                configure(home, List.of(cluster.shard(0), cluster.shard(2)));
                ok(host, "backup");
                ok(host, "history", "--shard", "shard2");
                ok(host, "info");
                assertThat(host.out())
                        .contains("members     shard1, shard2 until " + joined)
                        .contains("members     shard1, shard3 from " + left);
                configure(home, List.of(cluster.shard(0)));
                fails(host, ExitCode.CONFIG, "shard shard3 is a member of cluster journey and missing from", "backup");
                fails(host, ExitCode.CONFIG, "`isochron shard remove shard3`", "capture");
            } finally {
                cancellation.request();
                capture.join();
            }
            assertThat(captureCode.get()).as(capturing.all()).isZero();
            ok(host, "verify");
        }
    }

    private static void configure(Path home, List<TestShard> shards) throws Exception {
        StringBuilder yaml =
                new StringBuilder("cluster: journey\nrepository: {path: repository, key-file: key}\nshards:\n");
        for (TestShard shard : shards) {
            yaml.append("  - {name: ")
                    .append(shard.name())
                    .append(", connection: '")
                    .append(shard.connectionString())
                    .append("'}\n");
        }
        // capture may read it at any time
        Path next = home.resolve("isochron.yaml.next");
        Files.writeString(next, yaml);
        Files.move(
                next,
                home.resolve("isochron.yaml"),
                java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private static void awaitPlan(TestHost host, String moment, String... shards) {
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> host.run("plan", "--target", moment) == ExitCode.OK.number());
        List<String> planned = new ArrayList<>();
        for (Object shard : (List<?>) json(host, "plan", "--target", moment).get("shards")) {
            planned.add(String.valueOf(((Map<?, ?>) shard).get("shard")));
        }
        assertThat(planned).containsExactlyInAnyOrder(shards);
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }

    private static void fails(TestHost host, ExitCode code, String says, String... args) {
        assertThat(host.run(args)).as(host.all()).isEqualTo(code.number());
        assertThat(host.err()).contains(says);
    }

    private static Map<?, ?> json(TestHost host, String... args) {
        String[] all = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(args), java.util.stream.Stream.of("--output", "json"))
                .toArray(String[]::new);
        ok(host, all);
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }
}
