package io.isochron.wal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a record changes outside the transaction's own fate: rows, storage, tablespaces, databases, the server itself. Whose doing it
 * is says {@link WalRecord#xid()}, which may be a subtransaction's id. Whether it counts is decided by that transaction's end.
 */
public sealed interface RelationChange {
    /**
     * Rows came in by INSERT or COPY.
     *
     * @param rows count; -1 for a speculative insertion (ON CONFLICT) that is withdrawn, so that sums are right
     */
    record RowsInserted(RelationFile relation, int rows) implements RelationChange {}

    /**
     * One row got a new version in the same table.
     *
     * @param hot whether no index had to be touched
     */
    record RowUpdated(RelationFile relation, boolean hot) implements RelationChange {}

    /**
     * One row was deleted.
     *
     * @param block page of the deleted row version, unsigned 32-bit
     * @param offset line pointer within the page, from 1
     * @param movedToOtherPartition whether an UPDATE inserted it into another partition
     */
    record RowDeleted(RelationFile relation, long block, int offset, boolean movedToOtherPartition)
            implements RelationChange {}

    /**
     * TRUNCATE as logical decoding sees it; only at {@code wal_level=logical}. Elsewhere a truncation shows as
     * {@link StorageCreated} and the commit's dropped storage.
     *
     * @param relationOids OIDs of tables ({@code pg_class.oid}), not file numbers
     */
    record TablesTruncated(int databaseOid, List<Integer> relationOids, boolean cascade, boolean restartSequences)
            implements RelationChange {}

    /**
     * Whole pages were written past the row level: rewrites by VACUUM FULL, CLUSTER, ALTER TABLE; index builds; copied databases.
     *
     * @param fork 0 main, 1 free space map, 2 visibility map, 3 initialisation
     * @param pages count
     */
    record PagesWritten(RelationFile relation, int fork, int pages) implements RelationChange {}

    /** A file was made for a relation; fork as in {@link PagesWritten}. */
    record StorageCreated(RelationFile relation, int fork) implements RelationChange {}

    /**
     * A relation was cut to a length (VACUUM gives back empty pages; TRUNCATE of a table made in the same transaction).
     *
     * @param blocks the length of the main fork that remains, in pages
     * @param main whether the main fork is cut (otherwise only free space and visibility maps)
     */
    record StorageTruncated(RelationFile relation, long blocks, boolean main) implements RelationChange {}

    /**
     * Storage is deleted with this commit or abort.
     *
     * @param committed false if the transaction that had created it was rolled back
     */
    record StorageDropped(RelationFile relation, boolean committed) implements RelationChange {}

    /** CREATE TABLESPACE; the path is the one on the shard's host. */
    record TablespaceCreated(int tablespaceOid, String path) implements RelationChange {}

    /** DROP TABLESPACE. */
    record TablespaceDropped(int tablespaceOid) implements RelationChange {}

    /**
     * A database's directory came into being.
     *
     * @param source where its files are copied from without being logged (strategy FILE_COPY, and always on 14); null if every page is logged
     */
    record DatabaseCreated(
            int databaseOid, int tablespaceOid, @Nullable DatabaseDirectory source) implements RelationChange {}

    /** A database's directories in these tablespaces are deleted (DROP DATABASE, or ALTER DATABASE ... SET TABLESPACE). */
    record DatabaseDropped(int databaseOid, List<Integer> tablespaceOids) implements RelationChange {}

    /** A database's files in one tablespace. */
    record DatabaseDirectory(int databaseOid, int tablespaceOid) {}

    /** The map from mapped catalogs to their files changed (rewrite of a catalog); database 0 for the shared map. */
    record RelationMapUpdated(int databaseOid, int tablespaceOid) implements RelationChange {}

    /**
     * Settings that a standby must match or exceed.
     *
     * @param walLevel 0 minimal, 1 replica, 2 logical
     */
    record ParametersChanged(
            int maxConnections,
            int maxWorkerProcesses,
            int maxWalSenders,
            int maxPreparedTransactions,
            int maxLocksPerTransaction,
            int walLevel,
            boolean walLogHints,
            boolean trackCommitTimestamp)
            implements RelationChange {}

    /** {@code full_page_writes} was turned on or off. */
    record FullPageWritesChanged(boolean on) implements RelationChange {}

    /** A checkpoint record. */
    record CheckpointWritten(boolean shutdown, Checkpoint checkpoint) implements RelationChange {}

    /** A server ended recovery without a checkpoint and goes on on a new PostgreSQL timeline (or, after a crash, the same). */
    record RecoveryEnded(long timeMicros, int timeline, int previousTimeline) implements RelationChange {}

    /**
     * A picture of the transactions that run.
     *
     * @param nextXid first id not given out yet
     * @param oldestRunningXid lowest id that is still running
     * @param latestCompletedXid highest id that has ended
     * @param subxidsOverflowed whether subtransactions are missing from the list
     * @param xids top-level transactions that run, prepared ones included
     * @param subxids their subtransactions, as far as known
     */
    record TransactionsRunning(
            int nextXid,
            int oldestRunningXid,
            int latestCompletedXid,
            boolean subxidsOverflowed,
            List<Integer> xids,
            List<Integer> subxids)
            implements RelationChange {}

    /** {@code pg_create_restore_point}. */
    record RestorePointCreated(String name, long timeMicros) implements RelationChange {}

    /** The end of a base backup; before it the copied files are not consistent. */
    record BackupEnded(Lsn start) implements RelationChange {}

    /** A record of an extension's own resource manager (id 128 to 255): replay needs that extension loaded. */
    record CustomRecord(int resourceManager) implements RelationChange {}
}
