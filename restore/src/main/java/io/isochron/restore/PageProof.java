package io.isochron.restore;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads every table and every B-tree index with PostgreSQL's own amcheck, catalogs included; with data checksums on, every page read is checked
 * against its checksum by the way. Where the extension is not installed it is created in a transaction that is rolled back, so that the restored
 * databases stay as they were. Source: PostgreSQL documentation, appendix "amcheck".
 */
final class PageProof {

    private static final int SHOWN = 5;

    private static final String INDEXES =
            " from pg_catalog.pg_class c join pg_catalog.pg_index i on i.indexrelid = c.oid"
                    + " join pg_catalog.pg_am a on a.oid = c.relam where c.relkind = 'i' and a.amname = 'btree' and i.indisvalid and i.indisready"
                    + " and c.relpersistence = 'p'";

    private static final String TABLES =
            " from pg_catalog.pg_class c join pg_catalog.pg_am a on a.oid = c.relam where c.relkind in ('r', 'm', 't')"
                    + " and a.amname = 'heap' and c.relpersistence = 'p'";

    private final Sessions sessions;
    private final List<String> wrong = new ArrayList<>();
    private long indexes;
    private long tables;

    private PageProof(Sessions sessions) {
        this.sessions = sessions;
    }

    static Proof prove(String shard, Sessions sessions) throws SQLException {
        long begin = System.nanoTime();
        PageProof proof = new PageProof(sessions);
        String checksums;
        try (Connection connection = sessions.open(sessions.anyDatabase(), false);
                Statement statement = connection.createStatement()) {
            checksums = single(statement, "show data_checksums");
            if (single(
                            statement,
                            "select pg_catalog.count(*) from pg_catalog.pg_available_extensions where name = 'amcheck'")
                    .equals("0")) {
                return new Proof(
                        "pages",
                        shard,
                        Proof.Outcome.NOT_COMPUTABLE,
                        "the PostgreSQL programs on this host come without amcheck",
                        millisSince(begin));
            }
        }
        for (Sessions.Database database : sessions.databases()) {
            proof.check(database.name());
        }
        String detail = proof.wrong.isEmpty()
                ? proof.tables + " tables and " + proof.indexes + " B-tree indexes are sound (amcheck), data checksums "
                        + checksums
                : String.join("; ", proof.wrong);
        return new Proof(
                "pages",
                shard,
                proof.wrong.isEmpty() ? Proof.Outcome.HELD : Proof.Outcome.FAILED,
                detail,
                millisSince(begin));
    }

    private void check(String database) throws SQLException {
        try (Connection connection = sessions.open(database, true)) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                String schema = extensionSchema(statement);
                indexes += Long.parseLong(single(statement, "select pg_catalog.count(*)" + INDEXES));
                tables += Long.parseLong(single(statement, "select pg_catalog.count(*)" + TABLES));
                checkTables(statement, schema, database);
                checkIndexes(statement, schema, database);
            } finally {
                connection.rollback();
            }
        }
    }

    private static String extensionSchema(Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("select n.nspname from pg_catalog.pg_extension e"
                + " join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck'")) {
            if (rows.next()) {
                return Sessions.identifier(rows.getString(1));
            }
        }
        statement.execute("create schema isochron_amcheck");
        statement.execute("create extension amcheck schema isochron_amcheck");
        return "isochron_amcheck";
    }

    private void checkTables(Statement statement, String schema, String database) {
        String sql = "select c.oid::pg_catalog.regclass::text, v.blkno, v.offnum, v.msg from (select c.oid" + TABLES
                + ") c, lateral " + schema
                + ".verify_heapam(relation := c.oid, on_error_stop := true, check_toast := true) v limit " + SHOWN;
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                wrong.add("database " + database + ", table " + rows.getString(1) + ", block " + rows.getString(2)
                        + ", item " + rows.getString(3) + ": " + rows.getString(4));
            }
        } catch (SQLException e) {
            wrong.add("database " + database + ": " + e.getMessage());
        }
    }

    private void checkIndexes(Statement statement, String schema, String database) {
        String sql = "select pg_catalog.count(*) from (select " + schema + ".bt_index_check(index := c.oid)" + INDEXES
                + " offset 0) x";
        try {
            single(statement, sql);
        } catch (SQLException e) {
            wrong.add("database " + database + ": " + e.getMessage());
        }
    }

    private static String single(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static long millisSince(long begin) {
        return (System.nanoTime() - begin) / 1_000_000;
    }
}
