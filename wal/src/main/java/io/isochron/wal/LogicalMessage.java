package io.isochron.wal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What {@code pg_logical_emit_message} writes; it is in the log at every {@code wal_level} that can be archived. A transactional one belongs to the transaction, possibly a subtransaction, that
 * {@link WalRecord#xid()} names, and shares its fate. Source: struct {@code xl_logical_message} in src/include/replication/message.h (the same in 14 to 18): database OID, a {@code bool}, two sizes
 * of 8 bytes at their alignment, then the prefix with its final zero byte, then the content.
 *
 * @param databaseOid database of the session
 * @param transactional whether it shares its transaction's fate
 * @param contentBytes length of the content
 * @param content the content as UTF-8, what is not that replaced; empty if it is longer than what was asked for
 */
public record LogicalMessage(int databaseOid, boolean transactional, long contentBytes, String content) {
    private static final int KIND_MASK = 0xF0;
    private static final int LOGICAL_MESSAGE = 0x00;

    /**
     * The message in a record; empty for every other record and every other prefix.
     *
     * @param prefix of ASCII
     * @param contentBytesMax longer contents are not given
     * @throws WalDamagedException if the record's parts do not add up
     */
    public static Optional<LogicalMessage> decode(WalRecord record, String prefix, int contentBytesMax)
            throws WalDamagedException {
        if (record.rmgr() != ResourceManager.LOGICAL_MESSAGE || (record.info() & KIND_MASK) != LOGICAL_MESSAGE) {
            return Optional.empty();
        }
        RecordCursor data = new RecordCursor(record);
        int databaseOid = data.i32();
        boolean transactional = data.paddedFlag();
        long prefixBytes = data.i64();
        long contentBytes = data.i64();
        int rest = data.remaining();
        if (prefixBytes < 1 || contentBytes < 0 || prefixBytes > rest || contentBytes != rest - prefixBytes) {
            throw record.damaged("a message has a prefix of " + prefixBytes + " and a content of " + contentBytes
                    + " bytes, " + rest + " bytes follow");
        }
        byte[] wanted = (prefix + '\0').getBytes(StandardCharsets.US_ASCII);
        if (prefixBytes != wanted.length) {
            return Optional.empty();
        }
        for (byte each : wanted) {
            if (data.u8() != (each & 0xFF)) {
                return Optional.empty();
            }
        }
        return Optional.of(new LogicalMessage(
                databaseOid,
                transactional,
                contentBytes,
                contentBytes > contentBytesMax ? "" : data.utf8((int) contentBytes)));
    }
}
