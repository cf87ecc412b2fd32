package io.isochron.restore;

/**
 * Rows of one table, counted at one position of the WAL.
 *
 * @param databaseOid the database
 * @param database its name
 * @param tableOid the table's OID
 * @param table schema and name, for people
 * @param tablespaceOid the tablespace its file lies in, resolved (never 0)
 * @param fileNumber the number of its file
 * @param rows visible rows
 */
record TableCount(
        int databaseOid, String database, int tableOid, String table, int tablespaceOid, int fileNumber, long rows) {}
