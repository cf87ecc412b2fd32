package io.isochron.capture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Takes capture out of {@code synchronous_standby_names} of a server, and puts it back, by ALTER SYSTEM, which needs the right to (PostgreSQL 15: {@code grant alter system on parameter}; before, a
 * superuser). What was set before is remembered in the shard's spool.
 */
final class SyncSwitch {
    /** What frees a database by hand. */
    static final String BY_HAND =
            "run as superuser: alter system set synchronous_standby_names = ''; select pg_reload_conf()";

    private static final String REMEMBERED = "switched-to-asynchronous";

    private SyncSwitch() {}

    /** Whether a shard was switched to asynchronous commits and not back. */
    static boolean isSwitched(Path spool) {
        return Files.exists(spool.resolve(REMEMBERED));
    }

    /**
     * Lets commits go on without capture.
     *
     * @param spool the shard's folder
     * @return whether it was done: false if the setting has changed meanwhile
     */
    static boolean free(Connection connection, SyncState state, Path spool) throws SQLException {
        String now =
                StandbyNames.parse(state.names()).without(SyncState.RECEIVER).format();
        if (!set(connection, state.names(), now)) {
            return false;
        }
        try {
            Files.writeString(spool.resolve(REMEMBERED), state.names() + "\n" + now + "\n", StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new SQLException("it is done, but cannot be remembered in " + spool + ": " + e.getMessage(), e);
        }
        return true;
    }

    /**
     * Lets commits wait for capture again.
     *
     * @return whether it was done: false if the setting was changed by somebody else since
     */
    static boolean rearm(Connection connection, SyncState state, Path spool) throws SQLException {
        Path remembered = spool.resolve(REMEMBERED);
        List<String> lines;
        try {
            lines = Files.readAllLines(remembered, StandardCharsets.UTF_8);
            boolean done = lines.size() == 2
                    && state.names().equals(lines.get(1))
                    && set(connection, state.names(), lines.get(0));
            Files.delete(remembered);
            return done;
        } catch (IOException e) {
            throw new SQLException("what is remembered in " + remembered + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static boolean set(Connection connection, String expected, String value) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery("select current_setting('synchronous_standby_names')")) {
                row.next();
                if (!row.getString(1).equals(expected)) {
                    return false;
                }
            }
            statement.execute("alter system set synchronous_standby_names = '" + value.replace("'", "''") + "'");
            statement.execute("select pg_catalog.pg_reload_conf()");
            return true;
        }
    }
}
