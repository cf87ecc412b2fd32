package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.isochron.objects.ObjectLock.Mode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectLockMode;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** What a bucket with Object Lock must do, and what a {@link S3Store} makes of it. The raw client is everybody else, friend or foe. */
abstract class LockContract {
    private static final Duration MONTH = Duration.ofDays(30);

    /** A part of a bucket with Object Lock that nobody used before. */
    abstract S3Settings fresh() throws IOException;

    abstract S3Client client(S3Settings settings) throws IOException;

    private S3Settings place;
    private S3Client raw;

    private S3Store store(Mode mode, InstantSource time) throws IOException {
        place = place == null ? fresh() : place;
        S3Settings settings = place.locking(new ObjectLock(mode, MONTH));
        raw = client(settings);
        return new S3Store(client(settings), settings, name -> name.value().startsWith("lease/"), time);
    }

    private S3Store store() throws IOException {
        return store(Mode.GOVERNANCE, InstantSource.system());
    }

    private HeadObjectResponse head(String name) {
        return raw.headObject(request -> request.bucket(place.bucket()).key(place.key(name)));
    }

    private void put(String name, byte[] bytes, Instant until) {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(place.bucket()).key(place.key(name));
        if (until != null) {
            request.objectLockMode(ObjectLockMode.GOVERNANCE)
                    .objectLockRetainUntilDate(until)
                    .contentMD5(md5(bytes));
        }
        raw.putObject(request.build(), RequestBody.fromBytes(bytes));
    }

    private static String md5(byte[] bytes) {
        try {
            return java.util.Base64.getEncoder()
                    .encodeToString(
                            java.security.MessageDigest.getInstance("MD5").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void hide(String name) {
        raw.deleteObject(request -> request.bucket(place.bucket()).key(place.key(name)));
    }

    private long entries(String name) {
        var all =
                raw.listObjectVersions(request -> request.bucket(place.bucket()).prefix(place.key(name)));
        return all.versions().size() + all.deleteMarkers().size();
    }

    private static List<String> list(ObjectStore store) throws IOException {
        try (Stream<ObjectInfo> all = store.list("", null)) {
            return all.map(info -> info.name() + " " + info.bytes()).toList();
        }
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static Content of(int... values) {
        return Content.of(bytes(values));
    }

    private static byte[] check(byte[] bytes) throws ObjectDamagedException {
        if (bytes.length == 0 || bytes[0] != 1) {
            throw new ObjectDamagedException(name("a"), "it does not begin with 1");
        }
        return bytes;
    }

    @Test
    void whatIsCreatedIsLockedAndWhatIsRemovedSoonIsNot() throws IOException {
        S3Store store = store();
        store.create(name("a/b"), of(1, 2));
        store.create(name("lease/x"), of(3));
        assertThat(head("a/b").objectLockMode()).isEqualTo(ObjectLockMode.GOVERNANCE);
        assertThat(head("a/b").objectLockRetainUntilDate())
                .isCloseTo(Instant.now().plus(MONTH), within(1, ChronoUnit.MINUTES));
        assertThat(head("lease/x").objectLockMode()).isNull();
        assertThat(store.lockedUntil(name("a/b"))).hasValue(head("a/b").objectLockRetainUntilDate());
        assertThat(store.lockedUntil(name("lease/x"))).isEmpty();
        assertThatThrownBy(() -> store.lockedUntil(name("b"))).isInstanceOf(ObjectNotFoundException.class);
        store.delete(name("lease/x"));
        assertThat(list(store)).containsExactly("a/b 2");
    }

    @Test
    void aLockedObjectIsNotRemovedByUsAndNothingHidesIt() throws IOException {
        for (Mode mode : Mode.values()) {
            S3Store store = store(mode, InstantSource.system());
            ObjectName name = name(mode.name().toLowerCase(java.util.Locale.ROOT));
            store.create(name, of(1));
            assertThatThrownBy(() -> store.delete(name))
                    .isInstanceOfSatisfying(
                            ObjectLockedException.class,
                            e -> assertThat(e.until())
                                    .isEqualTo(head(name.value()).objectLockRetainUntilDate()))
                    .hasMessageContaining("is locked until 2");
            assertThat(store.readAll(name, 10)).containsExactly(1);
            assertThat(entries(name.value())).isEqualTo(1);
            assertThat(head(name.value()).objectLockModeAsString()).isEqualTo(mode.name());
        }
    }

    @Test
    void anObjectWhoseLockIsOverIsRemovedWithAllThatLiesOverIt() throws Exception {
        S3Store store = store();
        store.requireWritable();
        put("a", bytes(1), Instant.now().plusSeconds(3).truncatedTo(ChronoUnit.SECONDS));
        put("a", bytes(2), null);
        hide("a");
        assertThatThrownBy(() -> store.delete(name("a"))).isInstanceOf(ObjectLockedException.class);
        assertThat(store.readAll(name("a"), 10)).containsExactly(1);
        Thread.sleep(3500);
        assertThat(store.lockedUntil(name("a"))).isEmpty();
        store.delete(name("a"));
        assertThat(entries("a")).isZero();
        assertThat(store.stat(name("a"))).isEmpty();
        assertThatThrownBy(() -> store.delete(name("a"))).isInstanceOf(ObjectNotFoundException.class);
        store.create(name("a"), of(4, 5));
        assertThat(list(store)).containsExactly("a 2");
    }

    @Test
    void aDeleteMarkerHidesNothing() throws IOException {
        S3Store store = store();
        store.create(name("a"), of(1, 2, 3));
        store.create(name("a/b"), of(4));
        hide("a");
        assertThat(store.stat(name("a"))).hasValue(new ObjectInfo(name("a"), 3));
        assertThat(store.readAll(name("a"), 10)).containsExactly(1, 2, 3);
        assertThat(store.readRange(name("a"), 1, 2)).containsExactly(2, 3);
        assertThat(list(store)).containsExactly("a 3", "a/b 1");
        assertThat(store.lockedUntil(name("a"))).isPresent();
        assertThat(store.renew(name("a"))).isEqualTo(Renewal.LONG_ENOUGH);
        assertThatThrownBy(() -> store.delete(name("a"))).isInstanceOf(ObjectLockedException.class);
        List<TamperedObject> found = new ArrayList<>();
        store.findTampered("", found::add);
        assertThat(found).containsExactly(new TamperedObject(name("a"), 1, true));
        assertThat(found.getFirst().detail()).contains("a delete marker hides");
    }

    @Test
    void anObjectThatSomebodyOverwroteIsReadAsItWasCreated() throws IOException {
        S3Store store = store();
        store.create(name("a"), of(1, 2));
        put("a", bytes(7), null);
        put("a", bytes(8, 9), null);
        assertThat(store.read(name("a"), 10, LockContract::check)).containsExactly(1, 2);
        assertThatThrownBy(() -> store.read(name("a"), 10, bytes -> {
                    throw new ObjectDamagedException(name("a"), "nothing is right");
                }))
                .isInstanceOf(ObjectDamagedException.class);
        List<TamperedObject> found = new ArrayList<>();
        store.findTampered("a", found::add);
        assertThat(found).containsExactly(new TamperedObject(name("a"), 3, false));
    }

    @Test
    void repairMakesANewVersionThatIsLockedToo() throws IOException {
        S3Store store = store();
        store.create(name("a"), of(7));
        store.replace(name("a"), of(1, 2));
        assertThat(store.readAll(name("a"), 10)).containsExactly(1, 2);
        assertThat(head("a").objectLockRetainUntilDate()).isNotNull();
        assertThat(entries("a")).isEqualTo(2);
        assertThat(list(store)).containsExactly("a 2");
    }

    @Test
    void aLockIsRenewedWhenLessThanHalfOfItIsLeftAndNeverShortened() throws IOException {
        S3Store store = store();
        store.create(name("new"), of(1));
        store.create(name("lease/x"), of(1));
        Instant soon = Instant.now().plus(Duration.ofDays(2)).truncatedTo(ChronoUnit.SECONDS);
        Instant late = Instant.now().plus(Duration.ofDays(300)).truncatedTo(ChronoUnit.SECONDS);
        put("old", bytes(1), soon);
        put("far", bytes(1), late);
        put("bare", bytes(1), null);
        assertThat(store.renew(name("new"))).isEqualTo(Renewal.LONG_ENOUGH);
        assertThat(store.renew(name("lease/x"))).isEqualTo(Renewal.NO_LOCK);
        assertThat(store.renew(name("far"))).isEqualTo(Renewal.LONG_ENOUGH);
        assertThat(head("far").objectLockRetainUntilDate()).isEqualTo(late);
        for (String name : List.of("old", "bare")) {
            assertThat(store.renew(name(name))).isEqualTo(Renewal.EXTENDED);
            assertThat(head(name).objectLockRetainUntilDate())
                    .isCloseTo(Instant.now().plus(MONTH), within(1, ChronoUnit.MINUTES));
            assertThat(store.renew(name(name))).isEqualTo(Renewal.LONG_ENOUGH);
        }
        assertThatThrownBy(() -> store.renew(name("missing"))).isInstanceOf(ObjectNotFoundException.class);
    }

    @Test
    void ofAnObjectThatAListingFoundOverwrittenEveryVersionIsRenewed() throws IOException {
        S3Store store = store();
        store.requireWritable();
        put("a", bytes(1), Instant.now().plus(Duration.ofDays(2)));
        put("a", bytes(2), Instant.now().plus(Duration.ofDays(300)));
        list(store);
        assertThat(store.renew(name("a"))).isEqualTo(Renewal.EXTENDED);
        var versions =
                raw.listObjectVersions(request -> request.bucket(place.bucket()).prefix(place.key("a")));
        assertThat(versions.versions())
                .hasSize(2)
                .allSatisfy(version -> assertThat(raw.headObject(request -> request.bucket(place.bucket())
                                        .key(place.key("a"))
                                        .versionId(version.versionId()))
                                .objectLockRetainUntilDate())
                        .isAfter(Instant.now().plus(Duration.ofDays(29))));
    }

    @Test
    void byClocksThatAreFarApartNothingIsCreated() throws IOException {
        for (Duration off : List.of(Duration.ofDays(-3000), Duration.ofMinutes(-20), Duration.ofDays(3000))) {
            S3Store store = store(Mode.COMPLIANCE, () -> Instant.now().plus(off));
            assertThatThrownBy(() -> store.create(name("a"), of(1)))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("the clock here says")
                    .hasMessageContaining("hint: set the one that is wrong");
            assertThat(entries("a")).isZero();
        }
        S3Store store = store(Mode.GOVERNANCE, () -> Instant.now().minusSeconds(600));
        store.create(name("a"), of(1));
        assertThat(head("a").objectLockRetainUntilDate())
                .isCloseTo(Instant.now().plus(MONTH), within(1, ChronoUnit.MINUTES));
    }

    @Test
    void allLocksOfWhatIsNeededAreRenewedByOneRun() throws IOException {
        S3Store store = store();
        store.requireWritable();
        for (int i = 0; i < 20; i++) {
            put("old/" + i, bytes(1), Instant.now().plus(Duration.ofDays(1 + i)));
        }
        List<ObjectName> needed = new ArrayList<>(List.of(name("missing")));
        try (Stream<ObjectInfo> all = store.list("", null)) {
            all.forEach(info -> needed.add(info.name()));
        }
        LockRenewal.Summary summary = new LockRenewal(store, 8).run(needed.stream(), () -> false);
        assertThat(summary.extended()).isBetween(14L, 15L);
        assertThat(summary.objects()).isEqualTo(21);
        assertThat(summary.missing()).isEqualTo(1);
        assertThat(new LockRenewal(store, 1).run(needed.stream(), () -> false).extended())
                .isZero();
    }
}
