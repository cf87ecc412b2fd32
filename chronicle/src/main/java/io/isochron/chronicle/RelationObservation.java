package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import org.jspecify.annotations.Nullable;

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
    /** By hand, as {@link #equals}: what is read of a day has some ten thousand, and the generated ones are slow until they are compiled. */
    @Override
    public int hashCode() {
        return ((at.hashCode() * 31 + databaseOid) * 31 + oid) * 31 + file.hashCode();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof RelationObservation seen
                        && seen.oid == oid
                        && seen.databaseOid == databaseOid
                        && seen.at.equals(at)
                        && seen.file.equals(file)
                        && seen.kind == kind
                        && seen.toastOf == toastOf
                        && seen.primaryKey == primaryKey
                        && seen.name.equals(name)
                        && seen.schema.equals(schema)
                        && seen.database.equals(database));
    }

    /** {@code schema.name}. */
    public String qualifiedName() {
        return schema + "." + name;
    }
}
