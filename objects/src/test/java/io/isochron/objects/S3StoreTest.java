package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

class S3StoreTest extends ObjectStoreContract {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static TestS3 server;

    @BeforeAll
    static void start() throws Exception {
        server = new TestS3();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static S3Settings fresh() {
        return server.settings("part/of-" + NUMBER.incrementAndGet());
    }

    @Override
    protected ObjectStore store() throws IOException {
        return TestS3.store(fresh());
    }

    @Test
    void everyChecksumIsTakenByTheStore() throws IOException {
        for (S3Settings.Checksums checksums : S3Settings.Checksums.values()) {
            S3Settings base = fresh();
            S3Store store = TestS3.store(new S3Settings(
                    base.bucket(), base.prefix(), base.endpoint(), base.region(), true, checksums, null));
            byte[] bytes = random(4, 300_000);
            store.create(name("a"), Content.of(bytes));
            assertThat(store.readAll(name("a"), 1 << 20)).isEqualTo(bytes);
        }
    }

    @Test
    void aWholeBucketIsAPlaceToo() throws IOException {
        S3Store store = TestS3.store(server.settings(""));
        store.create(name("whole/bucket"), Content.of(new byte[3]));
        try (Stream<ObjectInfo> listed = store.list("whole/", null)) {
            assertThat(listed).containsExactly(new ObjectInfo(name("whole/bucket"), 3));
        }
        store.delete(name("whole/bucket"));
    }

    @Test
    void whatIsNoObjectIsLeftAlone() throws IOException {
        S3Settings settings = fresh();
        S3Store store = TestS3.store(settings);
        store.create(name("a/b"), Content.of(new byte[1]));
        try (S3Client client = TestS3.client(settings)) {
            for (String key : new String[] {"A", "a/UPPER", "a/.hidden", "a/with space", "a/ü", "z~"}) {
                client.putObject(
                        request -> request.bucket(settings.bucket()).key(settings.key(key)),
                        RequestBody.fromString("x"));
            }
            client.putObject(
                    request -> request.bucket(settings.bucket()).key(settings.prefix() + "2/other"),
                    RequestBody.fromString("x"));
        }
        try (Stream<ObjectInfo> all = store.list("", null)) {
            assertThat(all).containsExactly(new ObjectInfo(name("a/b"), 1));
        }
    }

    @Test
    void aListGoesOnOverItsPages() throws IOException {
        S3Store store = TestS3.store(fresh());
        for (int i = 0; i < 1005; i++) {
            store.create(name("n/" + (10_000 + i)), Content.of(new byte[1]));
        }
        try (Stream<ObjectInfo> all = store.list("n/", name("n/10001"))) {
            assertThat(all.map(info -> info.name().lastSegment()).toList())
                    .hasSize(1003)
                    .isSorted()
                    .endsWith("11004");
        }
    }

    @Test
    void rangesReachToTheEndAndNoFurther() throws IOException {
        S3Store store = TestS3.store(fresh());
        byte[] bytes = random(5, 1000);
        store.create(name("a"), Content.of(bytes));
        assertThat(read(store, 0, Long.MAX_VALUE)).isEqualTo(bytes);
        assertThat(read(store, 999, Long.MAX_VALUE)).isEqualTo(Arrays.copyOfRange(bytes, 999, 1000));
        assertThat(read(store, 10, Long.MAX_VALUE - 5)).isEqualTo(Arrays.copyOfRange(bytes, 10, 1000));
        assertThat(read(store, 1000, 1)).isEmpty();
        assertThat(read(store, 5, 0)).isEmpty();
        assertThatThrownBy(() -> store.open(name("b"), 0, 0)).isInstanceOf(ObjectNotFoundException.class);
    }

    private static byte[] read(ObjectStore store, long offset, long length) throws IOException {
        try (InputStream in = store.open(name("a"), offset, length)) {
            return in.readAllBytes();
        }
    }

    @Test
    void aMissingBucketIsNotAnEmptyStore() throws Exception {
        S3Store store = TestS3.store(S3Settings.of("no-such-bucket", "", server.endpoint(), null));
        assertRefused(() -> store.stat(name("a")), "there is no bucket no-such-bucket");
        assertRefused(() -> store.open(name("a"), 0, 10), "there is no bucket");
        assertRefused(() -> store.list("", null), "there is no bucket");
        assertRefused(() -> store.delete(name("a")), "there is no bucket");
        assertRefused(() -> store.create(name("a"), Content.of(new byte[1])), "there is no bucket");
    }

    @Test
    void wrongCredentialsAreNoAbsenceAndAreNotRepeated() throws Exception {
        S3Settings settings = fresh();
        S3Store store = new S3Store(TestS3.client(settings, "another-secret"), settings);
        assertRefused(() -> store.stat(name("a")), "status 403");
        assertRefused(() -> store.open(name("a"), 0, 10), "SignatureDoesNotMatch");
        assertRefused(() -> store.create(name("a"), Content.of(new byte[1])), "hint: look at the credentials");
    }

    @Test
    void aStoreOutOfReachCannotBeToldFrom() throws Exception {
        S3Store store = TestS3.store(S3Settings.of("bucket", "", URI.create("http://127.0.0.1:1"), null));
        assertThatThrownBy(() -> store.stat(name("a")))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(StoreException.class)
                .hasMessageContaining("s3://bucket at http://127.0.0.1:1")
                .hasMessageContaining("hint:");
    }

    private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String text) {
        assertThatThrownBy(call)
                .isInstanceOf(StoreRefusedException.class)
                .isNotInstanceOf(StoreException.class)
                .hasMessageContaining(text)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain(TestS3.SECRET_KEY, "another-secret"));
    }

    @Test
    void anEndpointNeverHoldsASecret() {
        assertThatThrownBy(() -> S3Settings.of("bucket", "", URI.create("https://key:geheim@store"), null))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim"));
        for (String wrong : new String[] {"ftp://store", "https://store/path", "store:9000", "https://store/#x"}) {
            assertThatThrownBy(() -> S3Settings.of("bucket", "", URI.create(wrong), null))
                    .hasMessageContaining("hint: such as https://");
        }
        for (String wrong : new String[] {"s3://bucket", "Bucket", "b", "-bucket"}) {
            assertThatThrownBy(() -> S3Settings.of(wrong, "", null, null)).hasMessageContaining("is not a bucket name");
        }
        assertThatThrownBy(() -> S3Settings.of("bucket", "a/", null, null)).hasMessageContaining("is not a prefix");
        assertThat(S3Settings.of("bucket", "a/b", URI.create("https://store:9000"), null)
                        .describe())
                .isEqualTo("s3://bucket/a/b at https://store:9000");
    }
}
