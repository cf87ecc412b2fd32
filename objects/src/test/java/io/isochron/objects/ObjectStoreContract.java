package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@link ObjectStore} promises; every store and every decorator of one has a subclass. */
public abstract class ObjectStoreContract {
    /** A new, empty store. */
    protected abstract ObjectStore store() throws IOException;

    public static ObjectName name(String text) {
        return new ObjectName(text);
    }

    public static long seed() {
        return Long.getLong("isochron.seed", System.nanoTime());
    }

    public static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void anObjectComesBackWholeAndInParts() throws IOException {
        ObjectStore store = store();
        byte[] bytes = random(1, 100_000);
        store.create(name("a/b/c"), Content.of(bytes));
        assertThat(store.readAll(name("a/b/c"), 1 << 20)).isEqualTo(bytes);
        assertThat(store.stat(name("a/b/c"))).hasValue(new ObjectInfo(name("a/b/c"), 100_000));
        assertThat(store.readRange(name("a/b/c"), 500, 300)).isEqualTo(java.util.Arrays.copyOfRange(bytes, 500, 800));
        assertThat(store.readAll(name("a/b/c"), 10)).hasSize(11);
        assertThatThrownBy(() -> store.readRange(name("a/b/c"), 99_999, 2)).isInstanceOf(EOFException.class);
        try (InputStream beyond = store.open(name("a/b/c"), 200_000, 5)) {
            assertThat(beyond.read()).isEqualTo(-1);
        }
    }

    @Test
    void anEmptyObjectIsAnObject() throws IOException {
        ObjectStore store = store();
        store.create(name("empty"), Content.of(new byte[0]));
        assertThat(store.readAll(name("empty"), 1)).isEmpty();
        assertThat(store.stat(name("empty"))).isPresent();
    }

    @Test
    void whatExistsIsNeverReplaced() throws IOException {
        ObjectStore store = store();
        store.create(name("x"), Content.of(new byte[] {1}));
        assertThatThrownBy(() -> store.create(name("x"), Content.of(new byte[] {1})))
                .isInstanceOfSatisfying(
                        ObjectExistsException.class, e -> assertThat(e.name()).isEqualTo(name("x")));
        assertThatThrownBy(() -> store.create(name("x"), Content.of(new byte[] {2})))
                .isInstanceOf(ObjectExistsException.class);
        assertThat(store.readAll(name("x"), 10)).containsExactly(1);
    }

    @Test
    void repairPutsRightBytesInTheirPlace() throws IOException {
        ObjectStore store = store();
        store.create(name("a/b"), Content.of(new byte[] {1, 2, 3}));
        store.replace(name("a/b"), Content.of(new byte[] {4, 5}));
        assertThat(store.readAll(name("a/b"), 10)).containsExactly(4, 5);
        assertThat(store.stat(name("a/b"))).hasValue(new ObjectInfo(name("a/b"), 2));
        store.replace(name("c/d"), Content.of(new byte[] {6}));
        assertThat(store.readAll(name("c/d"), 10)).containsExactly(6);
        assertThatThrownBy(() -> store.create(name("a/b"), Content.of(new byte[1])))
                .isInstanceOf(ObjectExistsException.class);
        assertThatThrownBy(() -> store.replace(name("a/b"), halfway())).isInstanceOf(IOException.class);
        assertThat(store.readAll(name("a/b"), 10)).containsExactly(4, 5);
        try (Stream<ObjectInfo> all = store.list("", null)) {
            assertThat(all).extracting(info -> info.name().value()).containsExactly("a/b", "c/d");
        }
    }

    @Test
    void whatIsNotThereIsSaidToBeAbsent() throws IOException {
        ObjectStore store = store();
        store.create(name("a/b"), Content.of(new byte[1]));
        for (String absent : List.of("c", "a", "a/c", "a/b2", "d/e/f")) {
            assertThat(store.stat(name(absent))).isEmpty();
            assertThatThrownBy(() -> store.readAll(name(absent), 1)).isInstanceOf(ObjectNotFoundException.class);
            assertThatThrownBy(() -> store.delete(name(absent))).isInstanceOf(ObjectNotFoundException.class);
        }
    }

    @Test
    void aDeletedObjectIsAbsentAndItsNameIsFree() throws IOException {
        ObjectStore store = store();
        store.create(name("a/b"), Content.of(new byte[1]));
        store.delete(name("a/b"));
        assertThat(store.stat(name("a/b"))).isEmpty();
        store.create(name("a/b"), Content.of(new byte[2]));
        assertThat(store.readAll(name("a/b"), 10)).hasSize(2);
    }

    @Test
    void listingsAreSortedAndHonourPrefixAndStart() throws IOException {
        long seed = seed();
        Random random = new Random(seed);
        ObjectStore store = store();
        TreeMap<ObjectName, Integer> expected = new TreeMap<>();
        String alphabet = "ab0-.";
        for (int i = 0; i < 200; i++) {
            StringBuilder text = new StringBuilder();
            int depth = 1 + random.nextInt(3);
            for (int d = 0; d < depth; d++) {
                text.append(d == 0 ? "" : "/").append("ab0".charAt(random.nextInt(3)));
                for (int c = random.nextInt(3); c > 0; c--) {
                    text.append(alphabet.charAt(random.nextInt(alphabet.length())));
                }
                // no object has the name of another's folder
                text.append(d == depth - 1 ? "z" : "y");
            }
            ObjectName name = name(text.toString());
            if (expected.putIfAbsent(name, i) == null) {
                store.create(name, Content.of(new byte[i]));
            }
        }
        List<ObjectName> names = new ArrayList<>(expected.keySet());
        for (int i = 0; i < 300; i++) {
            String any = names.get(random.nextInt(names.size())).value();
            String prefix = any.substring(0, random.nextInt(any.length() + 1));
            ObjectName after = switch (random.nextInt(3)) {
                case 0 -> null;
                case 1 -> names.get(random.nextInt(names.size()));
                default -> name(names.get(random.nextInt(names.size())).value() + random.nextInt(2));
            };
            List<ObjectInfo> wanted = expected.entrySet().stream()
                    .filter(entry -> entry.getKey().value().startsWith(prefix))
                    .filter(entry -> after == null || entry.getKey().compareTo(after) > 0)
                    .map(entry -> new ObjectInfo(entry.getKey(), entry.getValue()))
                    .toList();
            try (Stream<ObjectInfo> listed = store.list(prefix, after)) {
                assertThat(listed)
                        .as("seed %d, prefix '%s', after %s", seed, prefix, after)
                        .containsExactlyElementsOf(wanted);
            }
        }
    }

    @Test
    void ofManyThatCreateOneNameExactlyOneWins() throws Exception {
        ObjectStore store = store();
        int writers = 8;
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            for (int round = 0; round < 20; round++) {
                ObjectName contested = name("race/" + round);
                CountDownLatch start = new CountDownLatch(1);
                List<Future<Boolean>> results = new ArrayList<>();
                for (int writer = 0; writer < writers; writer++) {
                    byte[] mine = random(writer, 10_000);
                    Callable<Boolean> task = () -> {
                        start.await();
                        try {
                            store.create(contested, Content.of(mine));
                            return true;
                        } catch (ObjectExistsException e) {
                            return false;
                        }
                    };
                    results.add(threads.submit(task));
                }
                start.countDown();
                int winner = -1;
                for (int writer = 0; writer < writers; writer++) {
                    if (results.get(writer).get()) {
                        assertThat(winner).isEqualTo(-1);
                        winner = writer;
                    }
                }
                assertThat(store.readAll(contested, 1 << 20)).isEqualTo(random(winner, 10_000));
            }
        }
    }

    @Test
    void contentThatFailsHalfwayLeavesNothing() throws IOException {
        ObjectStore store = store();
        assertThatThrownBy(() -> store.create(name("a/half"), halfway())).isInstanceOf(IOException.class);
        assertThat(store.stat(name("a/half"))).isEmpty();
        try (Stream<ObjectInfo> all = store.list("", null)) {
            assertThat(all).isEmpty();
        }
        store.create(name("a/half"), Content.of(new byte[1]));
    }

    private static Content halfway() {
        return new Content() {
            @Override
            public long bytes() {
                return 200_000;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(random(3, 100_000));
                throw new IOException("the source went away");
            }
        };
    }

    @Test
    void namesThatCouldLeaveAFolderAreNoNames() {
        for (String text :
                List.of("", "/a", "a/", "a//b", "..", "a/../b", ".tmp", "a/.b", "A", "a b", "a\\b", "a\0", "é")) {
            assertThatThrownBy(() -> new ObjectName(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
