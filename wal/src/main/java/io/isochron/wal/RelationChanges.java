package io.isochron.wal;

import io.isochron.wal.RelationChange.BackupEnded;
import io.isochron.wal.RelationChange.CheckpointWritten;
import io.isochron.wal.RelationChange.CustomRecord;
import io.isochron.wal.RelationChange.DatabaseCreated;
import io.isochron.wal.RelationChange.DatabaseDirectory;
import io.isochron.wal.RelationChange.DatabaseDropped;
import io.isochron.wal.RelationChange.FullPageWritesChanged;
import io.isochron.wal.RelationChange.PagesWritten;
import io.isochron.wal.RelationChange.ParametersChanged;
import io.isochron.wal.RelationChange.RecoveryEnded;
import io.isochron.wal.RelationChange.RelationMapUpdated;
import io.isochron.wal.RelationChange.RestorePointCreated;
import io.isochron.wal.RelationChange.RowDeleted;
import io.isochron.wal.RelationChange.RowUpdated;
import io.isochron.wal.RelationChange.RowsInserted;
import io.isochron.wal.RelationChange.StorageCreated;
import io.isochron.wal.RelationChange.StorageDropped;
import io.isochron.wal.RelationChange.StorageTruncated;
import io.isochron.wal.RelationChange.TablespaceCreated;
import io.isochron.wal.RelationChange.TablespaceDropped;
import io.isochron.wal.RelationChange.TransactionsRunning;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads what a record changes. Structs and kinds: src/include/catalog/storage_xlog.h, src/include/commands/dbcommands_xlog.h,
 * src/include/commands/tablespace.h, src/include/access/xlog_internal.h, src/include/storage/standbydefs.h,
 * src/include/utils/relmapper.h; rows in {@link HeapChanges}.
 */
public final class RelationChanges {
    private static final int KIND_MASK = 0xF0;
    private static final int SMGR_CREATE = 0x10;
    private static final int SMGR_TRUNCATE = 0x20;
    private static final int TRUNCATES_MAIN = 0x01;
    private static final int RUNNING_XACTS = 0x10;
    private static final int RESTORE_POINT_NAME_BYTES = 64;

    private RelationChanges() {}

    /**
     * As the other one, with an object for every change.
     *
     * @throws WalDamagedException if the record's content does not have the form of its kind
     */
    public static void decode(WalFormat format, WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        decode(format, record, new AsObjects(consumer));
    }

    /**
     * Gives everything that the record changes to the handler, in the record's order; nothing for records that only concern indexes,
     * visibility, locks and other details within pages.
     *
     * @throws WalDamagedException if the record's content does not have the form of its kind
     */
    public static void decode(WalFormat format, WalRecord record, ChangeHandler handler) throws WalDamagedException {
        switch (record.rmgr()) {
            case ResourceManager.HEAP -> HeapChanges.heap(record, handler);
            case ResourceManager.HEAP2 -> HeapChanges.heap2(record, handler);
            case ResourceManager.XLOG -> server(record, handler);
            case ResourceManager.TRANSACTION -> dropped(format, record, handler);
            case ResourceManager.STORAGE -> storage(record, handler);
            case ResourceManager.DATABASE -> database(format, record, handler);
            case ResourceManager.TABLESPACE -> tablespace(record, handler);
            case ResourceManager.RELATION_MAP -> {
                RecordCursor data = new RecordCursor(record);
                handler.change(new RelationMapUpdated(data.i32(), data.i32()));
            }
            case ResourceManager.STANDBY -> standby(record, handler);
            default -> {
                if (record.rmgr() >= ResourceManager.FIRST_CUSTOM) {
                    handler.change(new CustomRecord(record.rmgr()));
                }
            }
        }
    }

    /** Makes an object of every change. */
    private record AsObjects(Consumer<? super RelationChange> consumer) implements ChangeHandler {
        @Override
        public void rowsInserted(RelationFile relation, int rows) {
            consumer.accept(new RowsInserted(relation, rows));
        }

        @Override
        public void rowUpdated(RelationFile relation, boolean hot) {
            consumer.accept(new RowUpdated(relation, hot));
        }

        @Override
        public void rowDeleted(RelationFile relation, long block, int offset, boolean movedToOtherPartition) {
            consumer.accept(new RowDeleted(relation, block, offset, movedToOtherPartition));
        }

        @Override
        public void change(RelationChange change) {
            consumer.accept(change);
        }
    }

    private static void server(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int kind = record.info() & KIND_MASK;
        switch (kind) {
            case XlogInfo.CHECKPOINT_SHUTDOWN, XlogInfo.CHECKPOINT_ONLINE -> {
                data.skip(Checkpoint.BYTES);
                handler.change(new CheckpointWritten(
                        kind == XlogInfo.CHECKPOINT_SHUTDOWN, Checkpoint.read(record.bytes(), record.mainAt())));
            }
            case XlogInfo.BACKUP_END -> handler.change(new BackupEnded(data.lsn()));
            case XlogInfo.PARAMETER_CHANGE ->
                handler.change(new ParametersChanged(
                        data.i32(),
                        data.i32(),
                        data.i32(),
                        data.i32(),
                        data.i32(),
                        data.i32(),
                        data.u8() != 0,
                        data.u8() != 0));
            case XlogInfo.RESTORE_POINT -> {
                long timeMicros = data.micros();
                handler.change(new RestorePointCreated(data.text(RESTORE_POINT_NAME_BYTES), timeMicros));
            }
            case XlogInfo.FULL_PAGE_WRITES_CHANGE -> handler.change(new FullPageWritesChanged(data.u8() != 0));
            case XlogInfo.END_OF_RECOVERY -> handler.change(new RecoveryEnded(data.micros(), data.i32(), data.i32()));
            case XlogInfo.FULL_PAGE_IMAGE -> pages(record, handler);
            default -> {}
        }
    }

    /** One record holds up to 33 pages, as a rule of one relation: neighbours are given as one. */
    private static void pages(WalRecord record, ChangeHandler handler) {
        int count = record.blockCount();
        for (int i = 0; i < count; ) {
            BlockReference first = record.block(i);
            int next = i + 1;
            while (next < count && sameFork(first, record.block(next))) {
                next++;
            }
            handler.change(new PagesWritten(first.relation(), first.fork(), next - i));
            i = next;
        }
    }

    private static boolean sameFork(BlockReference a, BlockReference b) {
        return a.fork() == b.fork() && a.relation().equals(b.relation());
    }

    private static void dropped(WalFormat format, WalRecord record, ChangeHandler handler) throws WalDamagedException {
        if (!TransactionEvents.hasDroppedRelations(record)) {
            return;
        }
        Optional<TransactionEvent> event = TransactionEvents.decode(format, record);
        if (event.isEmpty()) {
            return;
        }
        switch (event.get()) {
            case TransactionEvent.Commit commit ->
                commit.dropped().forEach(relation -> handler.change(new StorageDropped(relation, true)));
            case TransactionEvent.Abort abort ->
                abort.dropped().forEach(relation -> handler.change(new StorageDropped(relation, false)));
            case TransactionEvent.Prepare prepare -> {}
        }
    }

    private static void storage(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        switch (record.info() & KIND_MASK) {
            case SMGR_CREATE -> handler.change(new StorageCreated(data.relation(), data.i32()));
            case SMGR_TRUNCATE -> {
                long blocks = data.u32();
                handler.change(new StorageTruncated(data.relation(), blocks, (data.i32() & TRUNCATES_MAIN) != 0));
            }
            default -> {}
        }
    }

    /** 15 put the logged creation between the two kinds that 14 has. */
    private static void database(WalFormat format, WalRecord record, ChangeHandler handler) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int kind = record.info() & KIND_MASK;
        int drop = format.majorVersion() == 14 ? 0x10 : 0x20;
        if (kind == 0x00) {
            handler.change(new DatabaseCreated(data.i32(), data.i32(), new DatabaseDirectory(data.i32(), data.i32())));
        } else if (kind == drop) {
            int databaseOid = data.i32();
            handler.change(new DatabaseDropped(databaseOid, data.numbers(data.i32())));
        } else if (kind == 0x10) {
            handler.change(new DatabaseCreated(data.i32(), data.i32(), null));
        }
    }

    private static void tablespace(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        switch (record.info() & KIND_MASK) {
            case 0x00 -> handler.change(new TablespaceCreated(data.i32(), data.terminatedText()));
            case 0x10 -> handler.change(new TablespaceDropped(data.i32()));
            default -> {}
        }
    }

    private static void standby(WalRecord record, ChangeHandler handler) throws WalDamagedException {
        if ((record.info() & KIND_MASK) != RUNNING_XACTS) {
            return;
        }
        RecordCursor data = new RecordCursor(record);
        int transactions = data.i32();
        int subtransactions = data.i32();
        boolean overflowed = data.paddedFlag();
        int nextXid = data.i32();
        int oldestRunningXid = data.i32();
        int latestCompletedXid = data.i32();
        List<Integer> xids = data.numbers(transactions);
        List<Integer> subxids = data.numbers(subtransactions);
        handler.change(
                new TransactionsRunning(nextXid, oldestRunningXid, latestCompletedXid, overflowed, xids, subxids));
    }
}
