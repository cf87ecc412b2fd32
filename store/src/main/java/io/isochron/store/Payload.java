package io.isochron.store;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/** What is inside the seal of an object: a header of 16 bytes, then the content, as it is or as one zstd frame. */
final class Payload {
    static final int HEADER_BYTES = 16;
    static final int MAX_RAW_BYTES = 64 << 20;

    private static final int MAGIC = 0x49534F43; // "ISOC"
    private static final byte VERSION = 1;
    private static final byte AS_IS = 0;
    private static final byte ZSTD = 1;
    private static final int LEVEL = 3;
    private static final int WORTH_COMPRESSING = 128;
    private static final int COPY_BYTES = 64 << 10;

    /** Content up to this length is lent from bytes that are used again and again. */
    private static final int LENT_BYTES = 256 << 10;

    /** Making one takes longer than what most objects hold takes to decompress. */
    private static final BlockingQueue<Decompressor> DECOMPRESSORS = new ArrayBlockingQueue<>(16);

    /** Decompresses one object at a time. */
    private static final class Decompressor {
        final ZstdDecompressCtx zstd = new ZstdDecompressCtx();
        private byte[] lent = new byte[0];

        static Decompressor take() {
            @Nullable Decompressor idle = DECOMPRESSORS.poll();
            return idle == null ? new Decompressor() : idle;
        }

        byte[] lent(int length) {
            if (length > LENT_BYTES) {
                return new byte[length];
            }
            if (lent.length < length) {
                lent = new byte[Math.min(LENT_BYTES, 2 * length)];
            }
            return lent;
        }

        void giveBack() {
            if (!DECOMPRESSORS.offer(this)) {
                zstd.close();
            }
        }
    }

    private Payload() {}

    static void putHeader(ByteBuffer into, ObjectKind kind, boolean compressed, long rawBytes) {
        into.putInt(MAGIC)
                .put(kind.code)
                .put(VERSION)
                .put(compressed ? ZSTD : AS_IS)
                .put((byte) 0)
                .putLong(rawBytes);
    }

    /** Refuses what is longer than an object may be; returns the length of the buffers together. */
    static int checkedLength(ByteBuffer... parts) {
        long length = 0;
        for (ByteBuffer part : parts) {
            length += part.remaining();
        }
        if (length > MAX_RAW_BYTES) {
            throw new IllegalArgumentException(
                    "an object of " + length + " bytes is too long\nhint: the limit is " + MAX_RAW_BYTES);
        }
        return (int) length;
    }

    /** Writes a payload of the remaining bytes of these buffers, taking them; streams, so that no copy of them is made. */
    static void encode(OutputStream out, ObjectKind kind, ByteBuffer... parts) throws IOException {
        int length = checkedLength(parts);
        boolean compress = length >= WORTH_COMPRESSING;
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        putHeader(header, kind, compress, length);
        out.write(header.array());
        if (!compress) {
            copy(parts, out);
            return;
        }
        ZstdOutputStreamNoFinalizer zstd = new ZstdOutputStreamNoFinalizer(out, LEVEL);
        try {
            copy(parts, zstd);
        } finally {
            zstd.closeWithoutClosingParentStream();
        }
    }

    private static void copy(ByteBuffer[] parts, OutputStream out) throws IOException {
        for (ByteBuffer part : parts) {
            if (part.hasArray()) {
                out.write(part.array(), part.arrayOffset() + part.position(), part.remaining());
                part.position(part.limit());
            } else {
                byte[] chunk = new byte[Math.min(part.remaining(), COPY_BYTES)];
                while (part.hasRemaining()) {
                    int count = Math.min(part.remaining(), chunk.length);
                    part.get(chunk, 0, count);
                    out.write(chunk, 0, count);
                }
            }
        }
    }

    /** The content of an authenticated payload. */
    static byte[] decode(ObjectName name, ObjectKind kind, byte[] payload) throws ObjectDamagedException {
        int length = contentLength(name, kind, payload);
        if (!compressed(payload)) {
            return Arrays.copyOfRange(payload, HEADER_BYTES, payload.length);
        }
        byte[] raw = new byte[length];
        Decompressor decompressor = Decompressor.take();
        try {
            decompress(decompressor, name, payload, raw, length);
        } finally {
            decompressor.giveBack();
        }
        return raw;
    }

    /** Shows the content of an authenticated payload to somebody who does not keep it. */
    static <T, E extends Exception> T lend(ObjectName name, ObjectKind kind, byte[] payload, Borrower<T, E> borrower)
            throws ObjectDamagedException, E {
        int length = contentLength(name, kind, payload);
        if (!compressed(payload)) {
            return borrower.take(Arrays.copyOfRange(payload, HEADER_BYTES, payload.length), length);
        }
        Decompressor decompressor = Decompressor.take();
        try {
            byte[] raw = decompressor.lent(length);
            decompress(decompressor, name, payload, raw, length);
            return borrower.take(raw, length);
        } finally {
            decompressor.giveBack();
        }
    }

    private static boolean compressed(byte[] payload) {
        return payload[6] == ZSTD;
    }

    /** The length of the content by the checked header. */
    private static int contentLength(ObjectName name, ObjectKind kind, byte[] payload) throws ObjectDamagedException {
        ByteBuffer in = header(name, kind, payload);
        long rawBytes = in.getLong(8);
        if (rawBytes < 0 || rawBytes > MAX_RAW_BYTES || (!compressed(payload) && rawBytes != in.remaining())) {
            throw new ObjectDamagedException(name, "its content length of " + rawBytes + " bytes cannot be");
        }
        return (int) rawBytes;
    }

    private static void decompress(Decompressor by, ObjectName name, byte[] payload, byte[] into, int length)
            throws ObjectDamagedException {
        long got;
        try {
            got = by.zstd.decompressByteArray(into, 0, length, payload, HEADER_BYTES, payload.length - HEADER_BYTES);
        } catch (ZstdException e) {
            throw new ObjectDamagedException(name, "its content does not decompress", e);
        }
        if (got != length) {
            throw new ObjectDamagedException(name, "its content has " + got + " bytes, its header says " + length);
        }
    }

    /** The payload positioned behind its checked header. */
    static ByteBuffer header(ObjectName name, ObjectKind kind, byte[] payload) throws ObjectDamagedException {
        ByteBuffer in = ByteBuffer.wrap(payload);
        if (payload.length < HEADER_BYTES || in.getInt() != MAGIC) {
            throw new ObjectDamagedException(name, "it does not begin as an object of Isochron");
        }
        byte code = in.get();
        byte version = in.get();
        byte compression = in.get();
        if (code != kind.code) {
            throw new ObjectDamagedException(name, "it is an object of kind " + code + ", not " + kind);
        }
        if (version != VERSION || (compression != AS_IS && compression != ZSTD)) {
            throw new ObjectDamagedException(
                    name,
                    "it has version " + version + " and compression " + compression
                            + ", which this program does not know");
        }
        return in.position(HEADER_BYTES);
    }
}
