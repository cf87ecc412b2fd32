package io.isochron.chronicle;

import io.isochron.wal.RelationFile;

/**
 * What one transaction id did to one relation's storage within one segment. A transaction's whole is the sum over its own id, its
 * subtransactions' ids and all segments; whether it counts is decided by the commit.
 *
 * @param xid unsigned transaction id, possibly of a subtransaction; 0 for work outside any transaction
 * @param relation the storage
 * @param inserted rows that came in, withdrawn speculative insertions taken off
 * @param updated rows that got a new version
 * @param deleted rows deleted, those moved to another partition included
 * @param pagesWritten pages of the main fork written whole, past the row level (rewrites, index builds)
 */
public record RowCounts(int xid, RelationFile relation, long inserted, long updated, long deleted, long pagesWritten) {}
