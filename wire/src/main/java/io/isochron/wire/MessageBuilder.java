package io.isochron.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One message on its way out. */
final class MessageBuilder {
    private final int lengthAt;
    private ByteBuffer buffer = ByteBuffer.allocate(256);

    private MessageBuilder(int lengthAt) {
        this.lengthAt = lengthAt;
    }

    static MessageBuilder of(char type) {
        MessageBuilder message = new MessageBuilder(1);
        message.buffer.put((byte) type).putInt(0);
        return message;
    }

    /** The first packet of a client has no type. */
    static MessageBuilder startup(int code) {
        MessageBuilder message = new MessageBuilder(0);
        message.buffer.putInt(0).putInt(code);
        return message;
    }

    MessageBuilder int8(int value) {
        room(1).put((byte) value);
        return this;
    }

    MessageBuilder int16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    MessageBuilder int32(int value) {
        room(4).putInt(value);
        return this;
    }

    MessageBuilder int64(long value) {
        room(8).putLong(value);
        return this;
    }

    MessageBuilder bytes(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    /** A text with its terminating zero byte. */
    MessageBuilder text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8)).int8(0);
    }

    /** A field of a data row: its length and its bytes; null has the length -1. */
    MessageBuilder field(byte @Nullable [] value) {
        return value == null ? int32(-1) : int32(value.length).bytes(value);
    }

    private ByteBuffer room(int count) {
        if (buffer.remaining() < count) {
            buffer = ByteBuffer.allocate(Math.max(2 * buffer.capacity(), buffer.position() + count))
                    .put(buffer.flip());
        }
        return buffer;
    }

    /** The whole message, ready to be written; the builder is used up. */
    ByteBuffer finish() {
        return buffer.putInt(lengthAt, buffer.position() - lengthAt).flip();
    }
}
