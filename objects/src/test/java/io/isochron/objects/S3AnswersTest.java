package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What answers of a store mean that a good one seldom gives. */
class S3AnswersTest {
    /** Of a store that takes what it is sent, once it has shown that it refuses what exists. */
    private static RawS3 afterTheProbe(RawS3.Answer answer) throws IOException {
        return new RawS3(exchange -> {
            if (exchange.getRequestURI().getPath().endsWith(S3Store.PROBE)) {
                RawS3.error(exchange, 412, "PreconditionFailed");
            } else {
                answer.to(exchange);
            }
        });
    }

    private static AbstractThrowableAssert<?, ?> created(int status, String code, String... headers) throws Exception {
        try (RawS3 raw = afterTheProbe(exchange -> {
            if (exchange.getRequestMethod().equals("PUT")) {
                assertThat(exchange.getRequestHeaders().getFirst("If-None-Match"))
                        .isEqualTo("*");
            }
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
            }
            RawS3.error(exchange, status, code);
        })) {
            S3Store store = raw.store();
            return assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[10])));
        }
    }

    @Test
    void aStoreThatCreatesWhatExistsIsRefusedBeforeAnythingIsWritten() throws Exception {
        AtomicInteger others = new AtomicInteger();
        try (RawS3 raw = new RawS3(exchange -> {
            if (!exchange.getRequestURI().getPath().endsWith(S3Store.PROBE)) {
                others.incrementAndGet();
            }
            exchange.sendResponseHeaders(200, -1);
        })) {
            S3Store store = raw.store();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[10])))
                        .isInstanceOf(StoreException.class)
                        .hasMessageContaining("ignores If-None-Match")
                        .hasMessageContaining("hint:");
            }
            assertThat(others).hasValue(0);
        }
    }

    @Test
    void aStoreThatDoesNotKnowTheConditionSaysSo() throws Exception {
        try (RawS3 raw = new RawS3(exchange -> RawS3.error(exchange, 501, "NotImplemented"))) {
            S3Store store = raw.store();
            assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[10])))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("does not know");
        }
    }

    @Test
    void aConflictAndAnyErrorOfTheServerLeaveOpenWhatHappened() throws Exception {
        for (int status : new int[] {409, 500, 502, 504, 408}) {
            created(status, status == 409 ? "ConditionalRequestConflict" : "InternalError")
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOfAny(StoreException.class, StoreRefusedException.class, SlowDownException.class)
                    .hasMessageContaining("status " + status);
        }
        created(400, "BadDigest").isNotInstanceOfAny(StoreException.class, StoreRefusedException.class);
    }

    @Test
    void aStoreThatWantsLessSaysForHowLong() throws Exception {
        created(503, "SlowDown", "Retry-After", "7")
                .isInstanceOfSatisfying(
                        SlowDownException.class, e -> assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(7)));
        created(429, "TooManyRequests")
                .isInstanceOfSatisfying(
                        SlowDownException.class, e -> assertThat(e.retryAfter()).isZero());
        created(503, "").isInstanceOf(SlowDownException.class);
    }

    @Test
    void aFullStoreIsSaidToBeFull() throws Exception {
        created(403, "QuotaExceeded").isInstanceOf(StoreFullException.class).hasMessageContaining("10 bytes needed");
        created(507, "").isInstanceOf(StoreFullException.class);
    }

    @Test
    void whatExistsIsSaidToExist() throws Exception {
        created(412, "PreconditionFailed").isInstanceOf(ObjectExistsException.class);
    }

    private static void assertCannotTell(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class).isNotInstanceOf(StoreException.class);
    }

    @Test
    void onlyACertain404IsAbsence() throws Exception {
        for (int status : new int[] {403, 500, 503, 301}) {
            try (RawS3 raw = new RawS3(exchange -> RawS3.error(exchange, status, ""))) {
                S3Store store = raw.store();
                assertCannotTell(() -> store.stat(name("a")));
                assertCannotTell(() -> store.open(name("a"), 0, 1));
                assertCannotTell(() -> store.delete(name("a")));
                assertCannotTell(() -> store.list("", null));
            }
        }
        // as of a proxy in between, which knows nothing of objects
        try (RawS3 raw = new RawS3(exchange -> exchange.sendResponseHeaders(404, -1))) {
            S3Store store = raw.store();
            assertCannotTell(() -> store.stat(name("a")));
            assertCannotTell(() -> store.open(name("a"), 0, 1));
        }
        try (RawS3 raw = new RawS3(exchange -> RawS3.error(exchange, 404, "NoSuchKey"))) {
            assertThat(raw.store().stat(name("a"))).isEmpty();
        }
    }

    @Test
    void aConnectionThatEndsEarlyIsNoShorterObject() throws Exception {
        for (int status : new int[] {200, 206}) {
            try (RawS3 raw = new RawS3(exchange ->
                    RawS3.part(exchange, status, status == 206 ? "bytes 0-99/100" : null, 100, new byte[40]))) {
                S3Store store = raw.store();
                assertCannotTell(() -> store.readAll(name("a"), 1000));
                try (InputStream in = store.open(name("a"), 0, 100)) {
                    assertThat(in.readNBytes(40)).hasSize(40);
                    assertThatThrownBy(in::read).isInstanceOf(IOException.class);
                }
            }
        }
    }

    @Test
    void bytesThatWereNotAskedForAreRefused() throws Exception {
        String[] ranges = {"bytes 5-14/100", "bytes 10-18/100", "bytes 10-19/*", "nonsense"};
        for (String range : ranges) {
            try (RawS3 raw = new RawS3(exchange -> RawS3.part(exchange, 206, range, 10, new byte[10]))) {
                S3Store store = raw.store();
                if (range.equals("bytes 10-18/100")) {
                    assertCannotTell(() -> store.open(name("a"), 10, 9).close());
                } else {
                    assertCannotTell(() -> store.open(name("a"), 10, 10).close());
                }
            }
        }
        // a store that does not know ranges sends the whole
        try (RawS3 raw = new RawS3(exchange -> RawS3.part(exchange, 200, null, 100, new byte[100]))) {
            S3Store store = raw.store();
            assertCannotTell(() -> store.open(name("a"), 10, 10).close());
            try (InputStream in = store.open(name("a"), 0, 10)) {
                assertThat(in.readAllBytes()).hasSize(10);
            }
        }
    }

    @Test
    void aStoreThatDoesNotSortIsRefused() throws Exception {
        String body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><IsTruncated>false</IsTruncated>"
                + "<Contents><Key>b</Key><Size>1</Size></Contents><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>";
        try (RawS3 raw = new RawS3(exchange ->
                        RawS3.part(exchange, 200, null, body.length(), body.getBytes(StandardCharsets.UTF_8)));
                Stream<ObjectInfo> listed = raw.store().list("", null)) {
            assertThatThrownBy(listed::toList)
                    .isInstanceOf(java.io.UncheckedIOException.class)
                    .hasMessageContaining("does not sort");
        }
    }
}
