package io.isochron.wal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a record's main data from front to back; whatever the bytes are, it ends in a value or in {@link WalDamagedException}.
 */
final class RecordCursor {
    private static final long EPOCH_OFFSET_MICROS = 946_684_800L * 1_000_000;

    private final WalRecord record;
    private final byte[] bytes;
    private final int from;
    private final int limit;
    private int at;

    RecordCursor(WalRecord record) {
        this.record = record;
        this.bytes = record.bytes();
        this.from = record.mainAt();
        this.at = from;
        this.limit = from + record.mainLength();
    }

    int u8() throws WalDamagedException {
        return LittleEndian.u8(bytes, take(1));
    }

    int u16() throws WalDamagedException {
        return LittleEndian.u16(bytes, take(2));
    }

    int i32() throws WalDamagedException {
        return LittleEndian.i32(bytes, take(4));
    }

    long u32() throws WalDamagedException {
        return LittleEndian.u32(bytes, take(4));
    }

    Lsn lsn() throws WalDamagedException {
        return new Lsn(i64());
    }

    long i64() throws WalDamagedException {
        return LittleEndian.i64(bytes, take(8));
    }

    /** A {@code TimestampTz}: microseconds since 2000-01-01; given as microseconds since the Unix epoch. */
    long micros() throws WalDamagedException {
        return i64() + EPOCH_OFFSET_MICROS;
    }

    /** A C {@code bool} with the padding that a 4-byte field after it needs. */
    boolean paddedFlag() throws WalDamagedException {
        return (i32() & 0xFF) != 0;
    }

    /** Bytes that are left. */
    int remaining() {
        return limit - at;
    }

    /** The next bytes as UTF-8; what is not that is replaced. */
    String utf8(int size) throws WalDamagedException {
        int start = take(size);
        return new String(bytes, start, size, StandardCharsets.UTF_8);
    }

    void skip(int size) throws WalDamagedException {
        take(size);
    }

    void skip(long count, int itemBytes) throws WalDamagedException {
        take(checked(count, itemBytes));
    }

    /** To the next multiple of 8 from the start of the data ({@code MAXALIGN}). */
    void align() throws WalDamagedException {
        take(-(at - from) & 7);
    }

    /** Numbers: ids, OIDs. */
    List<Integer> numbers(long count) throws WalDamagedException {
        int start = take(checked(count, 4));
        if (count == 0) {
            return List.of();
        }
        Integer[] numbers = new Integer[(int) count];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = LittleEndian.i32(bytes, start + 4 * i);
        }
        return List.of(numbers);
    }

    RelationFile relation() throws WalDamagedException {
        int start = take(12);
        return record.relation(
                LittleEndian.i32(bytes, start), LittleEndian.i32(bytes, start + 4), LittleEndian.i32(bytes, start + 8));
    }

    List<RelationFile> relations(long count) throws WalDamagedException {
        checked(count, 12);
        List<RelationFile> relations = new ArrayList<>((int) count);
        for (long i = 0; i < count; i++) {
            relations.add(relation());
        }
        return List.copyOf(relations);
    }

    /** A text that ends with a zero byte, which is passed over. */
    String terminatedText() throws WalDamagedException {
        int end = at;
        while (end < limit && bytes[end] != 0) {
            end++;
        }
        if (end == limit) {
            throw record.damaged("a text in the record's main data has no end");
        }
        String text = text(at, end);
        at = end + 1;
        return text;
    }

    /** A text in a field of fixed size, ended by a zero byte or by the field. */
    String text(int fieldBytes) throws WalDamagedException {
        int start = take(fieldBytes);
        int end = start;
        while (end < start + fieldBytes && bytes[end] != 0) {
            end++;
        }
        return text(start, end);
    }

    /** As UTF-8 or, if it is not that (the log does not tell a database's encoding), byte by byte, so that different texts stay different. */
    private String text(int start, int end) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, start, end - start))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            return new String(Arrays.copyOfRange(bytes, start, end), StandardCharsets.ISO_8859_1);
        }
    }

    private int checked(long count, int itemBytes) throws WalDamagedException {
        if (count < 0 || count * itemBytes > remaining()) {
            throw record.damaged("main data says that " + count + " items of " + itemBytes + " bytes follow, "
                    + remaining() + " bytes do");
        }
        return (int) (count * itemBytes);
    }

    private int take(int size) throws WalDamagedException {
        if (limit - at < size) {
            throw record.damaged("main data of " + (limit - from) + " bytes is too short for resource manager "
                    + record.rmgr() + ", info " + WalFormat.hex(record.info()));
        }
        int taken = at;
        at += size;
        return taken;
    }
}
