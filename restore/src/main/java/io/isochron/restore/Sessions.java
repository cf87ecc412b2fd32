package io.isochron.restore;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Sessions of a superuser on one restored server, in which nothing of the user's own code runs by itself. */
interface Sessions {

    /**
     * Opens a session.
     *
     * @param database the database
     * @param writes whether the session may write
     */
    Connection open(String database, boolean writes) throws SQLException;

    /** A database that can be connected to. */
    String anyDatabase() throws SQLException;

    /**
     * A database of the server.
     *
     * @param oid its OID
     * @param name its name
     */
    record Database(int oid, String name) {}

    /** Every database that accepts connections, {@code template0} left out. */
    default List<Database> databases() throws SQLException {
        List<Database> result = new ArrayList<>();
        try (Connection connection = open(anyDatabase(), false);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select oid::bigint, datname from pg_catalog.pg_database"
                        + " where datallowconn and datconnlimit <> -2 and datname <> 'template0' order by datname")) {
            while (rows.next()) {
                result.add(new Database((int) rows.getLong(1), rows.getString(2)));
            }
        }
        return result;
    }

    /** The startup options of every session: no triggers, no libraries, plain names, errors instead of filtered rows. */
    static String startupOptions(boolean writes) {
        return "-c default_transaction_read_only=" + (writes ? "off" : "on")
                + " -c session_replication_role=replica -c session_preload_libraries= -c local_preload_libraries="
                + " -c search_path=pg_catalog -c row_security=off -c statement_timeout=0 -c lock_timeout=30s"
                + " -c idle_in_transaction_session_timeout=0 -c synchronous_commit=local";
    }

    /** A name in double quotes. */
    static String identifier(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** A text in single quotes. */
    static String literal(String text) {
        String quoted = "'" + text.replace("'", "''") + "'";
        return text.indexOf('\\') < 0 ? quoted : "E" + quoted.replace("\\", "\\\\");
    }
}
