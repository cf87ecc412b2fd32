package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SealOpeningTest {
    private static final byte[] NAME = "isochron/test/object".getBytes(StandardCharsets.US_ASCII);
    private static final int FIRST_SEGMENT = Seal.SEGMENT_BYTES - Seal.HEADER_BYTES - Seal.TAG_BYTES;
    private static final int SEGMENT = Seal.SEGMENT_BYTES - Seal.TAG_BYTES;

    private final RepositoryKey key = RepositoryKey.random();

    private byte[] sealed(byte[] plain) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream sealing = key.aead().newEncryptingStream(out, NAME)) {
            sealing.write(plain);
        }
        return out.toByteArray();
    }

    @Test
    void whatTinkSealedOpensAtEveryLengthAroundItsSegments() throws Exception {
        for (int length : List.of(
                0,
                1,
                1000,
                FIRST_SEGMENT - 1,
                FIRST_SEGMENT,
                FIRST_SEGMENT + 1,
                FIRST_SEGMENT + SEGMENT,
                FIRST_SEGMENT + SEGMENT + 1,
                1_000_000)) {
            byte[] plain = new byte[length];
            new Random(length).nextBytes(plain);
            assertThat(key.opening().open(NAME, sealed(plain), length))
                    .as("%d bytes", length)
                    .isEqualTo(plain);
        }
    }

    @Test
    void whatWasChangedCutOffOrMovedDoesNotOpen() throws Exception {
        byte[] sealed = sealed(new byte[FIRST_SEGMENT + 100]);
        SealOpening opening = key.opening();
        byte[] cutAtASegment = Arrays.copyOf(sealed, Seal.SEGMENT_BYTES);
        assertThat(opening.open(NAME, cutAtASegment, FIRST_SEGMENT)).isNull();
        assertThat(opening.open("isochron/test/other".getBytes(StandardCharsets.US_ASCII), sealed, FIRST_SEGMENT + 100))
                .isNull();
        assertThat(RepositoryKey.random().opening().open(NAME, sealed, FIRST_SEGMENT + 100))
                .isNull();
        for (int at : List.of(0, 1, 33, 40, Seal.SEGMENT_BYTES, sealed.length - 1)) {
            byte[] changed = sealed.clone();
            changed[at] ^= 1;
            assertThat(opening.open(NAME, changed, FIRST_SEGMENT + 100))
                    .as("byte %d", at)
                    .isNull();
        }
    }
}
