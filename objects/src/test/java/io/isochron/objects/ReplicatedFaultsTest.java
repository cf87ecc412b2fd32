package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.ReplicatedStore.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Random faults between two writers and two or three copies, with an oracle: what was acknowledged stays, whatever copy is lost that may be; nobody is told that it is absent; nothing is seen that was never
 * written. Size and seed: {@code -Disochron.schedules=10000 -Disochron.seed=1}.
 */
class ReplicatedFaultsTest {
    private static final int SCHEDULES = Integer.getInteger("isochron.schedules", 300);

    @Test
    void whatWasAcknowledgedStaysUnderRandomFaults() throws Exception {
        long seed = ObjectStoreContract.seed();
        long acknowledged = 0;
        for (int i = 0; i < SCHEDULES; i++) {
            acknowledged += new Schedule(seed + i).run();
        }
        System.out.printf("%d schedules from seed %d: %d creates acknowledged%n", SCHEDULES, seed, acknowledged);
        assertThat(acknowledged).isGreaterThan(SCHEDULES);
    }

    /** One run of two writers; every decision comes from the seed, but for the order in which threads come to a copy. */
    private static final class Schedule {
        private final long seed;
        private final Random random;
        private final List<MemoryStore> memory = new ArrayList<>();
        private final int confirmations;
        private final boolean[][] cut;
        private final AtomicLong clock = new AtomicLong();
        private final Map<ObjectName, byte[]> acknowledged = new TreeMap<>();
        private final Map<ObjectName, List<byte[]>> attempted = new HashMap<>();

        Schedule(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            int copies = 1 + random.nextInt(3);
            for (int i = 0; i < copies; i++) {
                memory.add(new MemoryStore());
            }
            this.confirmations = 1 + random.nextInt(copies);
            this.cut = new boolean[2][copies];
        }

        private ReplicatedStore client(int number, Role role, Set<Integer> lost, int needed) {
            Map<String, ObjectStore> copies = new LinkedHashMap<>();
            for (int i = 0; i < memory.size(); i++) {
                if (!lost.contains(i)) {
                    copies.put("c" + i, number < 0 ? memory.get(i) : new Way(number, i));
                }
            }
            return new ReplicatedStore(copies, needed, null, _ -> true, role, CopyListener.NONE, clock::get);
        }

        int run() throws Exception {
            try (ReplicatedStore one = client(0, Role.WRITER, Set.of(), confirmations);
                    ReplicatedStore two = client(1, Role.WRITER, Set.of(), confirmations)) {
                for (int step = 0; step < 60; step++) {
                    step(random.nextInt(4) == 0 ? two : one);
                }
            }
            heal();
            check(Set.of(), confirmations);
            for (int copy = 0; copy < memory.size() && confirmations > 1; copy++) {
                check(Set.of(copy), confirmations - 1);
            }
            return acknowledged.size();
        }

        private boolean majority() {
            return confirmations > memory.size() / 2;
        }

        private void heal() {
            for (boolean[] ways : cut) {
                java.util.Arrays.fill(ways, false);
            }
            clock.addAndGet(Duration.ofMinutes(5).toNanos());
        }

        private void step(ReplicatedStore store) throws IOException {
            clock.addAndGet(random.nextLong(Duration.ofSeconds(2).toNanos()));
            if (random.nextInt(6) == 0) {
                boolean[] ways = cut[random.nextInt(2)];
                int way = random.nextInt(ways.length);
                ways[way] = !ways[way];
            }
            ObjectName name = name("o/" + random.nextInt(40));
            switch (random.nextInt(5)) {
                case 0, 1 -> create(store, name);
                case 2 -> stat(store, name);
                case 3 -> read(store, name);
                default -> list(store);
            }
        }

        private void create(ReplicatedStore store, ObjectName name) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            attempted.computeIfAbsent(name, _ -> new ArrayList<>()).add(bytes);
            try {
                store.create(name, Content.of(bytes));
                if (majority()) {
                    assertThat(acknowledged)
                            .as("seed %d: %s was created twice", seed, name)
                            .doesNotContainKey(name);
                }
                acknowledged.putIfAbsent(name, bytes);
            } catch (IOException e) {
                // refused or unclear: either may have left the object somewhere
            }
        }

        private void stat(ReplicatedStore store, ObjectName name) {
            try {
                boolean absent = store.stat(name).isEmpty();
                assertThat(absent && acknowledged.containsKey(name))
                        .as("seed %d: %s", seed, name)
                        .isFalse();
            } catch (IOException e) {
                // cannot tell
            }
        }

        private void read(ReplicatedStore store, ObjectName name) {
            try {
                right(name, store.readAll(name, 1000));
            } catch (ObjectNotFoundException e) {
                assertThat(acknowledged).as("seed %d", seed).doesNotContainKey(name);
            } catch (IOException e) {
                // cannot tell
            }
        }

        private void right(ObjectName name, byte[] bytes) {
            if (acknowledged.containsKey(name) && majority()) {
                assertThat(bytes).as("seed %d: %s", seed, name).isEqualTo(acknowledged.get(name));
            } else {
                assertThat(attempted.get(name)).as("seed %d: %s", seed, name).contains(bytes);
            }
        }

        private void list(ReplicatedStore store) {
            Set<ObjectName> seen = new HashSet<>();
            try (Stream<ObjectInfo> all = store.list("", null)) {
                all.forEach(info -> seen.add(info.name()));
            } catch (IOException | UncheckedIOException e) {
                return;
            }
            assertThat(seen).as("seed %d", seed).containsAll(acknowledged.keySet());
            assertThat(attempted.keySet()).as("seed %d", seed).containsAll(seen);
        }

        /** What a reader finds once all are reachable, some copies lost for good. */
        private void check(Set<Integer> lost, int needed) throws IOException {
            try (ReplicatedStore store = client(-1, Role.READER, lost, needed)) {
                for (ObjectName name : acknowledged.keySet()) {
                    try {
                        right(name, store.readAll(name, 1000));
                    } catch (CopiesDisagreeException e) {
                        // two writers were cut off from each other, and no majority is left that tells which of them
                        // succeeded
                        assertThat(majority() && lost.isEmpty())
                                .as("seed %d: %s", seed, name)
                                .isFalse();
                        assertThat(attempted.get(name))
                                .as("seed %d: %s", seed, name)
                                .hasSizeGreaterThan(1);
                    }
                    assertThat(store.stat(name)).as("seed %d: %s", seed, name).isPresent();
                }
                list(store);
            }
        }

        /** The way from a writer to a copy: cut for a while, or it fails once, before or after the request had its effect. */
        private final class Way extends ForwardingStore {
            private final int client;
            private final int copy;
            private int requests;

            Way(int client, int copy) {
                super(memory.get(copy));
                this.client = client;
                this.copy = copy;
            }

            private int luck() throws IOException {
                int number;
                synchronized (this) {
                    number = requests++;
                }
                int luck = new Random(seed * 31 + client * 7 + copy * 3 + number * 1_000_003L).nextInt(20);
                if (cut[client][copy] || luck == 0) {
                    throw new IOException("no way from " + client + " to " + copy);
                }
                return luck;
            }

            @Override
            public void create(ObjectName name, Content content) throws IOException {
                int luck = luck();
                super.create(name, content);
                if (luck == 1) {
                    throw new IOException("the acknowledgement was lost");
                }
            }

            @Override
            public java.util.Optional<ObjectInfo> stat(ObjectName name) throws IOException {
                luck();
                return super.stat(name);
            }

            @Override
            public java.io.InputStream open(ObjectName name, long offset, long length) throws IOException {
                luck();
                return super.open(name, offset, length);
            }

            @Override
            public Stream<ObjectInfo> list(String prefix, ObjectName startAfter) throws IOException {
                luck();
                return super.list(prefix, startAfter);
            }
        }
    }
}
