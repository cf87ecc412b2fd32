package io.isochron.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Main data of a record, written field by field. */
final class Body {
    private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    Body i8(int... values) {
        for (int value : values) {
            bytes.put((byte) value);
        }
        return this;
    }

    Body i16(int... values) {
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return this;
    }

    Body i32(int... values) {
        for (int value : values) {
            bytes.putInt(value);
        }
        return this;
    }

    Body i64(long... values) {
        for (long value : values) {
            bytes.putLong(value);
        }
        return this;
    }

    /** Text with its zero byte. */
    Body text(String value) {
        bytes.put(value.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
        return this;
    }

    Body fill(int size) {
        bytes.put(new byte[size]);
        return this;
    }

    /** To the next multiple of 8. */
    Body align() {
        return fill(-bytes.position() & 7);
    }

    byte[] bytes() {
        byte[] result = new byte[bytes.position()];
        bytes.get(0, result);
        return result;
    }

    /** A block reference of a heap page and the main data, as the body of a record. */
    static byte[] withBlock(RelationFile relation, int block, byte[] mainData) {
        return new Body()
                .i8(0, 0)
                .i16(0)
                .i32(relation.tablespaceOid(), relation.databaseOid(), relation.fileNumber(), block)
                .i8(255, mainData.length)
                .raw(mainData)
                .bytes();
    }

    Body raw(byte[] data) {
        bytes.put(data);
        return this;
    }
}
