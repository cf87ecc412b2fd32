package io.isochron.wal;

import org.jspecify.annotations.Nullable;

/**
 * One relation's storage, as WAL names it: not the table, which gets a new file when it is rewritten or truncated
 * (PostgreSQL's {@code RelFileLocator}, src/include/storage/relfilelocator.h).
 *
 * @param tablespaceOid unsigned OID of the tablespace; 1663 is {@code pg_default}, 1664 {@code pg_global}
 * @param databaseOid unsigned OID of the database, 0 for relations shared by all databases
 * @param fileNumber unsigned number of the file ({@code pg_class.relfilenode})
 */
public record RelationFile(int tablespaceOid, int databaseOid, int fileNumber) {
    /** By hand, since every row change that is counted asks for it, and the generated one is slow until it is compiled. */
    @Override
    public int hashCode() {
        return (tablespaceOid * 31 + databaseOid) * 31 + fileNumber;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof RelationFile file
                        && file.fileNumber == fileNumber
                        && file.databaseOid == databaseOid
                        && file.tablespaceOid == tablespaceOid);
    }

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
