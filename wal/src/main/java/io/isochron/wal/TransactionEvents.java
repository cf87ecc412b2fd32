package io.isochron.wal;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a record decides about a transaction. Sources: {@code ParseCommitRecord}, {@code ParseAbortRecord} and
 * {@code ParsePrepareRecord} in src/backend/access/rmgrdesc/xactdesc.c; structs in src/include/access/xact.h.
 */
public final class TransactionEvents {
    private static final int OPERATION_MASK = 0x70;
    private static final int COMMIT = 0x00;
    private static final int PREPARE = 0x10;
    private static final int ABORT = 0x20;
    private static final int COMMIT_PREPARED = 0x30;
    private static final int ABORT_PREPARED = 0x40;
    private static final int HAS_INFO = 0x80;

    private static final int HAS_DATABASE = 1;
    private static final int HAS_SUBTRANSACTIONS = 1 << 1;
    private static final int HAS_DROPPED_RELATIONS = 1 << 2;
    private static final int HAS_INVALIDATIONS = 1 << 3;
    private static final int HAS_PREPARED_XID = 1 << 4;
    private static final int HAS_ORIGIN = 1 << 5;
    private static final int HAS_GID = 1 << 7;
    private static final int HAS_DROPPED_STATISTICS = 1 << 8;

    private static final int INVALIDATION_BYTES = 16;
    private static final int TWO_PHASE_MAGIC = 0x57F94534;
    private static final int GID_MAX_BYTES = 200;

    private TransactionEvents() {}

    /**
     * What the record decides; empty for every record that is not a commit, an abort or a prepare.
     *
     * @throws WalDamagedException if the record's content does not have the form of its kind
     */
    public static Optional<TransactionEvent> decode(WalFormat format, WalRecord record) throws WalDamagedException {
        if (record.rmgr() != ResourceManager.TRANSACTION) {
            return Optional.empty();
        }
        return switch (record.info() & OPERATION_MASK) {
            case COMMIT -> Optional.of(ending(format, record, true, false));
            case COMMIT_PREPARED -> Optional.of(ending(format, record, true, true));
            case ABORT -> Optional.of(ending(format, record, false, false));
            case ABORT_PREPARED -> Optional.of(ending(format, record, false, true));
            case PREPARE -> Optional.of(prepare(format, record));
            default -> Optional.empty();
        };
    }

    /** A quick look: most transactions drop nothing. */
    static boolean hasDroppedRelations(WalRecord record) {
        int operation = record.info() & OPERATION_MASK;
        return operation <= ABORT_PREPARED
                && operation != PREPARE
                && (record.info() & HAS_INFO) != 0
                && record.mainLength() >= 12
                && (LittleEndian.i32(record.bytes(), record.mainAt() + 8) & HAS_DROPPED_RELATIONS) != 0;
    }

    private static TransactionEvent ending(WalFormat format, WalRecord record, boolean commit, boolean prepared)
            throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        long timeMicros = data.micros();
        int parts = (record.info() & HAS_INFO) != 0 ? data.i32() : 0;
        int xid = record.xid();
        int databaseOid = 0;
        List<Integer> subxids = List.of();
        List<RelationFile> dropped = List.of();
        @Nullable String gid = null;
        TransactionEvent.@Nullable Origin origin = null;
        if ((parts & HAS_DATABASE) != 0) {
            databaseOid = data.i32();
            data.skip(4);
        }
        if ((parts & HAS_SUBTRANSACTIONS) != 0) {
            subxids = data.numbers(data.i32());
        }
        if ((parts & HAS_DROPPED_RELATIONS) != 0) {
            dropped = data.relations(data.i32());
        }
        if ((parts & HAS_DROPPED_STATISTICS) != 0 && format.majorVersion() >= 15) {
            data.skip(data.i32(), format.droppedStatisticsItemBytes());
        }
        if (commit && (parts & HAS_INVALIDATIONS) != 0) {
            data.skip(data.i32(), INVALIDATION_BYTES);
        }
        if ((parts & HAS_PREPARED_XID) != 0) {
            xid = data.i32();
            if ((parts & HAS_GID) != 0) {
                gid = data.terminatedText();
            }
        }
        if ((parts & HAS_ORIGIN) != 0) {
            origin = new TransactionEvent.Origin(data.lsn(), data.micros());
        }
        if (prepared && (parts & HAS_PREPARED_XID) == 0) {
            throw record.damaged("the end of a prepared transaction does not name the transaction");
        }
        return commit
                ? new TransactionEvent.Commit(xid, timeMicros, subxids, dropped, databaseOid, gid, prepared, origin)
                : new TransactionEvent.Abort(xid, timeMicros, subxids, dropped, databaseOid, gid, prepared, origin);
    }

    /** The state file's content is the record: struct {@code xl_xact_prepare}, gid and lists, each padded to 8 bytes. */
    private static TransactionEvent prepare(WalFormat format, WalRecord record) throws WalDamagedException {
        RecordCursor data = new RecordCursor(record);
        int magic = data.i32();
        if (magic != TWO_PHASE_MAGIC) {
            throw record.damaged("two-phase state has magic " + WalFormat.hex(magic) + ", expected "
                    + WalFormat.hex(TWO_PHASE_MAGIC));
        }
        data.skip(4);
        int xid = data.i32();
        int databaseOid = data.i32();
        long timeMicros = data.micros();
        data.skip(4);
        int subxidCount = data.i32();
        int commitRelations = data.i32();
        int abortRelations = data.i32();
        if (format.majorVersion() >= 15) {
            data.skip(8);
        }
        data.skip(4 + 2);
        int gidBytes = data.u16();
        data.skip(16);
        data.align();
        if (gidBytes < 1 || gidBytes > GID_MAX_BYTES) {
            throw record.damaged("two-phase state has a gid of " + gidBytes + " bytes");
        }
        String gid = data.text(gidBytes);
        data.align();
        List<Integer> subxids = data.numbers(subxidCount);
        data.align();
        List<RelationFile> onCommit = data.relations(commitRelations);
        data.align();
        List<RelationFile> onAbort = data.relations(abortRelations);
        return new TransactionEvent.Prepare(xid, timeMicros, gid, databaseOid, subxids, onCommit, onAbort);
    }
}
