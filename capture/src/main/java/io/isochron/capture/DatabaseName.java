package io.isochron.capture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A database of a shard.
 *
 * @param oid unsigned
 * @param tablespaceOid its default tablespace, unsigned
 * @param connectable whether it takes connections
 */
record DatabaseName(int oid, String name, int tablespaceOid, boolean connectable) {
    private static final String QUERY = """
            select oid::bigint, datname, dattablespace::bigint, datallowconn and not datistemplate
            from pg_catalog.pg_database order by oid""";

    /** All databases, templates included. Empty if this role cannot ask by SQL: a snapshot does not need their names. */
    static List<DatabaseName> list(ShardSource source) {
        try (Connection connection = Sql.open(source, source.settings().database())) {
            return list(connection);
        } catch (SQLException e) {
            return List.of();
        }
    }

    static List<DatabaseName> list(Connection connection) throws SQLException {
        List<DatabaseName> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(QUERY)) {
            while (rows.next()) {
                found.add(new DatabaseName(
                        (int) rows.getLong(1), rows.getString(2), (int) rows.getLong(3), rows.getBoolean(4)));
            }
        }
        return found;
    }
}
