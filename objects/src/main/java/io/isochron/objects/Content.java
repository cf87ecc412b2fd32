package io.isochron.objects;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The bytes of an object to be created. They can be taken several times, also at once, and are the same each time. */
public interface Content {
    /** The length in bytes. */
    long bytes();

    /** Writes all bytes; does not close the stream. May be called again, for another attempt or for another store. */
    void writeTo(OutputStream out) throws IOException;

    /**
     * All bytes at once, in a buffer that is backed by an array and must not be changed. What can only be written is copied.
     *
     * @throws IOException if the bytes cannot be had, or are not as many as was said
     */
    default ByteBuffer inMemory() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(bytes()));
        writeTo(out);
        if (out.size() != bytes()) {
            throw new IOException("content said " + bytes() + " bytes and wrote " + out.size());
        }
        return ByteBuffer.wrap(out.toByteArray());
    }

    /** A content of the bytes of {@code array}, which must not be changed afterwards. */
    static Content of(byte[] array) {
        return of(ByteBuffer.wrap(array));
    }

    /** A content of the remaining bytes of a buffer that is backed by an array, which must not be changed afterwards. */
    static Content of(ByteBuffer buffer) {
        byte[] array = buffer.array();
        int offset = buffer.arrayOffset() + buffer.position();
        int length = buffer.remaining();
        return new Content() {
            @Override
            public long bytes() {
                return length;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(array, offset, length);
            }

            @Override
            public ByteBuffer inMemory() {
                return ByteBuffer.wrap(array, offset, length);
            }
        };
    }
}
