package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.ObjectLock.Mode;
import io.isochron.objects.VersionedS3.Quirk;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;

/** Object Lock on a stand-in; {@link S3EndpointTest} runs most of this on a real store. */
class S3LocksTest {
    private static final ObjectLock LOCK = new ObjectLock(Mode.GOVERNANCE, Duration.ofDays(30));
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static VersionedS3 server;
    private static VersionedS3 shortPages;

    @BeforeAll
    static void start() throws IOException {
        server = new VersionedS3();
        shortPages = new VersionedS3(Quirk.SHORT_PAGES);
    }

    @AfterAll
    static void stop() {
        server.close();
        shortPages.close();
    }

    private static S3Store store(S3Settings settings) throws IOException {
        return new S3Store(
                TestS3.client(settings), settings, name -> name.value().startsWith("lease/"), InstantSource.system());
    }

    @Nested
    class Locks extends LockContract {
        @Override
        S3Settings fresh() {
            return server.settings("lock-" + NUMBER.incrementAndGet());
        }

        @Override
        S3Client client(S3Settings settings) throws IOException {
            return TestS3.client(settings);
        }
    }

    @Nested
    class LocksWithShortPages extends LockContract {
        @Override
        S3Settings fresh() {
            return shortPages.settings("lock-" + NUMBER.incrementAndGet());
        }

        @Override
        S3Client client(S3Settings settings) throws IOException {
            return TestS3.client(settings);
        }
    }

    /** The contract of every store, on versions; nothing is locked, since the contract removes what it made. */
    @Nested
    class Contract extends ObjectStoreContract {
        @Override
        protected ObjectStore store() throws IOException {
            S3Settings settings =
                    server.settings("contract-" + NUMBER.incrementAndGet()).locking(LOCK);
            return new S3Store(TestS3.client(settings), settings, _ -> true, InstantSource.system());
        }
    }

    private VersionedS3 own;

    @AfterEach
    void stopOwn() {
        if (own != null) {
            own.close();
        }
    }

    private S3Store own(Quirk... quirks) throws IOException {
        own = new VersionedS3(quirks);
        return store(own.settings("").locking(LOCK));
    }

    @Test
    void aBucketWithoutObjectLockIsRefusedBeforeAnythingIsCreated() throws IOException {
        S3Store store = own(Quirk.NO_OBJECT_LOCK);
        assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[1])))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("takes no object with a lock")
                .hasMessageContaining("hint: Object Lock must be enabled");
        assertThatThrownBy(() -> store.replace(name("a"), Content.of(new byte[1])))
                .isInstanceOf(StoreException.class);
        assertThat(own.keysByLock().get(false)).containsExactly(S3Store.PROBE);
    }

    @Test
    void aStoreThatForgetsLocksIsRefusedBeforeAnythingIsCreated() throws IOException {
        S3Store store = own(Quirk.LOCKS_ARE_IGNORED);
        assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[1])))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("took an object with a lock and shows none");
        assertThat(own.keysByLock().get(false)).allMatch(key -> key.startsWith(".isochron/"));
    }

    @Test
    void whereAPolicyForbidsToOverwriteAndToDeleteObjectsAreCreatedAndExist() throws IOException {
        S3Store store = own(Quirk.WRITE_ONCE);
        store.create(name("a"), Content.of(new byte[1]));
        S3Store again = store(own.settings("").locking(LOCK));
        assertThatThrownBy(() -> again.create(name("a"), Content.of(new byte[2])))
                .isInstanceOf(ObjectExistsException.class);
        again.create(name("b"), Content.of(new byte[2]));
        assertThat(again.stat(name("a"))).hasValue(new ObjectInfo(name("a"), 1));
        assertThatThrownBy(() -> again.replace(name("a"), Content.of(new byte[3])))
                .isInstanceOf(StoreRefusedException.class);
        assertThat(own.keysByLock().get(true)).contains("a", "b");
    }

    @Test
    void theDecoratorsOfABucketPassLocksOn() throws IOException {
        S3Settings settings =
                server.settings("around-" + NUMBER.incrementAndGet()).locking(LOCK);
        try (ObjectStore inner = store(settings);
                ObjectStore store = new LazyStore("lazy", () -> new Stores().around(new Place.S3(settings), inner))) {
            store.create(name("a"), Content.of(new byte[] {1}));
            assertThat(store.renew(name("a"))).isEqualTo(Renewal.LONG_ENOUGH);
            assertThat(store.lockedUntil(name("a"))).isPresent();
            assertThatThrownBy(() -> store.delete(name("a"))).isInstanceOf(ObjectLockedException.class);
            inner.replace(name("a"), Content.of(new byte[] {2}));
            byte[] read = store.read(name("a"), 10, bytes -> {
                if (bytes[0] != 1) {
                    throw new ObjectDamagedException(name("a"), "another byte");
                }
                return bytes;
            });
            assertThat(read).containsExactly(1);
            AtomicInteger found = new AtomicInteger();
            store.findTampered("", _ -> found.incrementAndGet());
            assertThat(found).hasValue(1);
        }
    }

    @Test
    void aCopyThatLocksKeepsAllCopiesFromBeingRemoved() throws Exception {
        Map<String, ObjectStore> copies = copies(LOCK);
        try (ReplicatedStore store = replicated(copies)) {
            store.create(name("a"), Content.of(new byte[] {1}));
            store.create(name("lease/x"), Content.of(new byte[] {1}));
            assertThat(store.lockedUntil(name("a"))).isPresent();
            assertThatThrownBy(() -> store.delete(name("a"))).isInstanceOf(ObjectLockedException.class);
            for (ObjectStore copy : copies.values()) {
                assertThat(copy.stat(name("a"))).isPresent();
            }
            store.delete(name("lease/x"));
            try (Stream<ObjectInfo> all = store.list("", null)) {
                assertThat(all).hasSize(1);
            }
        }
    }

    @Test
    void locksAreRenewedInEveryCopyThatHasThem() throws Exception {
        int number = NUMBER.get();
        try (ReplicatedStore store = replicated(copies(LOCK))) {
            store.create(name("a"), Content.of(new byte[] {1}));
            assertThat(store.renew(name("a"))).isEqualTo(Renewal.LONG_ENOUGH);
        }
        NUMBER.set(number);
        Map<String, ObjectStore> longer = copies(new ObjectLock(Mode.GOVERNANCE, Duration.ofDays(300)));
        longer.get("without").create(name("a"), Content.of(new byte[] {1}));
        try (ReplicatedStore store = replicated(longer)) {
            assertThat(store.renew(name("a"))).isEqualTo(Renewal.EXTENDED);
            for (String copy : new String[] {"one", "other"}) {
                assertThat(longer.get(copy).lockedUntil(name("a")).orElseThrow())
                        .isAfter(Instant.now().plus(Duration.ofDays(299)));
            }
        }
    }

    /** Of three copies two lock. */
    private static Map<String, ObjectStore> copies(ObjectLock lock) throws IOException {
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        copies.put("without", new MemoryStore());
        for (String name : new String[] {"one", "other"}) {
            copies.put(
                    name,
                    store(server.settings("copy-" + NUMBER.incrementAndGet()).locking(lock)));
        }
        return copies;
    }

    private static ReplicatedStore replicated(Map<String, ObjectStore> copies) {
        return new ReplicatedStore(copies, 3, null, _ -> true, ReplicatedStore.Role.WRITER, CopyListener.NONE);
    }
}
