package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.objects.TestS3;
import io.isochron.objects.VersionedS3;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** A bucket that forbids DELETE, and PUT to what exists, from the first day, with locks; then somebody comes around the policy. */
@ResourceLock(TestHost.LOGS)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class WriteOnceJourneyTest {
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
    void noCommandNeedsToDeleteOrToOverwriteAndWhatIsTamperedWithIsRestoredAllTheSame() throws Exception {
        try (VersionedS3 s3 = new VersionedS3(VersionedS3.Quirk.WRITE_ONCE);
                TestCluster cluster = TestCluster.start(1, 17)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            TestShard shard = cluster.shard(0);
            Files.writeString(home.resolve("isochron.yaml"), """
                    cluster: journey
                    repository:
                      s3: {bucket: %s, prefix: shop, endpoint: '%s', lock: {mode: compliance, for: 30d}}
                      key-file: key
                    shards:
                      - {name: %s, connection: '%s'}
                    """.formatted(
                            VersionedS3.BUCKET, s3.endpoint(), shard.name(), shard.connectionString()));
            shard.execute("CREATE TABLE orders (id int PRIMARY KEY)");
            shard.execute("INSERT INTO orders SELECT generate_series(1, 300)");
            ok(host, "init", "--key-kept");

            TestHost capturing = new TestHost(home);
            Cancellation cancellation = new Cancellation();
            Thread capture = Thread.ofPlatform().start(() -> capturing.run(cancellation, "capture"));
            try {
                ok(host, "backup");
                shard.execute("DELETE FROM orders WHERE id > 7");
                await().atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> {
                            ok(host, "find", "--since", "10m", "--table", "orders");
                            return host.out().contains("293");
                        });
                ok(host, "plan", "--target", "latest");
                ok(host, "restore", "--target", "latest", "--to", "restored");
            } finally {
                cancellation.request();
                capture.join();
                host.run("restored", "restored", "--stop");
            }
            ok(host, "verify");
            assertThat(host.all()).doesNotContain("delete marker");
            assertThat(s3.keysByLock().get(false))
                    .allMatch(key -> key.startsWith("shop/lease/") || key.equals("shop/.isochron/conditional-writes"));
            assertThat(s3.keysByLock().get(true)).hasSizeGreaterThan(10);
            // that a name was taken is how two that append to the audit log, or prove conditions, find out
            assertThat(s3.refused())
                    .allMatch(request -> request.startsWith("PUT-IF-ABSENT ") || request.contains(" shop/lease/"));

            int tampered = s3.tamper();
            assertThat(tampered).isGreaterThan(10);
            try {
                ok(host, "restore", "--target", "latest", "--to", "again");
            } finally {
                host.run("restored", "again", "--stop");
            }
            ok(host, "verify");
            assertThat(host.all()).contains("a delete marker hides", "it was overwritten or repaired");
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
