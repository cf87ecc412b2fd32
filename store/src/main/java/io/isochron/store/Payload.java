package io.isochron.store;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;

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

    private Payload() {}

    static void putHeader(ByteBuffer into, ObjectKind kind, boolean compressed, long rawBytes) {
        into.putInt(MAGIC)
                .put(kind.code)
                .put(VERSION)
                .put(compressed ? ZSTD : AS_IS)
                .put((byte) 0)
                .putLong(rawBytes);
    }

    static ByteBuffer encode(ObjectKind kind, ByteBuffer... parts) {
        int length = 0;
        for (ByteBuffer part : parts) {
            length = Math.addExact(length, part.remaining());
        }
        if (length > MAX_RAW_BYTES) {
            throw new IllegalArgumentException(
                    "an object of " + length + " bytes is too long\nhint: the limit is " + MAX_RAW_BYTES);
        }
        ByteBuffer plain = ByteBuffer.allocate(HEADER_BYTES + length);
        putHeader(plain, kind, false, length);
        for (ByteBuffer part : parts) {
            plain.put(part);
        }
        plain.flip();
        if (length < WORTH_COMPRESSING) {
            return plain;
        }
        int bound = (int) Zstd.compressBound(length);
        byte[] target = new byte[HEADER_BYTES + bound];
        long packed = Zstd.compressByteArray(target, HEADER_BYTES, bound, plain.array(), HEADER_BYTES, length, LEVEL);
        if (packed >= length) {
            return plain;
        }
        ByteBuffer result = ByteBuffer.wrap(target, 0, HEADER_BYTES + (int) packed);
        putHeader(result, kind, true, length);
        return result.rewind();
    }

    /** The content of an authenticated payload. */
    static byte[] decode(ObjectName name, ObjectKind kind, byte[] payload) throws ObjectDamagedException {
        ByteBuffer in = header(name, kind, payload);
        boolean compressed = in.get(6) == ZSTD;
        long rawBytes = in.getLong(8);
        if (rawBytes < 0 || rawBytes > MAX_RAW_BYTES || (!compressed && rawBytes != in.remaining())) {
            throw new ObjectDamagedException(name, "its content length of " + rawBytes + " bytes cannot be");
        }
        byte[] raw = new byte[(int) rawBytes];
        if (!compressed) {
            in.get(raw);
            return raw;
        }
        long got;
        try {
            got = Zstd.decompressByteArray(raw, 0, raw.length, payload, HEADER_BYTES, payload.length - HEADER_BYTES);
        } catch (ZstdException e) {
            throw new ObjectDamagedException(name, "its content does not decompress", e);
        }
        if (got != raw.length) {
            throw new ObjectDamagedException(name, "its content has " + got + " bytes, its header says " + raw.length);
        }
        return raw;
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
