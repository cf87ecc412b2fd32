package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FaultyScheduleStore.Crash;
import io.isochron.objects.FaultyScheduleStore.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Under random schedules of faults no acknowledged byte is lost and no torn object becomes visible. Two writers with faulty stores of their own share one store, and are started again when they
 * crash. {@code -Disochron.schedules=10000} for many; a failure prints its seed for {@code -Disochron.seed=}.
 */
class RandomFaultsTest {
    private static final int STEPS = 40;
    private static final RetryPolicy POLICY =
            new RetryPolicy(Duration.ofMillis(50), Duration.ofSeconds(2), Duration.ofSeconds(20));

    @TempDir
    Path directory;

    private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);
    private int acknowledged;
    private int unclear;
    private int refused;

    @Test
    void noAcknowledgedByteIsLostAndNoTornObjectBecomesVisible() throws Exception {
        int schedules = Integer.getInteger("isochron.schedules", 200);
        long first = ObjectStoreContract.seed();
        for (int i = 0; i < schedules; i++) {
            long seed = first + i;
            // a tenth on real files, which are slower
            if (i % 10 == 0) {
                Path folder = Files.createDirectory(directory.resolve("s" + i));
                schedule(FileSystemStore.create(folder.resolve("store")), seed);
            } else {
                schedule(new MemoryStore(), seed);
            }
        }
        System.out.println(schedules + " schedules from seed " + first + ": " + acknowledged + " creates acknowledged, "
                + unclear + " unclear, " + refused + " refused, faults " + happened);
        assertThat(happened.keySet()).as("seed %d", first).contains(Fault.values());
    }

    /** What the writers know: bytes by names, of creates that were acknowledged, and those that may or may not be there. */
    private static final class Oracle {
        final TreeMap<ObjectName, byte[]> there = new TreeMap<>();
        final Map<ObjectName, Set<byte[]>> perhaps = new HashMap<>();
    }

    private void schedule(ObjectStore real, long seed) throws IOException {
        Random random = new Random(seed);
        Map<Fault, Double> chances = new EnumMap<>(Fault.class);
        for (Fault fault : Fault.values()) {
            // an outage is longer than most waits
            double most = fault == Fault.OUTAGE ? 0.02 : 0.3;
            chances.put(fault, random.nextInt(3) == 0 ? 0 : random.nextDouble() * most);
        }
        TestTiming timing = new TestTiming();
        Oracle oracle = new Oracle();
        FaultyScheduleStore[] faulty = new FaultyScheduleStore[2];
        ObjectStore[] stores = new ObjectStore[2];
        for (int step = 0; step < STEPS; step++) {
            int writer = random.nextInt(2);
            if (stores[writer] == null) {
                faulty[writer] = new FaultyScheduleStore(real, random.nextLong(), chances, timing);
                stores[writer] = new RetryingStore(faulty[writer], POLICY, timing, new Random(random.nextLong()));
            }
            try {
                step(stores[writer], faulty[writer], real, oracle, random, seed);
            } catch (Crash e) {
                faulty[writer].happened().forEach((fault, times) -> happened.merge(fault, times, Integer::sum));
                stores[writer] = null;
            }
            check(real, oracle, seed);
        }
        for (FaultyScheduleStore store : faulty) {
            if (store != null) {
                store.happened().forEach((fault, times) -> happened.merge(fault, times, Integer::sum));
            }
        }
    }

    private void step(
            ObjectStore store, FaultyScheduleStore faulty, ObjectStore real, Oracle oracle, Random random, long seed)
            throws IOException {
        ObjectName name = new ObjectName("o/" + random.nextInt(12));
        switch (random.nextInt(4)) {
            case 0, 1 -> create(store, oracle, name, sealed(random));
            case 2 -> read(store, faulty, real, name, seed);
            default -> list(store, oracle, seed);
        }
    }

    private void create(ObjectStore store, Oracle oracle, ObjectName name, byte[] bytes) throws IOException {
        boolean taken = oracle.there.containsKey(name);
        oracle.perhaps.computeIfAbsent(name, any -> new HashSet<>()).add(bytes);
        try {
            store.create(name, Content.of(bytes));
            assertThat(taken).as("created what exists").isFalse();
            oracle.there.put(name, bytes);
            acknowledged++;
        } catch (ObjectExistsException e) {
            refused++;
        } catch (IOException e) {
            unclear++;
        }
    }

    private void read(ObjectStore store, FaultyScheduleStore faulty, ObjectStore real, ObjectName name, long seed)
            throws IOException {
        boolean there = real.stat(name).isPresent();
        int flips = flips(faulty);
        try {
            byte[] bytes = store.read(name, 1 << 16, read -> {
                if (!whole(read)) {
                    throw new ObjectDamagedException(name, "crc");
                }
                return read;
            });
            assertThat(there).as("seed %d", seed).isTrue();
            byte[] right = real.readAll(name, 1 << 16);
            assertThat(bytes).as("seed %d, %s", seed, name).isEqualTo(right);
        } catch (ObjectNotFoundException e) {
            assertThat(there).as("seed %d, %s said to be absent", seed, name).isFalse();
        } catch (ObjectDamagedException e) {
            // nothing else may give other bytes than there are
            assertThat(flips(faulty)).as("seed %d, %s", seed, name).isGreaterThan(flips);
        } catch (IOException e) {
            // gave up, and said nothing
        }
    }

    private static int flips(FaultyScheduleStore store) {
        return store.happened().getOrDefault(Fault.FLIPPED_BIT, 0);
    }

    /** A stale list may lack the newest object, and no list has what is not there or out of order. */
    private static void list(ObjectStore store, Oracle oracle, long seed) {
        try (Stream<ObjectInfo> listed = store.list("o/", null)) {
            ObjectName last = null;
            for (ObjectInfo info : (Iterable<ObjectInfo>) listed::iterator) {
                assertThat(last == null || last.compareTo(info.name()) < 0)
                        .as("seed %d", seed)
                        .isTrue();
                last = info.name();
                assertThat(oracle.perhaps).as("seed %d", seed).containsKey(info.name());
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            // gave up, and said nothing
        }
    }

    /** After every step the store itself has all that was acknowledged, and nothing that nobody wrote whole. */
    private static void check(ObjectStore real, Oracle oracle, long seed) throws IOException {
        Set<ObjectName> seen = new HashSet<>();
        try (Stream<ObjectInfo> all = real.list("", null)) {
            for (ObjectInfo info : (Iterable<ObjectInfo>) all::iterator) {
                seen.add(info.name());
                byte[] bytes = real.readAll(info.name(), 1 << 16);
                assertThat(whole(bytes))
                        .as("seed %d, %s is torn", seed, info.name())
                        .isTrue();
                byte[] right = oracle.there.get(info.name());
                if (right != null) {
                    assertThat(bytes)
                            .as("seed %d, %s was acknowledged", seed, info.name())
                            .isEqualTo(right);
                } else {
                    assertThat(oracle.perhaps.get(info.name()))
                            .as("seed %d", seed)
                            .anyMatch(some -> Arrays.equals(some, bytes));
                }
            }
        }
        assertThat(seen).as("seed %d, acknowledged and gone", seed).containsAll(oracle.there.keySet());
    }

    /** Bytes like those of no other writer, with a checksum at their end. */
    private static byte[] sealed(Random random) {
        byte[] bytes = new byte[20 + random.nextInt(500)];
        random.nextBytes(bytes);
        byte[] sum = sum(bytes);
        System.arraycopy(sum, 0, bytes, bytes.length - sum.length, sum.length);
        return bytes;
    }

    private static boolean whole(byte[] bytes) {
        return bytes.length >= 20
                && Arrays.equals(sum(bytes), Arrays.copyOfRange(bytes, bytes.length - Integer.BYTES, bytes.length));
    }

    private static byte[] sum(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, bytes.length - Integer.BYTES);
        return java.nio.ByteBuffer.allocate(Integer.BYTES)
                .putInt((int) crc.getValue())
                .array();
    }
}
