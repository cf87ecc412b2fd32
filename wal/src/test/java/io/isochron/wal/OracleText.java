package io.isochron.wal;

import java.util.List;

/** Brings what PostgreSQL's tools print and what the reader found into the same words. */
final class OracleText {
    static final List<String> KINDS_THAT_MUST_OCCUR = List.of(
            "XLOG SWITCH",
            "XLOG RESTORE_POINT",
            "XLOG FPI",
            "XLOG CHECKPOINT_ONLINE",
            "Transaction COMMIT",
            "Transaction ABORT",
            "Transaction PREPARE",
            "Transaction COMMIT_PREPARED",
            "Transaction ABORT_PREPARED",
            "Storage CREATE",
            "Storage TRUNCATE",
            "Database CREATE_FILE_COPY",
            "Database CREATE_WAL_LOG",
            "Database DROP",
            "Tablespace CREATE",
            "Tablespace DROP",
            "Standby RUNNING_XACTS",
            "Heap INSERT",
            "Heap UPDATE",
            "Heap HOT_UPDATE",
            "Heap DELETE",
            "Heap2 MULTI_INSERT",
            "Heap2 MULTI_INSERT+INIT",
            "LogicalMessage MESSAGE");

    private static final List<String> RESOURCE_MANAGERS = List.of(
            "XLOG",
            "Transaction",
            "Storage",
            "CLOG",
            "Database",
            "Tablespace",
            "MultiXact",
            "RelMap",
            "Standby",
            "Heap2",
            "Heap",
            "Btree",
            "Hash",
            "Gin",
            "Gist",
            "Sequence",
            "SPGist",
            "BRIN",
            "CommitTs",
            "ReplicationOrigin",
            "Generic",
            "LogicalMessage");

    private OracleText() {}

    static String place(SeenRecord record, boolean withEnd, boolean withMain) {
        return place(
                record.start().toString(),
                withEnd ? record.end().toString() : null,
                record.previous().toString(),
                Integer.toUnsignedString(record.xid()),
                RESOURCE_MANAGERS.get(record.rmgr()),
                record.length(),
                record.fullPageImageBytes(),
                withMain ? record.mainBytes() : -1,
                record.blocks());
    }

    static String place(OracleRecord record) {
        return place(
                record.start(),
                record.end(),
                record.previous(),
                record.xid(),
                record.resourceManager(),
                record.length(),
                record.fullPageImageBytes(),
                record.mainBytes(),
                record.blocks());
    }

    private static String place(
            String start,
            String end,
            String previous,
            String xid,
            String resourceManager,
            int length,
            int images,
            int main,
            List<String> blocks) {
        return start + "-" + end + " after " + previous + ", transaction " + xid + ", " + resourceManager + ", "
                + length + " bytes, images " + images + ", main " + main + ", " + blocks;
    }
}
