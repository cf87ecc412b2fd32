package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** The primitive pieces of the segment format; {@link ByteReader} is its mirror. */
final class ByteWriter {
    private byte[] bytes = new byte[1024];
    private int size;
    private final Map<String, Integer> texts = new HashMap<>();
    private final Map<RelationFile, Integer> relations = new HashMap<>();
    private String lastText = "";

    void raw(byte[] source) {
        room(source.length);
        System.arraycopy(source, 0, bytes, size, source.length);
        size += source.length;
    }

    void octet(int value) {
        room(1);
        bytes[size++] = (byte) value;
    }

    void flag(boolean value) {
        octet(value ? 1 : 0);
    }

    /** Unsigned LEB128 of all 64 bits. */
    void unsigned(long value) {
        room(10);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[size++] = (byte) ((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    /** Zigzag, so that small negative numbers stay short. */
    void signed(long value) {
        unsigned((value << 1) ^ (value >> 63));
    }

    void id(int value) {
        unsigned(Integer.toUnsignedLong(value));
    }

    /** A text as an index into those already written; a new one follows in full, less what it shares with the beginning of the last. */
    void text(String value) {
        Integer known = texts.putIfAbsent(value, texts.size());
        if (known != null) {
            unsigned(known);
            return;
        }
        unsigned(texts.size() - 1L);
        int shared = 0;
        int limit = Math.min(lastText.length(), value.length());
        while (shared < limit && lastText.charAt(shared) == value.charAt(shared)) {
            shared++;
        }
        if (shared > 0 && Character.isHighSurrogate(value.charAt(shared - 1))) {
            shared--;
        }
        byte[] rest = value.substring(shared).getBytes(StandardCharsets.UTF_8);
        unsigned(shared);
        unsigned(rest.length);
        raw(rest);
        lastText = value;
    }

    /** Storage as an index into those already written; a new one follows in full. */
    void relation(RelationFile file) {
        Integer known = relations.putIfAbsent(file, relations.size());
        unsigned(known != null ? known : relations.size() - 1L);
        if (known == null) {
            id(file.tablespaceOid());
            id(file.databaseOid());
            id(file.fileNumber());
        }
    }

    <T> void list(List<T> items, BiConsumer<ByteWriter, T> writer) {
        unsigned(items.size());
        for (T item : items) {
            writer.accept(this, item);
        }
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /** All bytes, and behind them their CRC-32C, little endian. */
    byte[] withCrc() {
        byte[] all = Arrays.copyOf(bytes, size + Integer.BYTES);
        ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).putInt(size, SegmentCodec.crc(bytes, size));
        return all;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
