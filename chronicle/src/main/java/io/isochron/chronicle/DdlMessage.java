package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * A message of the SQL helper as it lies in the WAL. Whether the statement took effect is decided by its transaction's end.
 *
 * @param xid unsigned id of the writing transaction or subtransaction
 * @param at end of its record
 * @param ddl what it says
 */
public record DdlMessage(int xid, Lsn at, DdlText ddl) {}
