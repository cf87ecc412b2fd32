package io.isochron.wal;

/**
 * One relation's storage, as WAL names it: not the table, which gets a new file when it is rewritten or truncated
 * (PostgreSQL's {@code RelFileLocator}, src/include/storage/relfilelocator.h).
 *
 * @param tablespaceOid unsigned OID of the tablespace; 1663 is {@code pg_default}, 1664 {@code pg_global}
 * @param databaseOid unsigned OID of the database, 0 for relations shared by all databases
 * @param fileNumber unsigned number of the file ({@code pg_class.relfilenode})
 */
public record RelationFile(int tablespaceOid, int databaseOid, int fileNumber) {
    /** {@code tablespace/database/file}, decimal, as {@code pg_waldump} writes it. */
    @Override
    public String toString() {
        return Integer.toUnsignedString(tablespaceOid)
                + "/"
                + Integer.toUnsignedString(databaseOid)
                + "/"
                + Integer.toUnsignedString(fileNumber);
    }
}
