package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.CopyListener;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.store.Finding.Severity;
import io.isochron.store.RepositoryCopies.CopyFinding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A repository in two copies: damage of every kind to any object of either is found, named with its copy, and repaired from the other. */
class CopiesTest {
    private static final String NORTH = "north-customers";

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore near = new MemoryStore();
    private final MemoryStore far = new MemoryStore();
    private final ReplicatedStore both = open(near, far, Role.WRITER);
    private final ReplicatedStore reader = open(near, far, Role.READER);
    private Repository repository;
    private Map<ObjectName, byte[]> whole;

    private static ReplicatedStore open(MemoryStore near, MemoryStore far, Role role) {
        Map<String, MemoryStore> copies = new LinkedHashMap<>();
        copies.put("near", near);
        copies.put("far", far);
        return RepositoryCopies.of(copies, 2, role, CopyListener.NONE);
    }

    @BeforeEach
    void fillARepository() throws Exception {
        repository = Repository.init(both, key, CLUSTER, CREATED);
        for (int piece = 0; piece < 3; piece++) {
            long start = 0x2000_0000L + piece * 3000L;
            ByteBuffer bytes = ByteBuffer.wrap(RepositoryTest.someBytes(new Random(piece), 3000));
            repository.wal().write(new WalRange(NORTH, 1, start, start + 3000), bytes);
        }
        repository.timelineHistories().put(NORTH, 2, new byte[50]);
        for (int segment = 0; segment < 3; segment++) {
            repository.chronicle().append(NORTH, segment, RepositoryTest.someBytes(new Random(segment), 400));
        }
        ShardIdentity west = new ShardIdentity("west-customers", "7300000000000000003", 17, 16 << 20);
        repository.changeMembership(MembershipChange.Kind.ANNOUNCED, west, CREATED, null);
        repository.documents().put("cut", "one", new byte[300]);
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(1, 64 << 10))) {
            for (ShardIdentity shard : CLUSTER.shards()) {
                ShardSnapshotWriter part = writer.shard(shard.name());
                byte[] content = RepositoryTest.someBytes(new Random(1), 50_000);
                part.file("base/1", 0600, 0, content.length, new ByteArrayInputStream(content));
                part.finish(
                        1,
                        shard.name().equals(NORTH) ? 0x2000_0000L : 0,
                        shard.name().equals(NORTH) ? 0x2000_1000L : 0,
                        "");
            }
            writer.publish("");
        }
        assertThat(both.settled(Duration.ofSeconds(10))).isTrue();
        whole = new TreeMap<>(near.objects);
        assertThat(verify()).isEmpty();
    }

    @AfterEach
    void close() throws IOException {
        both.close();
        reader.close();
    }

    private List<CopyFinding> verify() throws IOException {
        List<CopyFinding> findings = new ArrayList<>();
        VerifySummary summary = RepositoryCopies.verify(reader, key, VerifyScope.ALL, findings::add);
        assertThat(summary.whole()).isEqualTo(findings.isEmpty());
        return findings;
    }

    private List<Finding> repair(List<CopyFinding> found) throws IOException {
        List<Finding> outcome = new ArrayList<>();
        RepositoryCopies.repair(reader, key, found, SegmentCheck.NONE, outcome::add);
        return outcome;
    }

    /** Damages each object of each copy in turn. */
    private void damaged(BiConsumer<MemoryStore, ObjectName> damage) throws IOException {
        for (Map.Entry<String, MemoryStore> copy :
                Map.of("near", near, "far", far).entrySet()) {
            for (ObjectName name : whole.keySet()) {
                damage.accept(copy.getValue(), name);
                List<CopyFinding> found = verify();
                assertThat(found).as("%s in %s", name, copy.getKey()).anySatisfy(finding -> {
                    assertThat(finding.copy()).isEqualTo(copy.getKey());
                    assertThat(finding.finding().object()).isEqualTo(name.value());
                });
                assertThat(found)
                        .allSatisfy(finding -> assertThat(finding.copy()).isEqualTo(copy.getKey()));
                assertThat(repair(found)).as("%s in %s", name, copy.getKey()).anySatisfy(outcome -> {
                    assertThat(outcome.object()).isEqualTo(name.value());
                    assertThat(outcome.severity()).isEqualTo(Severity.NOTICE);
                });
                assertSame(near);
                assertSame(far);
            }
        }
    }

    private void assertSame(MemoryStore copy) {
        assertThat(copy.objects.keySet()).isEqualTo(whole.keySet());
        whole.forEach((name, bytes) ->
                assertThat(copy.objects.get(name)).as(name.value()).isEqualTo(bytes));
    }

    @Test
    void aFlippedBitIsRepaired() throws IOException {
        Random random = new Random(5);
        damaged((copy, name) -> {
            byte[] flipped = copy.objects.get(name).clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            copy.objects.put(name, flipped);
        });
    }

    @Test
    void aTruncatedObjectIsRepaired() throws IOException {
        damaged((copy, name) -> {
            byte[] bytes = copy.objects.get(name);
            copy.objects.put(name, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        });
    }

    @Test
    void aDeletedObjectIsRepaired() throws IOException {
        damaged((copy, name) -> copy.objects.remove(name));
    }

    @Test
    void twoSwappedObjectsAreRepaired() throws IOException {
        List<ObjectName> names = List.copyOf(whole.keySet());
        damaged((copy, name) -> {
            ObjectName other = names.get((names.indexOf(name) + 1) % names.size());
            byte[] bytes = copy.objects.get(name);
            copy.objects.put(name, copy.objects.get(other));
            copy.objects.put(other, bytes);
        });
    }

    @Test
    void readersGoOnToTheOtherCopyAndRepairTheFirst() throws IOException {
        for (ObjectName name : whole.keySet()) {
            near.objects.put(name, new byte[100]);
        }
        try (ReplicatedStore store = open(near, far, Role.READER)) {
            Repository again = Repository.open(store, key);
            assertThat(again.chronicle().read(NORTH, 1)).hasSize(400);
            assertThat(again.documents().get("cut", "one")).isPresent();
            assertThat(again.snapshots().list()).hasSize(1);
        }
        for (ObjectName name : List.of(Names.HEADER, Names.chronicle(1, 1), Names.document("cut", "one"))) {
            assertThat(near.objects.get(name)).as(name.value()).isEqualTo(whole.get(name));
        }
    }

    @Test
    void whatIsDamagedInBothCopiesIsSaidToBe() throws IOException {
        ObjectName name = Names.chronicle(1, 1);
        near.objects.put(name, new byte[100]);
        far.objects.put(name, new byte[200]);
        assertThatThrownBy(() -> repository.chronicle().read(NORTH, 1)).isInstanceOf(ObjectDamagedException.class);
        assertThat(repair(verify())).anySatisfy(outcome -> {
            assertThat(outcome.object()).isEqualTo(name.value());
            assertThat(outcome.severity()).isEqualTo(Severity.DAMAGE);
        });
        assertThat(near.objects.get(name)).hasSize(100);
    }
}
