package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** An answer's body, also where the library below does not notice that it ended early. */
class S3BodyTest {
    private final AtomicBoolean aborted = new AtomicBoolean();

    private InputStream body(long announced, int sent, long length) throws IOException {
        GetObjectResponse.Builder response = GetObjectResponse.builder().contentLength(announced);
        response.sdkHttpResponse(SdkHttpResponse.builder().statusCode(200).build());
        return S3Body.of(
                new ResponseInputStream<>(
                        response.build(),
                        AbortableInputStream.create(new ByteArrayInputStream(new byte[sent]), () -> aborted.set(true))),
                "object 'a'",
                0,
                length);
    }

    @Test
    void aBodyThatEndsEarlyIsNoShorterObject() throws IOException {
        InputStream body = body(100, 40, 100);
        assertThat(body.readNBytes(40)).hasSize(40);
        assertThatThrownBy(body::read)
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("after 40 of 100 bytes of object 'a'");
        assertThatThrownBy(() -> body(100, 40, 100).readAllBytes()).isInstanceOf(EOFException.class);
    }

    @Test
    void aBodyIsReadToWhatWasAskedFor() throws IOException {
        try (InputStream body = body(100, 100, 30)) {
            assertThat(body.readAllBytes()).hasSize(30);
            assertThat(body.available()).isZero();
        }
        // the rest is cut off rather than read
        assertThat(aborted).isTrue();
    }

    @Test
    void aBodyThatWasReadWholeLeavesItsConnectionToTheNextRequest() throws IOException {
        try (InputStream body = body(100, 100, 100)) {
            assertThat(body.readAllBytes()).hasSize(100);
        }
        assertThat(aborted).isFalse();
    }
}
