package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.isochron.objects.ReplicatedStore.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What several copies do when one of them is away, behind, damaged or lost. */
class ReplicatedStoreTest {
    private static final ObjectName MARKER = name("marker");

    private final MemoryStore[] memory = {new MemoryStore(), new MemoryStore(), new MemoryStore()};
    private final Set<String> away = ConcurrentHashMap.newKeySet();
    private final List<String> events = Collections.synchronizedList(new ArrayList<>());
    private final List<ReplicatedStore> open = new ArrayList<>();

    private final CopyListener listener = new CopyListener() {
        @Override
        public void away(String copy, IOException cause) {
            events.add("away " + copy);
        }

        @Override
        public void caughtUp(String copy, long objects) {
            events.add("caught up " + copy);
        }

        @Override
        public void repaired(String copy, ObjectName name, String reason) {
            events.add("repaired " + name + " in " + copy);
        }
    };

    @AfterEach
    void close() throws Exception {
        away.clear();
        for (ReplicatedStore store : open) {
            store.close();
        }
    }

    /** A client of the first {@code count} copies, whose own way to a copy can be cut: {@code away} holds "client:copy" or "copy". */
    private ReplicatedStore client(String client, int count, int confirmations, Role role) {
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String copy = "c" + i;
            copies.put(copy, new FaultyStore(memory[i], (_, _) -> {
                if (away.contains(copy) || away.contains(client + ":" + copy)) {
                    throw new IOException("no route to " + copy);
                }
            }));
        }
        ReplicatedStore store =
                new ReplicatedStore(copies, confirmations, MARKER, _ -> true, role, listener, System::nanoTime);
        open.add(store);
        return store;
    }

    private ReplicatedStore filled(int count, int confirmations) throws Exception {
        ReplicatedStore store = client("w", count, confirmations, Role.WRITER);
        store.create(MARKER, Content.of(new byte[0]));
        assertThat(store.settled(Duration.ofSeconds(10))).isTrue();
        return store;
    }

    private static Content text(String text) {
        return Content.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ObjectStore store, String object) throws IOException {
        return new String(store.readAll(name(object), 100), StandardCharsets.UTF_8);
    }

    @Test
    void whoIsAwayHoldsNobodyUpAndGetsWhatItMissed() throws Exception {
        ReplicatedStore store = filled(2, 1);
        away.add("c1");
        for (int i = 0; i < 300; i++) {
            store.create(name("a/" + i), text("content " + i));
            if (i == 0) {
                await().until(() -> events.contains("away c1"));
            }
        }
        assertThat(memory[1].objects.keySet()).containsExactly(MARKER);
        away.clear();
        await().atMost(Duration.ofSeconds(20)).until(() -> events.contains("caught up c1"));
        assertThat(memory[1].objects.keySet()).isEqualTo(memory[0].objects.keySet());
        assertThat(events).startsWith("away c1");
        assertThat(store.settled(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    void aCopyThatLacksMoreThanIsNotedIsComparedWhole() throws Exception {
        ReplicatedStore store = filled(2, 1);
        away.add("c1");
        store.create(name("a/1"), text("x"));
        away.clear();
        // as after a restart: nobody knows what it missed
        memory[0].objects.put(name("b/2"), new byte[] {1});
        store.compareAll();
        await().atMost(Duration.ofSeconds(20)).until(() -> memory[1].objects.containsKey(name("b/2")));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(memory[1].objects.keySet()).isEqualTo(memory[0].objects.keySet()));
    }

    @Test
    void tooFewConfirmationsAreNoSuccess() throws Exception {
        ReplicatedStore store = filled(2, 2);
        away.add("c1");
        assertThatThrownBy(() -> store.create(name("a"), text("x")))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(StoreException.class)
                .hasMessageContaining("c1")
                .hasMessageContaining("--without-copy");
    }

    @Test
    void absenceIsCertainOnlyIfEnoughCopiesSaySo() throws Exception {
        ReplicatedStore oneConfirms = filled(2, 1);
        away.add("c1");
        // the other copy may be the one that has it
        assertThatThrownBy(() -> oneConfirms.stat(name("x")))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(StoreException.class);
        assertThatThrownBy(() -> oneConfirms.readAll(name("x"), 1)).isNotInstanceOf(StoreException.class);
        assertThatThrownBy(() -> oneConfirms.list("", null)).isInstanceOf(IOException.class);
        ReplicatedStore bothConfirm = client("r", 2, 2, Role.READER);
        assertThat(bothConfirm.stat(name("x"))).isEmpty();
        assertThatThrownBy(() -> bothConfirm.readAll(name("x"), 1)).isInstanceOf(ObjectNotFoundException.class);
        try (Stream<ObjectInfo> all = bothConfirm.list("", null)) {
            assertThat(all).hasSize(1);
        }
    }

    @Test
    void whatACopyLacksThatIsBeingFilledSaysNothing() throws Exception {
        memory[0].objects.put(MARKER, new byte[0]);
        memory[0].objects.put(name("old"), new byte[] {1});
        ReplicatedStore store = client("w", 2, 2, Role.READER);
        away.add("c0");
        assertThatThrownBy(() -> store.stat(name("old"))).isNotInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.readAll(name("old"), 1)).isNotInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.list("", null)).hasMessageContaining("filled");
    }

    @Test
    void aNewCopyIsFilledAndGetsItsMarkerLast() throws Exception {
        memory[0].objects.put(MARKER, new byte[0]);
        for (int i = 0; i < 50; i++) {
            memory[0].objects.put(name("z/" + i), new byte[] {(byte) i});
        }
        ReplicatedStore store = client("w", 2, 1, Role.WRITER);
        store.compareAll();
        await().atMost(Duration.ofSeconds(20)).until(() -> memory[1].objects.containsKey(MARKER));
        assertThat(memory[1].objects.keySet()).isEqualTo(memory[0].objects.keySet());
    }

    @Test
    void damageAndLossAreRepairedByTheReader() throws Exception {
        ReplicatedStore store = filled(3, 3);
        store.create(name("a"), text("right"));
        memory[0].objects.put(name("a"), "wrong".getBytes(StandardCharsets.UTF_8));
        memory[1].objects.remove(name("a"));
        String read = store.read(name("a"), 100, bytes -> {
            String content = new String(bytes, StandardCharsets.UTF_8);
            if (!content.equals("right")) {
                throw new ObjectDamagedException(name("a"), "it says " + content);
            }
            return content;
        });
        assertThat(read).isEqualTo("right");
        assertThat(events).contains("repaired a in c0", "repaired a in c1");
        for (MemoryStore copy : memory) {
            assertThat(copy.objects.get(name("a"))).isEqualTo("right".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void damageEverywhereIsDamageAndDamageWithACopyAwayIsUnclear() throws Exception {
        ReplicatedStore store = filled(2, 2);
        store.create(name("a"), text("right"));
        ObjectStore.Check<String> never = _ -> {
            throw new ObjectDamagedException(name("a"), "no good");
        };
        assertThatThrownBy(() -> store.read(name("a"), 100, never)).isInstanceOf(ObjectDamagedException.class);
        away.add("c1");
        assertThatThrownBy(() -> store.read(name("a"), 100, never))
                .isNotInstanceOf(StoreException.class)
                .hasMessageContaining("no good")
                .hasMessageContaining("no route");
    }

    @Test
    void anObjectOfADiedWriterIsMadeDurableBeforeItIsSeen() throws Exception {
        ReplicatedStore store = filled(2, 2);
        memory[0].objects.put(name("n/1"), new byte[] {1});
        memory[1].objects.put(name("n/2"), new byte[] {2});
        assertThat(store.stat(name("n/1"))).isPresent();
        assertThat(memory[1].objects).containsKey(name("n/1"));
        try (Stream<ObjectInfo> all = store.list("n/", null)) {
            assertThat(all).hasSize(2);
        }
        assertThat(memory[0].objects).containsKey(name("n/2"));
        memory[0].objects.put(name("n/3"), new byte[] {1});
        assertThatThrownBy(() -> store.create(name("n/3"), text("mine"))).isInstanceOf(ObjectExistsException.class);
        assertThat(memory[1].objects.get(name("n/3"))).containsExactly(1);
        // and if it cannot be made durable, it is not seen
        memory[0].objects.put(name("n/4"), new byte[] {1});
        away.add("c1");
        assertThatThrownBy(() -> store.stat(name("n/4"))).isNotInstanceOf(StoreException.class);
        assertThat(client("r", 2, 2, Role.READER).stat(name("n/4"))).isPresent();
    }

    @Test
    void ofTwoWritersThatDoNotReachEachOthersCopyTheMajoritysWins() throws Exception {
        ReplicatedStore one = filled(3, 2);
        ReplicatedStore two = client("v", 3, 2, Role.WRITER);
        away.addAll(List.of("v:c0"));
        two.create(name("x"), text("two"));
        memory[0].objects.remove(name("x"));
        assertThatThrownBy(() -> one.create(name("x"), text("one"))).isInstanceOf(ObjectExistsException.class);
        for (MemoryStore copy : memory) {
            assertThat(copy.objects.get(name("x"))).isEqualTo("two".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void withoutAMajorityTheDisagreementIsSaid() throws Exception {
        ReplicatedStore one = filled(2, 2);
        memory[1].objects.put(name("x"), "two".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> one.create(name("x"), text("one"))).isInstanceOf(CopiesDisagreeException.class);
        assertThat(text(memory[1], "x")).isEqualTo("two");
    }

    @Test
    void nothingIsDeletedWhileACopyCannotBeReached() throws Exception {
        ReplicatedStore store = filled(2, 1);
        store.create(name("x"), text("x"));
        away.add("c1");
        assertThatThrownBy(() -> store.delete(name("x"))).isNotInstanceOf(StoreException.class);
        assertThat(memory[0].objects).containsKey(name("x"));
    }

    @Test
    void manyLongObjectsAtOnceAreConfirmedByASlowCopyToo() throws Exception {
        ObjectStore slow = new FaultyStore(memory[1], (operation, _) -> {
            if (operation.equals("create")) {
                try {
                    Thread.sleep(300);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        copies.put("quick", memory[0]);
        copies.put("slow", slow);
        byte[] bytes = new byte[ReplicatedStore.TRAILING_BYTES_MAX / 2 + 1];
        for (int confirmations = 1; confirmations <= 2; confirmations++) {
            ReplicatedStore store = new ReplicatedStore(
                    copies, confirmations, null, _ -> true, Role.WRITER, CopyListener.NONE, System::nanoTime);
            open.add(store);
            String prefix = "c" + confirmations + "/";
            try (var threads = java.util.concurrent.Executors.newFixedThreadPool(5)) {
                List<java.util.concurrent.Future<?>> creates = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    ObjectName object = name(prefix + i);
                    creates.add(threads.submit(() -> {
                        store.create(object, Content.of(bytes));
                        return object;
                    }));
                }
                for (var create : creates) {
                    create.get();
                }
            }
            if (confirmations == 2) {
                assertThat(memory[1].objects.keySet())
                        .filteredOn(n -> n.value().startsWith(prefix))
                        .hasSize(5);
            }
            // what was too much to go on behind is placed when there is room
            assertThat(store.settled(Duration.ofSeconds(20))).isTrue();
            assertThat(memory[1].objects.keySet())
                    .filteredOn(n -> n.value().startsWith(prefix))
                    .hasSize(5);
        }
    }

    @Test
    void aFullStoreIsSaidToBeFull() {
        ObjectStore full = new FaultyStore(new MemoryStore(), (operation, _) -> {
            if (operation.equals("create")) {
                throw new StoreFullException("/full", 1, 2, new IOException("full"));
            }
        });
        ReplicatedStore store = new ReplicatedStore(
                Map.of("a", full), 1, null, _ -> true, Role.WRITER, CopyListener.NONE, System::nanoTime);
        open.add(store);
        assertThatThrownBy(() -> store.create(name("x"), text("x"))).isInstanceOf(StoreFullException.class);
    }

    @Test
    void whoTriesAgainWithOtherBytesIsToldOfTheEarlierOnesInsteadOfLeavingCopiesThatDisagree() throws Exception {
        ReplicatedStore store = client("w", 2, 2, Role.WRITER);
        away.add("c0");
        assertThatThrownBy(() -> store.create(name("wal"), text("sealed once"))).isNotInstanceOf(StoreException.class);
        assertThat(text(memory[1], "wal")).isEqualTo("sealed once");
        away.clear();
        // faster than what it missed is placed there
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            try {
                store.create(name("wal"), text("sealed anew"));
                return true;
            } catch (ObjectExistsException e) {
                return true;
            } catch (IOException e) {
                assertThat(e).isNotInstanceOf(CopiesDisagreeException.class);
                return false;
            }
        });
        assertThat(text(memory[0], "wal")).isEqualTo("sealed once");
        assertThat(text(memory[1], "wal")).isEqualTo("sealed once");
    }

    @Test
    void confirmationsAreBetweenOneAndTheNumberOfCopies() {
        for (int wrong : Arrays.asList(0, 3)) {
            assertThatThrownBy(() -> client("x", 2, wrong, Role.READER)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
