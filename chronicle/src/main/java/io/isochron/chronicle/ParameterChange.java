package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * Settings of a shard that a server replaying its WAL must match or exceed, from then on.
 *
 * @param at end of the record
 * @param walLevel 0 minimal, 1 replica, 2 logical
 */
public record ParameterChange(
        Lsn at,
        int maxConnections,
        int maxWorkerProcesses,
        int maxWalSenders,
        int maxPreparedTransactions,
        int maxLocksPerTransaction,
        int walLevel,
        boolean walLogHints,
        boolean trackCommitTimestamp) {}
