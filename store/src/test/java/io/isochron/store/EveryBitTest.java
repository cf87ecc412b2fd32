package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.CopyListener;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.objects.StoreException;
import io.isochron.store.AuditEntry.Actor;
import io.isochron.store.Finding.Severity;
import io.isochron.store.RepositoryCopies.CopyFinding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every damage there can be to a repository that has a few small objects of every kind, one at a time.
 *
 * <p>Exhaustive, in one store: every bit of every object flipped and every length it can be cut off at, held against the check with which copies are read and repaired and objects authenticated
 * ({@link Repository#check}); every deletion and every swap of two objects, held against a whole verification. Exhaustive in two copies: every deletion in either, and every swap in the first, each found,
 * named and repaired byte for byte. <em>Not</em> exhaustive: bits and lengths held against a whole verification, and in two copies found, named and repaired; of these one bit is flipped in each {@link #STEP}th
 * byte, every {@link #STEP}th length is cut off. {@code -Disochron.exhaustive=true} takes every byte and length for these, too, which takes minutes.
 */
class EveryBitTest {
    private static final String NORTH = CLUSTER.shards().getFirst().name();
    private static final int STEP = Boolean.getBoolean("isochron.exhaustive") ? 1 : 16;

    @TempDir
    Path directory;

    private final MemoryStore near = new MemoryStore();
    private final MemoryStore far = new MemoryStore();
    private final ReplicatedStore both = open(Role.WRITER);
    private final ReplicatedStore reader = open(Role.READER);
    private RepositoryKey key;
    private Repository repository;
    private Map<ObjectName, byte[]> whole;
    private String snapshot;

    private ReplicatedStore open(Role role) {
        Map<String, MemoryStore> copies = new LinkedHashMap<>();
        copies.put("near", near);
        copies.put("far", far);
        return RepositoryCopies.of(copies, 2, role, CopyListener.NONE);
    }

    @BeforeEach
    void fillARepository() throws Exception {
        KeyFile file = new KeyFile(directory.resolve("key"), null);
        Repository made = Repository.init(both, file.create(), CLUSTER, CREATED);
        piece(made, 0);
        KeyRotation.run(file, made, CREATED, "test");
        key = file.load();
        Repository rotated = Repository.open(both, key);
        piece(rotated, 1);
        piece(rotated, 2);
        rotated.timelineHistories()
                .put(NORTH, 2, "1\t0/20000060\tno reason\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (int number = 0; number < 3; number++) {
            rotated.chronicle().append(NORTH, number + 1, noise(number, 40));
            rotated.ledger().append(NORTH, number, noise(number, 40));
            rotated.audit()
                    .append(
                            CREATED,
                            new Actor("a", "b", "c", "d"),
                            "test",
                            List.of(),
                            AuditEntry.Event.BEGUN,
                            null,
                            null,
                            "");
        }
        rotated.ledger().appendPart(NORTH, 3, 1, noise(9, 40));
        rotated.ledger().appendRollup(NORTH, LedgerStore.Rollup.HOUR, 490_000, noise(10, 40));
        rotated.ledger().appendRollup(NORTH, LedgerStore.Rollup.DAY, 20_000, noise(11, 40));
        ShardIdentity west = new ShardIdentity("west-customers", "7300000000000000003", 17, 16 << 20);
        rotated.changeMembership(MembershipChange.Kind.ANNOUNCED, west, CREATED, null);
        rotated.changeMembership(MembershipChange.Kind.WITHDRAWN, west, CREATED, null);
        for (int record = 0; record < 2; record++) {
            rotated.keepOnly(new RetentionRecord(
                    record,
                    CREATED,
                    "test",
                    RetentionPromise.of(Duration.ofDays(1)),
                    CREATED,
                    null,
                    Map.of(),
                    List.of(),
                    List.of(),
                    Map.of()));
        }
        rotated.leases()
                .take(
                        "expire",
                        LeaseHolder.self("host", "test"),
                        Duration.ofMinutes(1),
                        "",
                        InstantSource.fixed(CREATED))
                .close();
        for (int record = 0; record < 2; record++) {
            rotated.scrubs()
                    .append(new ScrubRecord(
                            record, 1, CREATED, CREATED, "", "audit/x", List.of(""), 1, 1, 0, List.of()));
        }
        rotated.documents().put("cut", "one", noise(12, 40));
        try (SnapshotWriter writer = rotated.snapshots().begin(CREATED, new SnapshotOptions(1, 64 << 10))) {
            for (ShardIdentity shard : CLUSTER.shards()) {
                ShardSnapshotWriter part = writer.shard(shard.name());
                part.file("base/1", 0600, 0, 100, new ByteArrayInputStream(noise(13, 100)));
                boolean first = shard.name().equals(NORTH);
                part.finish(1, first ? 0x2000_0000L : 0, first ? 0x2000_0020L : 0, "");
            }
            snapshot = writer.id();
            writer.publish("");
        }
        repository = Repository.open(near, key);
        whole = new TreeMap<>(near.objects);
        assertThat(verify()).isEmpty();
        assertSame();
        assertEveryKindIsThere();
    }

    @AfterEach
    void close() throws IOException {
        both.close();
        reader.close();
    }

    private static void piece(Repository repository, int number) throws IOException {
        long start = 0x2000_0000L + number * 0x30L;
        repository.wal().write(new WalRange(NORTH, 1, start, start + 0x30), ByteBuffer.wrap(noise(number, 0x30)));
    }

    private static byte[] noise(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private void assertEveryKindIsThere() throws IOException {
        Set<ObjectKind> kinds = EnumSet.noneOf(ObjectKind.class);
        SealedStore sealed = new SealedStore(near, key, RepositoryHeader.read(near, key));
        for (ObjectName name : whole.keySet()) {
            if (!name.equals(Names.HEADER)) {
                byte code = sealed.readPayload(name)[4];
                Arrays.stream(ObjectKind.values())
                        .filter(kind -> kind.code == code)
                        .forEach(kinds::add);
            }
        }
        assertThat(kinds).isEqualTo(EnumSet.allOf(ObjectKind.class));
    }

    /** What a removal of which cannot be seen in one store: docs/repository-format.md, "What verification can and cannot see". Each is there for its reason, and there are no others. */
    private Map<ObjectName, String> blindSpots() {
        Map<ObjectName, String> spots = new LinkedHashMap<>();
        spots.put(Names.wal(1, 1, 0x2000_0060L, 0x2000_0090L), "the newest WAL object");
        spots.put(Names.history(1, 2), "a history");
        spots.put(Names.chronicle(1, 1), "the oldest chronicle segment");
        spots.put(Names.chronicle(1, 3), "the newest chronicle segment");
        spots.put(Names.ledger(1, 0), "the oldest ledger entry");
        spots.put(Names.ledger(1, 2), "the newest ledger entry");
        spots.put(Names.part(1, 3, 1), "a part of a minute");
        spots.put(Names.rollup(1, LedgerStore.Rollup.HOUR.folder, 490_000), "a roll-up");
        spots.put(Names.rollup(1, LedgerStore.Rollup.DAY.folder, 20_000), "a roll-up");
        spots.put(Names.document("cut", "one"), "a document");
        spots.put(Names.scrub(1), "the newest record of a scrub");
        for (ObjectName name : whole.keySet()) {
            if (name.value().startsWith(Names.LEASES)) {
                spots.put(name, "a step of a lease, which goes when it is over");
            }
        }
        return spots;
    }

    private List<Finding> verify() throws IOException {
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, findings::add);
        return findings;
    }

    private static Set<String> named(List<Finding> findings) {
        Set<String> names = new TreeSet<>();
        findings.stream()
                .filter(finding -> finding.severity() != Severity.NOTICE)
                .forEach(finding -> names.add(finding.object()));
        return names;
    }

    /** Bytes that do not belong there must not pass, whatever the reason; the error names the object. */
    private void assertRefused(ObjectName name, byte[] bytes, int at) {
        try {
            repository.check(name).open(bytes);
        } catch (ObjectDamagedException e) {
            assertThat(e.name()).isEqualTo(name);
            return;
        } catch (StoreException e) {
            // what is wrong with a header may make it another's, or one of no repository
            assertThat(name).isEqualTo(Names.HEADER);
            return;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError(name + " was taken for whole, changed at " + at);
    }

    @Test
    void everyBitOfEveryObjectCounts() {
        long bits = 0;
        for (Map.Entry<ObjectName, byte[]> object : whole.entrySet()) {
            byte[] bytes = object.getValue().clone();
            for (int bit = 0; bit < 8 * bytes.length; bit++) {
                bytes[bit / 8] ^= (byte) (1 << bit % 8);
                assertRefused(object.getKey(), bytes, bit / 8);
                bytes[bit / 8] ^= (byte) (1 << bit % 8);
                bits++;
            }
        }
        assertThat(bits).isGreaterThan(40_000);
        System.out.println(whole.size() + " objects, " + bits + " bits");
    }

    @Test
    void everyLengthThatAnObjectCanBeCutOffAtIsSeen() {
        for (Map.Entry<ObjectName, byte[]> object : whole.entrySet()) {
            for (int length = 0; length < object.getValue().length; length++) {
                assertRefused(object.getKey(), Arrays.copyOf(object.getValue(), length), length);
            }
        }
    }

    @Test
    void verificationNamesTheObjectThatWasChangedOrCutOff() throws IOException {
        for (Map.Entry<ObjectName, byte[]> object : whole.entrySet()) {
            for (int at = 0; at < object.getValue().length; at += STEP) {
                near.objects.put(object.getKey(), flipped(object.getValue(), at));
                assertThat(named(verify()))
                        .as("%s, byte %d", object.getKey(), at)
                        .contains(object.getKey().value());
                near.objects.put(object.getKey(), Arrays.copyOf(object.getValue(), at));
                assertThat(named(verify()))
                        .as("%s, cut off at %d", object.getKey(), at)
                        .contains(object.getKey().value());
            }
            near.objects.put(object.getKey(), object.getValue());
        }
    }

    private static byte[] flipped(byte[] bytes, int at) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << at / STEP % 8);
        return flipped;
    }

    @Test
    void everyDeletedObjectIsNamedButThoseToWhichNothingRefers() throws IOException {
        Map<ObjectName, String> spots = blindSpots();
        assertThat(whole.keySet()).containsAll(spots.keySet());
        for (Map.Entry<ObjectName, byte[]> object : whole.entrySet()) {
            near.objects.remove(object.getKey());
            Set<String> named = named(verify());
            if (spots.containsKey(object.getKey())) {
                assertThat(named)
                        .as("%s: %s", object.getKey(), spots.get(object.getKey()))
                        .isEmpty();
            } else if (object.getKey().equals(Names.snapshot(snapshot))) {
                // looks like one that never was published, which is worth a notice
                assertThat(named).isEmpty();
                assertThat(verify())
                        .singleElement()
                        .satisfies(finding -> assertThat(finding.object())
                                .isEqualTo(object.getKey().value()));
            } else {
                assertThat(named)
                        .as("%s", object.getKey())
                        .anySatisfy(name -> assertThat(name).startsWith(sameBeginning(object.getKey())));
            }
            near.objects.put(object.getKey(), object.getValue());
        }
    }

    /** A hole in WAL is named by its beginning; the first piece is named by what a snapshot needs. */
    private static String sameBeginning(ObjectName name) {
        return name.value().startsWith("wal/")
                ? name.value().substring(0, name.value().lastIndexOf('-'))
                : name.value();
    }

    @Test
    void everyTwoObjectsThatWereSwappedAreNamed() throws IOException {
        List<ObjectName> names = List.copyOf(whole.keySet());
        for (int one = 0; one < names.size(); one++) {
            for (int two = one + 1; two < names.size(); two++) {
                swap(near, names.get(one), names.get(two));
                assertThat(named(verify()))
                        .contains(names.get(one).value(), names.get(two).value());
                swap(near, names.get(one), names.get(two));
            }
        }
    }

    private static void swap(MemoryStore store, ObjectName one, ObjectName two) {
        byte[] first = store.objects.get(one);
        store.objects.put(one, store.objects.get(two));
        store.objects.put(two, first);
    }

    /** Verifies both copies, expects that these objects of one copy and nothing of the other are named, repairs, and expects that both copies are what they were. */
    private void assertRepaired(String copy, Set<ObjectName> damaged, Object what) throws IOException {
        List<CopyFinding> found = new ArrayList<>();
        RepositoryCopies.verify(reader, key, VerifyScope.ALL, found::add);
        Set<String> named = new TreeSet<>();
        for (CopyFinding finding : found) {
            assertThat(finding.copy()).as("%s of %s: %s", what, damaged, found).isEqualTo(copy);
            named.add(finding.finding().object());
        }
        damaged.forEach(name -> assertThat(named).as("%s", what).contains(name.value()));
        List<Finding> outcome = new ArrayList<>();
        RepositoryCopies.repair(reader, key, found, SegmentCheck.NONE, outcome::add);
        for (ObjectName name : damaged) {
            assertThat(outcome).as("%s", what).anySatisfy(one -> {
                assertThat(one.object()).isEqualTo(name.value());
                assertThat(one.severity()).isEqualTo(Severity.NOTICE);
            });
        }
        assertSame();
    }

    private void assertSame() {
        for (MemoryStore copy : List.of(near, far)) {
            assertThat(copy.objects.keySet()).isEqualTo(whole.keySet());
            whole.forEach((name, bytes) -> assertThat(Arrays.equals(copy.objects.get(name), bytes))
                    .as("%s", name)
                    .isTrue());
        }
    }

    @Test
    void inTwoCopiesWhatWasChangedOrCutOffIsNamedAndRepaired() throws IOException {
        for (Map.Entry<ObjectName, byte[]> object : whole.entrySet()) {
            for (int at = 0; at < object.getValue().length; at += 2 * STEP) {
                near.objects.put(object.getKey(), flipped(object.getValue(), at));
                assertRepaired("near", Set.of(object.getKey()), "byte " + at);
                far.objects.put(object.getKey(), Arrays.copyOf(object.getValue(), at));
                assertRepaired("far", Set.of(object.getKey()), "length " + at);
            }
        }
    }

    /** These do not authenticate either; but what they say must not be believed before that. */
    @Test
    void inTwoCopiesAHeaderThatSaysAnotherVersionOrKeyIsNamedAndRepaired() throws IOException {
        String header = new String(whole.get(Names.HEADER), java.nio.charset.StandardCharsets.UTF_8);
        for (String changed : List.of(
                header.replace("\"version\":1", "\"version\":5"),
                header.replaceFirst("\"key\":\"[0-9a-f]", "\"key\":\"g"))) {
            assertThat(changed).isNotEqualTo(header);
            near.objects.put(Names.HEADER, changed.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(named(verify())).containsExactly(Names.HEADER.value());
            assertRepaired("near", Set.of(Names.HEADER), changed);
        }
    }

    @Test
    void inTwoCopiesEveryDeletedObjectIsNamedAndRepairedWithoutException() throws IOException {
        for (ObjectName name : whole.keySet()) {
            near.objects.remove(name);
            assertRepaired("near", Set.of(name), "deleted");
            far.objects.remove(name);
            assertRepaired("far", Set.of(name), "deleted");
        }
    }

    @Test
    void inTwoCopiesEveryTwoObjectsThatWereSwappedAreNamedAndRepaired() throws IOException {
        List<ObjectName> names = List.copyOf(whole.keySet());
        for (int one = 0; one < names.size(); one++) {
            for (int two = one + 1; two < names.size(); two++) {
                swap(near, names.get(one), names.get(two));
                assertRepaired("near", Set.of(names.get(one), names.get(two)), "swapped");
            }
        }
    }
}
