package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Target;
import io.isochron.objects.CopyListener;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.LazyStore;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryKey;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.Seeds;
import io.isochron.workload.Bank;
import io.isochron.workload.BankCheck;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Three regions, two confirm. One is lost during capture, comes back and catches up; then another is lost for good, and what is left restores everything. */
class RestoreFromCopiesTest {
    private static final List<String> REGIONS = List.of("near", "far", "third");

    private static ReplicatedStore open(Path directory, List<String> regions, int confirmations, Role role) {
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        for (String region : regions) {
            Path folder = directory.resolve(region);
            copies.put(region, new LazyStore(folder.toString(), () -> FileSystemStore.open(folder)));
        }
        return RepositoryCopies.of(copies, confirmations, role, CopyListener.NONE);
    }

    @Test
    void aRegionLostDuringCaptureAndOneDuringRestoreLoseNothing() throws Exception {
        long seed = Seeds.seed();
        ReplicatedStore[] stores = new ReplicatedStore[1];
        try (RestoreFixture fixture = RestoreFixture.start(2, 2, 17, ClusterOptions.defaults(), directory -> {
            Files.createDirectories(directory);
            for (String region : REGIONS) {
                FileSystemStore.create(directory.resolve(region));
            }
            stores[0] = open(directory, REGIONS, 2, Role.WRITER);
            return stores[0];
        })) {
            Path directory = fixture.repositoryPath;
            Bank bank = Bank.of(2);
            XaWorkload.createBank(fixture.cluster.xaDataSources(), bank);
            Instant before;
            Instant without;
            try (XaWorkload workload =
                    XaWorkload.start(fixture.cluster.xaDataSources(), bank, WorkloadOptions.of(seed))) {
                fixture.backup();
                Thread.sleep(500);
                before = fixture.moment();
                Files.move(directory.resolve("far"), directory.resolve("lost"));
                Thread.sleep(1500);
                without = fixture.moment();
                Files.move(directory.resolve("lost"), directory.resolve("far"));
                Thread.sleep(500);
                workload.stop();
            }
            fixture.awaitSafe(without.plusMillis(500));
            fixture.stopCapture();
            try (ReplicatedStore store = stores[0]) {
                assertThat(store.settled(Duration.ofSeconds(60))).isTrue();
            }
            try (ReplicatedStore store = open(directory, REGIONS, 2, Role.READER)) {
                List<RepositoryCopies.CopyFinding> findings = new ArrayList<>();
                RepositoryCopies.verify(store, RepositoryKey.load(fixture.keyFile), VerifyScope.ALL, findings::add);
                assertThat(findings).isEmpty();
            }

            // the nearest copy is gone for good: what is absent can still be told, by the two others
            deleteAll(directory.resolve("near"));
            try (ReplicatedStore two = open(directory, REGIONS, 2, Role.READER)) {
                restore(fixture, two, bank, before);
            }
            // and the one that was away has everything by itself, if it is said that the others are lost
            deleteAll(directory.resolve("third"));
            try (ReplicatedStore unsure = open(directory, REGIONS, 2, Role.READER)) {
                assertThatThrownBy(() -> Repository.open(unsure, RepositoryKey.load(fixture.keyFile))
                                .chronicle()
                                .lastSequence(fixture.sources.getFirst().name()))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("--without-copy");
            }
            try (ReplicatedStore one = open(directory, List.of("far"), 1, Role.READER)) {
                restore(fixture, one, bank, without);
            }
        }
    }

    private static void restore(RestoreFixture fixture, ObjectStore store, Bank bank, Instant moment) throws Exception {
        Repository repository = Repository.open(store, RepositoryKey.load(fixture.keyFile));
        RestorePlan plan = new RestorePlanner(repository).plan(new Target.Time(moment), PlanOptions.defaults());
        Path target = fixture.newTarget();
        RestoreReport report =
                new ClusterRestore(repository).execute(plan, target, fixture.options(), ProgressListener.NONE);
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
            assertThat(check.holds()).as("moment %s: %s", moment, check).isTrue();
        }
    }

    private static void deleteAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
