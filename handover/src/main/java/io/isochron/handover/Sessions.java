package io.isochron.handover;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the sessions used here. Both sides must write a value as the same text, whatever the databases, roles and
 * clients are configured to; these are the settings pg_dump pins, and for the same reason.
 */
final class Sessions {
    private static final String[][] TEXT_FORM = {
        {"TimeZone", "UTC"},
        {"DateStyle", "ISO, YMD"},
        {"IntervalStyle", "postgres"},
        {"extra_float_digits", "1"},
        {"bytea_output", "hex"},
        {"xmloption", "content"},
        {"lc_monetary", "C"},
        {"row_security", "off"},
        {"statement_timeout", "0"},
        {"idle_in_transaction_session_timeout", "0"},
    };

    private Sessions() {}

    /** A session that reads one table at one moment: repeatable read, read only, nothing found by search path. */
    static Connection reader(ConnectionSource source) throws SQLException {
        Connection connection = source.open();
        try {
            connection.setAutoCommit(true);
            pin(connection);
            set(connection, "search_path", "");
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException e) {
            close(connection, e);
            throw e;
        }
    }

    /** A session that writes to a live shard; its search path stays, for the functions that triggers and defaults call. */
    static Connection writer(ConnectionSource source, Duration lockTimeout, boolean suppressTriggers)
            throws SQLException {
        Connection connection = source.open();
        try {
            connection.setAutoCommit(true);
            pin(connection);
            set(connection, "lock_timeout", Long.toString(Math.max(1, lockTimeout.toMillis())));
            if (suppressTriggers) {
                set(connection, "session_replication_role", "replica");
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setReadOnly(false);
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException e) {
            close(connection, e);
            throw e;
        }
    }

    private static void pin(Connection connection) throws SQLException {
        StringBuilder sql = new StringBuilder("SELECT ");
        for (String[] setting : TEXT_FORM) {
            sql.append(sql.length() > 7 ? ", " : "")
                    .append("pg_catalog.set_config('")
                    .append(setting[0])
                    .append("', '")
                    .append(setting[1])
                    .append("', false)");
        }
        value(connection, sql.toString());
    }

    private static void set(Connection connection, String name, String value) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_catalog.set_config(?, ?, false)")) {
            statement.setString(1, name);
            statement.setString(2, value);
            statement.execute();
        }
    }

    /** The first column of the first row, as text; null when there is no row or the value is null. */
    static @Nullable String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }

    /** Closes without hiding the failure that led here. */
    static void close(@Nullable Connection connection, Throwable reason) {
        if (connection == null) {
            return;
        }
        try {
            connection.close();
        } catch (SQLException e) {
            reason.addSuppressed(e);
        }
    }
}
