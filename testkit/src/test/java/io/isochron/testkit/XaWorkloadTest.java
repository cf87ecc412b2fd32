package io.isochron.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import io.isochron.workload.BankCheck;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.WorkloadOptions.TwoPhase;
import io.isochron.workload.XaWorkload;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class XaWorkloadTest {
    private static final Bank BANK = new Bank(3, 200, 100_000);
    private static final Duration LONG = Duration.ofSeconds(120);
    private static TestCluster cluster;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = TestCluster.start(3, 17);
        XaWorkload.createBank(cluster.xaDataSources(), BANK);
    }

    @AfterAll
    static void closeCluster() throws Exception {
        cluster.close();
    }

    @Test
    @Order(1)
    void trafficKeepsEveryInvariantWheneverItIsPaused() throws Exception {
        try (XaWorkload workload = XaWorkload.start(
                cluster.xaDataSources(),
                BANK,
                WorkloadOptions.of(Seeds.seed()).withStalls(0.05, Duration.ofMillis(20)))) {
            for (int round = 0; round < 3; round++) {
                Thread.sleep(500);
                workload.pause();
                BankCheck check = check();
                assertThat(check.violations()).isEmpty();
                assertThat(check.transfersAcross()).isEqualTo(workload.counts().across());
                workload.resume();
            }
            // three in a hundred transactions roll back: a slow machine makes too few of them in the rounds above
            await().atMost(LONG).untilAsserted(() -> {
                assertThat(workload.counts().across()).isPositive();
                assertThat(workload.counts().within()).isPositive();
                assertThat(workload.counts().orders()).isPositive();
                assertThat(workload.counts().changes()).isPositive();
                assertThat(workload.counts().rolledBack()).isPositive();
            });
            workload.stop();
            assertThat(workload.lastFailure()).isEmpty();
            assertThat(missing(workload)).isEmpty();
            System.out.println("workload of at least 1.5 s: " + workload.counts());
        }
    }

    @Test
    @Order(2)
    void aShardKilledUnderTrafficLosesNothingThatWasAcknowledgedAndNothingStaysInDoubt() throws Exception {
        for (TwoPhase twoPhase : TwoPhase.values()) {
            try (XaWorkload workload = XaWorkload.start(
                    cluster.xaDataSources(),
                    BANK,
                    WorkloadOptions.of(Seeds.seed()).withTwoPhase(twoPhase))) {
                await().atMost(LONG).until(() -> workload.counts().committed() > 200);
                cluster.shard(1).kill();
                Thread.sleep(100);
                cluster.shard(1).start();
                long before = workload.counts().across();
                await().atMost(LONG).until(() -> workload.counts().across() > before + 100);
                workload.stop();
                assertThat(workload.counts().failed()).isPositive();
                assertThat(workload.counts().inDoubt()).isZero();
                BankCheck check = check();
                assertThat(check.violations()).isEmpty();
                assertThat(check.prepared()).isZero();
                assertThat(missing(workload)).isEmpty();
            }
        }
    }

    @Test
    @Order(3)
    void aSideThatIsMissingAWrongBalanceAndALostOrderAreFound() throws Exception {
        XaWorkload workload = XaWorkload.start(cluster.xaDataSources(), BANK, WorkloadOptions.of(Seeds.seed()));
        // the order that is lost below is the newest of shard 1, which must be one of this run
        await().atMost(LONG)
                .until(() -> workload.counts().across() > 10
                        && workload.acknowledged().stream()
                                .anyMatch(each -> each.kind() == Acknowledged.Kind.ORDER && each.shard() == 1));
        workload.stop();
        cluster.shard(0)
                .execute("delete from transfers where (id, side) = (select id, side from transfers"
                        + " where side = 'C' and other_shard = 1 limit 1)");
        cluster.shard(2).execute("update accounts set balance = balance + 1 where id = 2");
        cluster.shard(1).execute("delete from orders where id = (select max(id) from orders)");
        assertThat(check().violations())
                .anyMatch(each -> each.contains("no credit on shard 0"))
                .anyMatch(each -> each.contains("balances add up to"))
                .anyMatch(each -> each.startsWith("shard 2: 1 accounts do not agree"));
        assertThat(missing(workload))
                .hasSizeLessThanOrEqualTo(2)
                .anyMatch(each -> each.kind() == Acknowledged.Kind.ORDER);
    }

    private static BankCheck check() throws Exception {
        List<Connection> connections = cluster.superusers("postgres");
        try {
            return BankCheck.of(BANK, connections);
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static List<Acknowledged> missing(XaWorkload workload) throws Exception {
        List<Connection> connections = cluster.superusers("postgres");
        try {
            return BankCheck.missing(connections, workload.acknowledged());
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }
}
