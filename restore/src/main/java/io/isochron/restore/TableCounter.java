package io.isochron.restore;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Counts the rows of every user table of a server; unlogged and temporary tables are left out, since WAL says nothing of them. */
final class TableCounter {

    private static final String TABLES = """
            select c.oid::bigint, n.nspname, c.relname,
                case when c.reltablespace = 0
                  then (select d.dattablespace from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
                  else c.reltablespace end::bigint,
                pg_catalog.pg_relation_filenode(c.oid)::bigint
              from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
              order by c.oid
            """;

    private TableCounter() {}

    /** Counts every table of every database. */
    static List<TableCount> count(Sessions sessions) throws SQLException {
        List<TableCount> counts = new ArrayList<>();
        for (Sessions.Database database : sessions.databases()) {
            try (Connection connection = sessions.open(database.name(), false);
                    Statement statement = connection.createStatement()) {
                List<TableCount> tables = tables(statement, database);
                for (TableCount table : tables) {
                    counts.add(counted(statement, table));
                }
            }
        }
        return counts;
    }

    private static List<TableCount> tables(Statement statement, Sessions.Database database) throws SQLException {
        List<TableCount> tables = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(TABLES)) {
            while (rows.next()) {
                tables.add(new TableCount(
                        database.oid(),
                        database.name(),
                        (int) rows.getLong(1),
                        Sessions.identifier(rows.getString(2)) + "." + Sessions.identifier(rows.getString(3)),
                        (int) rows.getLong(4),
                        (int) rows.getLong(5),
                        0));
            }
        }
        return tables;
    }

    private static TableCount counted(Statement statement, TableCount table) throws SQLException {
        try (ResultSet rows = statement.executeQuery("select pg_catalog.count(*) from only " + table.table())) {
            rows.next();
            return new TableCount(
                    table.databaseOid(),
                    table.database(),
                    table.tableOid(),
                    table.table(),
                    table.tablespaceOid(),
                    table.fileNumber(),
                    rows.getLong(1));
        }
    }
}
