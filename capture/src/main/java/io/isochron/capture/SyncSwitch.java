package io.isochron.capture;

import io.isochron.objects.CrashPoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes capture out of {@code synchronous_standby_names} of a server, and puts it back, by ALTER SYSTEM, which needs the right to (PostgreSQL 15: {@code grant alter system on parameter}; before, a
 * superuser). What was set before is remembered in the shard's spool.
 */
final class SyncSwitch {
    /** What frees a database by hand. */
    static final String BY_HAND =
            "run as superuser: alter system set synchronous_standby_names = ''; select pg_reload_conf()";

    private static final String REMEMBERED = "switched-to-asynchronous";

    /** The database was freed, and nothing will arm it again by itself. */
    static final class NotRememberedException extends SQLException {
        private static final long serialVersionUID = 1L;

        private NotRememberedException(Path spool, String before, IOException cause) {
            super(
                    "that cannot be remembered in " + spool + ": " + cause
                            + "\nhint: set synchronous_standby_names to '" + before + "' again when capture is back",
                    cause);
        }
    }

    private SyncSwitch() {}

    /** Whether a shard was switched to asynchronous commits and not back, or may have been. */
    static boolean isSwitched(Path spool) {
        return Files.exists(spool.resolve(REMEMBERED));
    }

    /**
     * Lets commits go on without capture. What was set is remembered first, so that a switch is taken back even if this process ends right after it; a database is freed also where nothing can be
     * remembered, as on a full disk.
     *
     * @param spool the shard's folder
     * @return whether it was done: false if the setting has changed meanwhile
     * @throws NotRememberedException if it was done
     * @throws SQLException otherwise if it was not done
     */
    static boolean free(Connection connection, SyncState state, Path spool) throws SQLException {
        String now =
                StandbyNames.parse(state.names()).without(SyncState.RECEIVER).format();
        IOException forgotten = remember(spool, state.names(), now);
        CrashPoint.reached("sync.remembered");
        boolean done;
        try {
            done = set(connection, state.names(), now);
        } catch (SQLException e) {
            if (refused(e)) {
                forget(spool);
            }
            throw e;
        }
        if (!done) {
            forget(spool);
        } else if (forgotten != null) {
            throw new NotRememberedException(spool, state.names(), forgotten);
        }
        return done;
    }

    /**
     * Lets commits wait for capture again. Where whoever switched was ended before the server had read the new setting, the old one is said to it once more.
     *
     * @return whether it was done: false if the setting was changed by somebody else since, or had not been switched
     */
    static boolean rearm(Connection connection, SyncState state, Path spool) throws SQLException {
        List<String> lines;
        try {
            lines = Files.readAllLines(spool.resolve(REMEMBERED), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new SQLException(
                    "what is remembered in " + spool.resolve(REMEMBERED) + " cannot be used: " + e.getMessage(), e);
        }
        boolean whole = lines.size() == 2;
        boolean switched = whole && state.names().equals(lines.get(1));
        boolean begun = whole && !switched && state.names().equals(lines.get(0));
        boolean done = false;
        if (switched || begun) {
            try {
                done = set(connection, state.names(), lines.get(0));
            } catch (SQLException e) {
                // who may not set it has not begun to either
                if (switched || !refused(e)) {
                    throw e;
                }
            }
        }
        forget(spool);
        return switched && done;
    }

    /** Whether the server refused for want of a right. */
    private static boolean refused(SQLException e) {
        return "42501".equals(e.getSQLState());
    }

    /** Durable when this returns null; else why it is not. */
    private static @Nullable IOException remember(Path spool, String before, String now) {
        Path written = spool.resolve(REMEMBERED + ".new");
        try {
            try (FileChannel channel = FileChannel.open(
                    written,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer text = StandardCharsets.UTF_8.encode(before + "\n" + now + "\n");
                while (text.hasRemaining()) {
                    channel.write(text);
                }
                channel.force(true);
            }
            Files.move(written, spool.resolve(REMEMBERED), StandardCopyOption.ATOMIC_MOVE);
            Spool.syncDirectory(spool);
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private static void forget(Path spool) throws SQLException {
        try {
            Files.deleteIfExists(spool.resolve(REMEMBERED));
        } catch (IOException e) {
            throw new SQLException(
                    "what is remembered in " + spool.resolve(REMEMBERED) + " cannot be removed: " + e.getMessage(), e);
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
            alter(statement, value);
            CrashPoint.reached("sync.altered");
            try {
                statement.execute("select pg_catalog.pg_reload_conf()");
            } catch (SQLException e) {
                // else it would take effect whenever somebody has the configuration read
                alter(statement, expected);
                throw e;
            }
            CrashPoint.reached("sync.loaded");
            return true;
        }
    }

    private static void alter(Statement statement, String value) throws SQLException {
        statement.execute("alter system set synchronous_standby_names = '" + value.replace("'", "''") + "'");
    }
}
