package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;

/**
 * What a shard's catalog said about one relation at some moment; WAL itself has no names.
 *
 * @param at WAL insert position of the shard read in the same transaction as the catalog: the observation is true at or before it, and
 *     until a change
 * @param databaseOid database
 * @param database its name
 * @param oid the relation's OID ({@code pg_class.oid}), stable over rewrites
 * @param schema schema name
 * @param name relation name
 * @param kind {@code pg_class.relkind}: r table, m materialized view, t TOAST table, i index, S sequence
 * @param file storage at that moment
 * @param toastOf for a TOAST table the OID of its table, else 0
 * @param primaryKey whether the table has a primary key
 */
public record RelationObservation(
        Lsn at,
        int databaseOid,
        String database,
        int oid,
        String schema,
        String name,
        char kind,
        RelationFile file,
        int toastOf,
        boolean primaryKey) {
    /** {@code schema.name}. */
    public String qualifiedName() {
        return schema + "." + name;
    }
}
