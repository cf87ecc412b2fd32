package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@link ByteWriter} wrote; never allocates more than a small multiple of the bytes that are there. */
final class ByteReader {
    /** Reads one item of a list. */
    @FunctionalInterface
    interface Item<T> {
        T read(ByteReader in) throws SegmentFormatException;
    }

    private static final int TEXT_CHARS_MAX = 1 << 16;

    private final String what;
    private final byte[] bytes;
    private int at;
    private final int end;
    private final List<String> texts = new ArrayList<>();
    private final List<RelationFile> relations = new ArrayList<>();
    private String lastText = "";

    /** @param what what the bytes are, for messages */
    ByteReader(String what, byte[] bytes, int from, int end) {
        this.what = what;
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    int octet() throws SegmentFormatException {
        if (at >= end) {
            throw new SegmentFormatException(what + " ends too early, at byte " + at);
        }
        return bytes[at++] & 0xFF;
    }

    boolean flag() throws SegmentFormatException {
        int value = octet();
        if (value > 1) {
            throw new SegmentFormatException(what + " has flag " + value + " at byte " + (at - 1));
        }
        return value == 1;
    }

    long unsigned() throws SegmentFormatException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int next = octet();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new SegmentFormatException(what + " has an overlong number before byte " + at);
    }

    long signed() throws SegmentFormatException {
        long value = unsigned();
        return (value >>> 1) ^ -(value & 1);
    }

    int id() throws SegmentFormatException {
        long value = unsigned();
        if (value >>> 32 != 0) {
            throw new SegmentFormatException(what + " has id " + Long.toUnsignedString(value) + " before byte " + at);
        }
        return (int) value;
    }

    int count() throws SegmentFormatException {
        long value = unsigned();
        if (value < 0 || value > end - at) {
            throw new SegmentFormatException(what + " has a list of " + Long.toUnsignedString(value) + " items with "
                    + (end - at) + " bytes left");
        }
        return (int) value;
    }

    int smallInt() throws SegmentFormatException {
        long value = unsigned();
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new SegmentFormatException(
                    what + " has number " + Long.toUnsignedString(value) + " before byte " + at);
        }
        return (int) value;
    }

    String text() throws SegmentFormatException {
        long index = unsigned();
        if (index >= 0 && index < texts.size()) {
            return texts.get((int) index);
        }
        if (index != texts.size()) {
            throw new SegmentFormatException(
                    what + " names text " + Long.toUnsignedString(index) + " of " + texts.size());
        }
        long shared = unsigned();
        int length = count();
        if (shared < 0 || shared > lastText.length() || shared + length > TEXT_CHARS_MAX) {
            throw new SegmentFormatException(what + " has a text that cannot be, before byte " + at);
        }
        String rest = utf8(length);
        at += length;
        String value = lastText.substring(0, (int) shared) + rest;
        texts.add(value);
        lastText = value;
        return value;
    }

    private String utf8(int length) throws SegmentFormatException {
        int end = at;
        while (end < at + length && bytes[end] >= 0) {
            end++;
        }
        if (end == at + length) {
            return new String(bytes, at, length, StandardCharsets.US_ASCII);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, at, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new SegmentFormatException(what + " has a text that is not UTF-8 at byte " + at);
        }
    }

    RelationFile relation() throws SegmentFormatException {
        long index = unsigned();
        if (index >= 0 && index < relations.size()) {
            return relations.get((int) index);
        }
        if (index != relations.size()) {
            throw new SegmentFormatException(
                    what + " names relation " + Long.toUnsignedString(index) + " of " + relations.size());
        }
        RelationFile file = new RelationFile(id(), id(), id());
        relations.add(file);
        return file;
    }

    <T> List<T> list(Item<T> item) throws SegmentFormatException {
        int count = count();
        List<T> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            items.add(item.read(this));
        }
        return items;
    }

    void expectEnd() throws SegmentFormatException {
        if (at != end) {
            throw new SegmentFormatException(what + " has " + (end - at) + " bytes too many");
        }
    }
}
