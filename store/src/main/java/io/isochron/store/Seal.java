package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.UUID;

/**
 * Sealing of whole objects with Tink's streaming AEAD. The associated data is the repository's id and the object's full name, so an object that
 * lies under another name, or in another repository, does not open.
 */
final class Seal {
    /** Objects are read whole; nothing longer is ever written. */
    static final int MAX_SEALED_BYTES = 96 << 20;

    static final int SEGMENT_BYTES = 64 << 10;
    static final int HEADER_BYTES = 1 + 32 + 7;
    static final int TAG_BYTES = 16;

    private final RepositoryKey key;
    private final String context;

    Seal(RepositoryKey key, UUID repositoryId) {
        this.key = key;
        this.context = "isochron/" + repositoryId + "/";
    }

    private byte[] associatedData(ObjectName name) {
        return (context + name.value()).getBytes(StandardCharsets.US_ASCII);
    }

    /** Something that writes what is to be sealed. */
    interface Plain {
        void writeTo(OutputStream out) throws IOException;
    }

    ByteBuffer seal(ObjectName name, ByteBuffer plain) throws IOException {
        return seal(key, associatedData(name), plain);
    }

    /** Seals what is written, of which about {@code expectedBytes} are expected. */
    ByteBuffer seal(ObjectName name, int expectedBytes, Plain plain) throws IOException {
        return seal(key, associatedData(name), sealedBytes(expectedBytes), plain);
    }

    byte[] open(ObjectName name, byte[] sealed) throws ObjectDamagedException {
        return open(key, name, associatedData(name), sealed);
    }

    static ByteBuffer seal(RepositoryKey key, byte[] associatedData, ByteBuffer plain) throws IOException {
        return seal(
                key,
                associatedData,
                sealedBytes(plain.remaining()),
                out -> out.write(plain.array(), plain.arrayOffset() + plain.position(), plain.remaining()));
    }

    private static ByteBuffer seal(RepositoryKey key, byte[] associatedData, int capacity, Plain plain)
            throws IOException {
        Buffer out = new Buffer(capacity);
        try (OutputStream stream = key.aead().newEncryptingStream(out, associatedData)) {
            plain.writeTo(stream);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the repository key cannot seal", e);
        }
        return out.buffer();
    }

    static byte[] open(RepositoryKey key, ObjectName name, byte[] associatedData, byte[] sealed)
            throws ObjectDamagedException {
        int length = plainBytes(sealed.length);
        if (length < 0 || sealed.length > MAX_SEALED_BYTES) {
            throw new ObjectDamagedException(
                    name, "its length of " + sealed.length + " bytes is not one of a sealed object");
        }
        byte[] opened = key.opening().open(associatedData, sealed, length);
        if (opened != null) {
            return opened;
        }
        // Tink has the last word on what does not open, and says why
        byte[] plain = new byte[length];
        try (InputStream stream = key.aead().newDecryptingStream(new ByteArrayInputStream(sealed), associatedData)) {
            if (stream.readNBytes(plain, 0, length) != length || stream.read() != -1) {
                throw new ObjectDamagedException(name, "it is cut off");
            }
        } catch (ObjectDamagedException e) {
            throw e;
        } catch (IOException | GeneralSecurityException e) {
            throw new ObjectDamagedException(
                    name,
                    "its bytes do not authenticate under its name with key " + String.join(", ", key.keyIds()),
                    e);
        }
        return plain;
    }

    /** Tink's format: a header, then segments of 64 KiB that end in a tag; the first segment includes the header. */
    private static int sealedBytes(int plain) {
        int usable = SEGMENT_BYTES - TAG_BYTES;
        long segments = Math.max(1, ((long) plain + HEADER_BYTES + usable - 1) / usable);
        return Math.toIntExact(plain + HEADER_BYTES + segments * TAG_BYTES);
    }

    private static int plainBytes(int sealed) {
        int segments = Math.max(1, (sealed + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
        return sealed - HEADER_BYTES - segments * TAG_BYTES;
    }

    private static final class Buffer extends ByteArrayOutputStream {
        Buffer(int bytes) {
            super(bytes);
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(buf, 0, count);
        }
    }
}
