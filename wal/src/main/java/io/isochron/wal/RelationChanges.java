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
     * Gives everything that the record changes to the consumer, in the record's order; nothing for records that only concern indexes,
     * visibility, locks and other details within pages.
     *
     * @throws WalDamagedException if the record's content does not have the form of its kind
     */
    public static void decode(WalFormat format, WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        switch (record.rmgr()) {
            case ResourceManager.HEAP -> HeapChanges.heap(record, consumer);
            case ResourceManager.HEAP2 -> HeapChanges.heap2(record, consumer);
            case ResourceManager.XLOG -> server(record, consumer);
            case ResourceManager.TRANSACTION -> dropped(format, record, consumer);
            case ResourceManager.STORAGE -> storage(record, consumer);
            case ResourceManager.DATABASE -> database(format, record, consumer);
            case ResourceManager.TABLESPACE -> tablespace(record, consumer);
            case ResourceManager.RELATION_MAP -> {
                RecordCursor data = new RecordCursor(record);
                consumer.accept(new RelationMapUpdated(data.i32(), data.i32()));
            }
            case ResourceManager.STANDBY -> standby(record, consumer);
            default -> {
                if (record.rmgr() >= ResourceManager.FIRST_CUSTOM) {
                    consumer.accept(new CustomRecord(record.rmgr()));
                }
            }
        }
    }

    private static void server(WalRecord record, Consumer<? super RelationChange> consumer) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int kind = record.info() & KIND_MASK;
        switch (kind) {
            case XlogInfo.CHECKPOINT_SHUTDOWN, XlogInfo.CHECKPOINT_ONLINE -> {
                data.skip(Checkpoint.BYTES);
                consumer.accept(new CheckpointWritten(
                        kind == XlogInfo.CHECKPOINT_SHUTDOWN, Checkpoint.read(record.bytes(), record.mainAt())));
            }
            case XlogInfo.BACKUP_END -> consumer.accept(new BackupEnded(data.lsn()));
            case XlogInfo.PARAMETER_CHANGE ->
                consumer.accept(new ParametersChanged(
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
                consumer.accept(new RestorePointCreated(data.text(RESTORE_POINT_NAME_BYTES), timeMicros));
            }
            case XlogInfo.FULL_PAGE_WRITES_CHANGE -> consumer.accept(new FullPageWritesChanged(data.u8() != 0));
            case XlogInfo.END_OF_RECOVERY -> consumer.accept(new RecoveryEnded(data.micros(), data.i32(), data.i32()));
            case XlogInfo.FULL_PAGE_IMAGE -> pages(record, consumer);
            default -> {}
        }
    }

    /** One record holds up to 33 pages, as a rule of one relation: neighbours are given as one. */
    private static void pages(WalRecord record, Consumer<? super RelationChange> consumer) {
        int count = record.blockCount();
        for (int i = 0; i < count; ) {
            BlockReference first = record.block(i);
            int next = i + 1;
            while (next < count && sameFork(first, record.block(next))) {
                next++;
            }
            consumer.accept(new PagesWritten(first.relation(), first.fork(), next - i));
            i = next;
        }
    }

    private static boolean sameFork(BlockReference a, BlockReference b) {
        return a.fileNumber == b.fileNumber
                && a.databaseOid == b.databaseOid
                && a.tablespaceOid == b.tablespaceOid
                && a.fork == b.fork;
    }

    private static void dropped(WalFormat format, WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        if (!TransactionEvents.hasDroppedRelations(record)) {
            return;
        }
        Optional<TransactionEvent> event = TransactionEvents.decode(format, record);
        if (event.isEmpty()) {
            return;
        }
        switch (event.get()) {
            case TransactionEvent.Commit commit ->
                commit.dropped().forEach(relation -> consumer.accept(new StorageDropped(relation, true)));
            case TransactionEvent.Abort abort ->
                abort.dropped().forEach(relation -> consumer.accept(new StorageDropped(relation, false)));
            case TransactionEvent.Prepare prepare -> {}
        }
    }

    private static void storage(WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        switch (record.info() & KIND_MASK) {
            case SMGR_CREATE -> consumer.accept(new StorageCreated(data.relation(), data.i32()));
            case SMGR_TRUNCATE -> {
                long blocks = data.u32();
                consumer.accept(new StorageTruncated(data.relation(), blocks, (data.i32() & TRUNCATES_MAIN) != 0));
            }
            default -> {}
        }
    }

    /** 15 put the logged creation between the two kinds that 14 has. */
    private static void database(WalFormat format, WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int kind = record.info() & KIND_MASK;
        int drop = format.majorVersion() == 14 ? 0x10 : 0x20;
        if (kind == 0x00) {
            consumer.accept(new DatabaseCreated(data.i32(), data.i32(), new DatabaseDirectory(data.i32(), data.i32())));
        } else if (kind == drop) {
            int databaseOid = data.i32();
            consumer.accept(new DatabaseDropped(databaseOid, data.numbers(data.i32())));
        } else if (kind == 0x10) {
            consumer.accept(new DatabaseCreated(data.i32(), data.i32(), null));
        }
    }

    private static void tablespace(WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        switch (record.info() & KIND_MASK) {
            case 0x00 -> consumer.accept(new TablespaceCreated(data.i32(), data.terminatedText()));
            case 0x10 -> consumer.accept(new TablespaceDropped(data.i32()));
            default -> {}
        }
    }

    private static void standby(WalRecord record, Consumer<? super RelationChange> consumer)
            throws WalDamagedException {
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
        consumer.accept(
                new TransactionsRunning(nextXid, oldestRunningXid, latestCompletedXid, overflowed, xids, subxids));
    }
}
