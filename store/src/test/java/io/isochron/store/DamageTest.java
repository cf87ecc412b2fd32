package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStoreContract;
import io.isochron.objects.StoreException;
import io.isochron.store.Finding.Severity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Damage of every kind to every object of a small repository is found and named. */
class DamageTest {
    private static final String NORTH = "north-customers";
    private static final int EVERY_BYTE_UP_TO = 1500;
    private static final int SAMPLES = 60;

    private final long seed = ObjectStoreContract.seed();
    private final Random random = new Random(seed);
    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore store = new MemoryStore();
    private Repository repository;
    private SealedStore sealed;

    @BeforeEach
    void fillARepository() throws IOException {
        System.out.println("isochron.seed=" + seed);
        repository = Repository.init(store, key, CLUSTER, CREATED);
        sealed = new SealedStore(store, key, RepositoryHeader.read(store, key));
        for (int piece = 0; piece < 4; piece++) {
            long start = 0x2000_0000L + piece * 3000L;
            ByteBuffer bytes = ByteBuffer.wrap(RepositoryTest.someBytes(new Random(piece), 3000));
            repository.wal().write(new WalRange(NORTH, 1, start, start + 3000), bytes);
        }
        repository.timelineHistories().put(NORTH, 2, new byte[50]);
        for (int segment = 1; segment <= 4; segment++) {
            repository.chronicle().append(NORTH, segment, RepositoryTest.someBytes(new Random(segment), 400));
        }
        ShardIdentity west = new ShardIdentity("west-customers", "7300000000000000003", 17, 16 << 20);
        repository.changeMembership(MembershipChange.Kind.ANNOUNCED, west, CREATED, null);
        repository.changeMembership(MembershipChange.Kind.JOINED, west, CREATED, CREATED.plusSeconds(60));
        repository.documents().put("cut", "one", new byte[300]);
        repository.documents().put("cut", "two", new byte[20]);
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(3, 64 << 10))) {
            for (ShardIdentity shard : CLUSTER.shards()) {
                ShardSnapshotWriter part = writer.shard(shard.name());
                for (int file = 0; file < 3; file++) {
                    byte[] content = RepositoryTest.someBytes(new Random(file), 1_500_000);
                    part.file("base/" + file, 0600, 0, content.length, new ByteArrayInputStream(content));
                }
                part.finish(
                        1,
                        shard.name().equals(NORTH) ? 0x2000_0000L : 0,
                        shard.name().equals(NORTH) ? 0x2000_1000L : 0,
                        "");
            }
            writer.publish("");
        }
        assertThat(verify()).isEmpty();
    }

    private List<Finding> verify() throws IOException {
        List<Finding> findings = new ArrayList<>();
        VerifySummary summary = repository.verify(VerifyScope.ALL, findings::add);
        assertThat(summary.problems())
                .isEqualTo(findings.stream()
                        .filter(f -> f.severity() != Severity.NOTICE)
                        .count());
        if (findings.isEmpty()) {
            assertThat(summary.objects()).isGreaterThanOrEqualTo(store.objects.size() - 1);
        }
        return findings;
    }

    private void read(ObjectName name) throws IOException {
        if (name.equals(Names.HEADER)) {
            Repository.open(store, key);
        } else {
            sealed.readPayload(name);
        }
    }

    @Test
    void aFlippedBitInAnyByteOfAnyObjectIsFoundAndNamed() throws IOException {
        for (ObjectName name : List.copyOf(store.objects.keySet())) {
            byte[] whole = store.objects.get(name);
            int tries = whole.length <= EVERY_BYTE_UP_TO ? whole.length : SAMPLES;
            for (int i = 0; i < tries; i++) {
                int at = whole.length <= EVERY_BYTE_UP_TO ? i : random.nextInt(whole.length);
                byte[] flipped = whole.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                store.objects.put(name, flipped);
                assertThatThrownBy(() -> read(name))
                        .as("seed %d, %s, byte %d", seed, name, at)
                        .isInstanceOf(StoreException.class)
                        .satisfies(e -> assertThat(name.equals(Names.HEADER)
                                        || (e instanceof ObjectDamagedException damaged
                                                && damaged.name().equals(name)))
                                .isTrue());
                if (i == tries / 2) {
                    assertThat(verify())
                            .as("seed %d, %s, byte %d", seed, name, at)
                            .anySatisfy(finding -> {
                                assertThat(finding.severity()).isEqualTo(Severity.DAMAGE);
                                assertThat(finding.object()).isEqualTo(name.value());
                            });
                }
            }
            store.objects.put(name, whole);
        }
        assertThat(verify()).isEmpty();
    }

    @Test
    void everyBitOfTheHeaderCounts() {
        byte[] whole = store.objects.get(Names.HEADER);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            store.objects.put(Names.HEADER, flipped);
            assertThatThrownBy(() -> Repository.open(store, key))
                    .as("bit %d of byte %d", bit % 8, bit / 8)
                    .isInstanceOf(StoreException.class);
        }
    }

    @Test
    void anObjectCutOffOrLengthenedAnywhereIsFoundAndNamed() throws IOException {
        for (ObjectName name : List.copyOf(store.objects.keySet())) {
            byte[] whole = store.objects.get(name);
            int[] lengths = {
                0,
                1,
                40,
                56,
                whole.length / 2,
                whole.length - 1,
                whole.length + 1,
                65536,
                2 * 65536,
                random.nextInt(whole.length)
            };
            for (int length : lengths) {
                if (length == whole.length) {
                    continue;
                }
                store.objects.put(name, Arrays.copyOf(whole, length));
                assertThatThrownBy(() -> read(name))
                        .as("seed %d, %s, length %d of %d", seed, name, length, whole.length)
                        .isInstanceOf(ObjectDamagedException.class);
            }
            assertThat(verify())
                    .anySatisfy(finding -> assertThat(finding.object()).isEqualTo(name.value()));
            store.objects.put(name, whole);
        }
    }

    @Test
    void twoObjectsThatWereSwappedAreBothFoundAndNamed() throws IOException {
        List<ObjectName> names = List.copyOf(store.objects.keySet());
        for (int i = 0; i < names.size(); i++) {
            ObjectName one = names.get(i);
            ObjectName two = names.get((i + 1) % names.size());
            byte[] first = store.objects.get(one);
            byte[] second = store.objects.get(two);
            store.objects.put(one, second);
            store.objects.put(two, first);
            List<String> named = verify().stream().map(Finding::object).toList();
            assertThat(named).contains(one.value(), two.value());
            store.objects.put(one, first);
            store.objects.put(two, second);
        }
    }

    @Test
    void aDeletedObjectIsFoundAndNamedIfAnythingRefersToIt() throws IOException {
        // nothing refers to a document, a history, or the newest of a sequence: docs/repository-format.md says so
        List<String> newest = List.of(
                Names.wal(1, 1, 0x2000_0000L + 9000, 0x2000_0000L + 12000).value(),
                Names.chronicle(1, 1).value(),
                Names.chronicle(1, 4).value());
        for (ObjectName name : List.copyOf(store.objects.keySet())) {
            byte[] whole = store.objects.remove(name);
            boolean referred = !newest.contains(name.value())
                    && !name.value().startsWith("document/")
                    && !name.value().endsWith(".history");
            List<Finding> findings = verify();
            if (referred) {
                assertThat(findings)
                        .as(name.value())
                        .anySatisfy(finding -> assertThat(finding.object())
                                .startsWith(
                                        name.value().startsWith("wal/")
                                                ? name.value().substring(0, 45)
                                                : name.value()));
            } else {
                assertThat(findings).as(name.value()).isEmpty();
            }
            store.objects.put(name, whole);
        }
    }

    @Test
    void anObjectOfAnotherRepositoryUnderTheSameKeyAndNameIsFound() throws IOException {
        MemoryStore other = new MemoryStore();
        ClusterIdentity twin = new ClusterIdentity(UUID.randomUUID(), "twin", CLUSTER.shards());
        Repository.init(other, key, twin, CREATED).documents().put("cut", "one", new byte[300]);
        ObjectName name = Names.document("cut", "one");
        store.objects.put(name, other.objects.get(name));
        assertThatThrownBy(() -> repository.documents().get("cut", "one")).isInstanceOf(ObjectDamagedException.class);
    }

    @Test
    void walPiecesThatOverlapAndDifferAreFound() throws IOException {
        long start = 0x2000_0000L + 10_000;
        repository
                .wal()
                .write(
                        new WalRange(NORTH, 1, start, start + 3000),
                        ByteBuffer.wrap(ObjectStoreContract.random(9, 3000)));
        assertThat(verify()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.DAMAGE);
            assertThat(finding.object())
                    .isEqualTo(Names.wal(1, 1, start, start + 3000).value());
        });
    }
}
