package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * A statement that changed the schema, as the SQL helper tells it, of a transaction that committed.
 *
 * @param xid unsigned id of the transaction
 * @param at end of its commit, as for {@link Notable}
 * @param atMicros the commit's time, brought to the reference clock
 * @param ddl what the helper said
 */
public record DdlStatement(int xid, Lsn at, long atMicros, DdlText ddl) {}
