package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.objects.TestS3;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** From init to a restored cluster with the repository in a bucket, with credentials from where the AWS SDK looks first. */
@ResourceLock(TestHost.LOGS)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class S3JourneyTest {
    private static final String[] CREDENTIALS = {"aws.accessKeyId", "aws.secretAccessKey"};

    @BeforeEach
    void giveCredentials() {
        System.setProperty(CREDENTIALS[0], TestS3.ACCESS_KEY);
        System.setProperty(CREDENTIALS[1], TestS3.SECRET_KEY);
    }

    @AfterEach
    void takeCredentials() {
        for (String property : CREDENTIALS) {
            System.clearProperty(property);
        }
    }

    @Test
    void aClusterIsCapturedIntoABucketAndRestoredFromIt() throws Exception {
        try (TestS3 s3 = new TestS3();
                TestCluster cluster = TestCluster.start(1, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            TestShard shard = cluster.shard(0);
            Files.writeString(home.resolve("isochron.yaml"), """
                    cluster: journey
                    repository:
                      s3: {bucket: %s, prefix: shop/one, endpoint: '%s'}
                      key-file: key
                      limits: {requests-at-once: 16, request-time: 1m}
                    shards:
                      - {name: %s, connection: '%s'}
                    """.formatted(
                            TestS3.BUCKET, s3.endpoint(), shard.name(), shard.connectionString()));
            shard.execute("CREATE TABLE orders (id int PRIMARY KEY)");
            shard.execute("INSERT INTO orders SELECT generate_series(1, 300)");
            ok(host, "init", "--key-kept");
            assertThat(host.out()).contains("s3://test-bucket/shop/one at " + s3.endpoint());
            assertThat(host.run("init", "--key-kept")).as(host.all()).isEqualTo(ExitCode.REPOSITORY.number());

            TestHost capturing = new TestHost(home);
            Cancellation cancellation = new Cancellation();
            Thread capture = Thread.ofPlatform().start(() -> capturing.run(cancellation, "capture"));
            try {
                ok(host, "backup", "--output", "json");
                Map<?, ?> backup = (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
                assertThat((List<?>) backup.get("stores")).singleElement().satisfies(one -> {
                    Map<?, ?> figures = (Map<?, ?>) one;
                    assertThat(figures.get("store")).asString().contains("s3://test-bucket/shop/one");
                    assertThat(((Number) figures.get("requests")).longValue()).isGreaterThan(5);
                    assertThat(((Number) figures.get("bytesSent")).longValue()).isGreaterThan(1 << 20);
                    assertThat(figures.get("slowDowns")).isEqualTo(0);
                });
                shard.execute("DELETE FROM orders WHERE id > 7");
                await().atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> {
                            ok(host, "find", "--since", "10m", "--table", "orders");
                            return host.out().contains("293");
                        });
                ok(host, "restore", "--target", "latest", "--to", "restored");
            } finally {
                cancellation.request();
                capture.join();
                host.run("restored", "restored", "--stop");
            }
            ok(host, "verify");
            System.setProperty(CREDENTIALS[1], "another-secret");
            assertThat(host.run("info")).as(host.all()).isEqualTo(ExitCode.REPOSITORY.number());
            assertThat(host.all()).contains("status 403", "hint:").doesNotContain("another-secret");
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
