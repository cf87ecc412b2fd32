package io.isochron.wal;

import io.isochron.wal.RelationChange.TablesTruncated;

/**
 * Reads rows that come, change and go. Kinds and structs: src/include/access/heapam_xlog.h; alike in 14 to 18 as far as they are read
 * here.
 */
final class HeapChanges {
    private static final int OPERATION_MASK = 0x70;
    private static final int INSERT = 0x00;
    private static final int DELETE = 0x10;
    private static final int UPDATE = 0x20;
    private static final int TRUNCATE = 0x30;
    private static final int HOT_UPDATE = 0x40;
    private static final int HEAP2_MULTI_INSERT = 0x50;
    private static final int INSERT_BYTES = 3;
    private static final int UPDATE_BYTES = 14;
    private static final int DELETE_WITHDRAWS_INSERT = 1 << 3;
    private static final int DELETE_MOVES_ROW = 1 << 4;
    private static final int TRUNCATE_CASCADE = 1;
    private static final int TRUNCATE_RESTART_SEQUENCES = 1 << 1;

    private HeapChanges() {}

    static void heap(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        switch (record.info() & OPERATION_MASK) {
            case INSERT -> {
                requireMainData(record, INSERT_BYTES);
                handler.rowsInserted(changedPage(record).relation(), 1);
            }
            case UPDATE -> {
                requireMainData(record, UPDATE_BYTES);
                handler.rowUpdated(changedPage(record).relation(), false);
            }
            case HOT_UPDATE -> {
                requireMainData(record, UPDATE_BYTES);
                handler.rowUpdated(changedPage(record).relation(), true);
            }
            case DELETE -> delete(record, handler);
            case TRUNCATE -> truncate(record, handler);
            default -> {}
        }
    }

    static void heap2(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        if ((record.info() & OPERATION_MASK) == HEAP2_MULTI_INSERT) {
            requireMainData(record, 4);
            int rows = LittleEndian.u16(record.bytes(), record.mainAt() + 2);
            handler.rowsInserted(changedPage(record).relation(), rows);
        }
    }

    /** Struct {@code xl_heap_delete}: xmax 4, offset 2, infomask bits 1, flags 1. */
    private static void delete(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        requireMainData(record, 8);
        BlockReference page = changedPage(record);
        int flags = LittleEndian.u8(record.bytes(), record.mainAt() + 7);
        if ((flags & DELETE_WITHDRAWS_INSERT) != 0) {
            handler.rowsInserted(page.relation(), -1);
        } else {
            int offset = LittleEndian.u16(record.bytes(), record.mainAt() + 4);
            handler.rowDeleted(page.relation(), page.block(), offset, (flags & DELETE_MOVES_ROW) != 0);
        }
    }

    /** Struct {@code xl_heap_truncate}: database 4, count 4, flags 1 and padding, OIDs. */
    private static void truncate(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int databaseOid = data.i32();
        long count = data.u32();
        int flags = data.i32();
        handler.change(new TablesTruncated(
                databaseOid,
                data.numbers(count),
                (flags & TRUNCATE_CASCADE) != 0,
                (flags & TRUNCATE_RESTART_SEQUENCES) != 0));
    }

    private static void requireMainData(WalRecord record, int size) throws WalDamagedException {
        if (record.mainLength() < size) {
            throw record.damaged("heap record with info " + WalFormat.hex(record.info()) + " has " + record.mainLength()
                    + " bytes of main data, expected " + size);
        }
    }

    private static BlockReference changedPage(WalRecord record) throws WalDamagedException {
        if (record.blockCount() == 0 || record.block(0).id() != 0) {
            throw record.damaged("heap record with info " + WalFormat.hex(record.info()) + " names no page");
        }
        return record.block(0);
    }
}
