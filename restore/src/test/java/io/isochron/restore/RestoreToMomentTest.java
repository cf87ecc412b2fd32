package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Target;
import io.isochron.testkit.Seeds;
import io.isochron.workload.Bank;
import io.isochron.workload.BankCheck;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RestoreToMomentTest {

    @Test
    void everyRestoreToARandomMomentUnderXaLoadIsAtomicAndProvenAlsoFromAnOlderSnapshotThanTheNewest()
            throws Exception {
        long seed = Seeds.seed();
        Random random = new Random(seed);
        try (RestoreFixture fixture = RestoreFixture.start(3, 17)) {
            Bank bank = Bank.of(3);
            XaWorkload.createBank(fixture.cluster.xaDataSources(), bank);
            List<Instant> moments = new ArrayList<>();
            String older;
            String newer;
            try (XaWorkload workload = XaWorkload.start(
                    fixture.cluster.xaDataSources(),
                    bank,
                    WorkloadOptions.of(seed).withStalls(0.05, Duration.ofMillis(300)))) {
                Thread.sleep(500);
                older = fixture.backup();
                Thread.sleep(200 + random.nextInt(1500));
                moments.add(Instant.now());
                newer = fixture.backup();
                Thread.sleep(200 + random.nextInt(1500));
                moments.add(Instant.now());
                Thread.sleep(500);
                workload.stop();
            }
            fixture.awaitSafe(moments.getLast().plusSeconds(1));
            Path pack = fixture.repositoryPath.resolve("pack/" + newer + "/s0002/00000000");
            RestorePlan shorter = fixture.plan(new Target.Time(moments.getLast()));
            assertThat(shorter.shards()).extracting(ShardPlan::snapshotId).containsOnly(newer);
            Files.delete(pack);
            for (Instant moment : moments) {
                RestorePlan plan = fixture.plan(new Target.Time(moment));
                // the newer one is not whole, or not there yet; from the older one the same is restored
                assertThat(plan.shards()).extracting(ShardPlan::snapshotId).containsOnly(older);
                assertThat(plan.passedOver()).hasSize(moment.equals(moments.getLast()) ? 1 : 0);
                Path target = fixture.newTarget();
                RestoreReport report = fixture.restore(plan, target, fixture.options());
                assertThat(report.proofs().failed()).isEmpty();
                assertThat(report.proofs().held()).isTrue();
                try (RestoredCluster restored = RestoredCluster.open(target, fixture.options())) {
                    List<Connection> connections = new ArrayList<>();
                    for (String shard : restored.shards()) {
                        connections.add(restored.connection(shard, "postgres"));
                    }
                    BankCheck check = BankCheck.of(bank, connections);
                    for (Connection connection : connections) {
                        connection.close();
                    }
                    assertThat(check.holds())
                            .as("moment %s, seed %d: %s", moment, seed, check)
                            .isTrue();
                }
            }
        }
    }
}
