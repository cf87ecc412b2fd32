package io.isochron.capture;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import io.isochron.wire.PostgresException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells what an error of the server means for capture. Sources: messages and codes of src/backend/replication/walsender.c, src/backend/replication/slot.c and src/backend/access/transam/xlogutils.c.
 */
final class StreamErrors {
    private static final Pattern PID = Pattern.compile("(\\d+)\\D*$");

    /** {@code object_not_in_prerequisite_state}: a slot that was invalidated, among others. */
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";

    private final ShardSource source;
    private final int segmentSizeBytes;

    StreamErrors(ShardSource source, int segmentSizeBytes) {
        this.source = source;
        this.segmentSizeBytes = segmentSizeBytes;
    }

    /** What ends capture for good as a {@link CaptureException}; anything else unchanged: trying again may help. */
    IOException explain(IOException error, int timeline, Lsn position, Lsn serverEnd) {
        if (!(error instanceof PostgresException server)) {
            return error;
        }
        if (server.sqlState().equals(PostgresException.UNDEFINED_FILE)) {
            return gap(server, timeline, position, serverEnd);
        }
        if (server.sqlState().equals(NOT_IN_PREREQUISITE_STATE)) {
            return new CaptureException(
                    "replication slot " + source.slot() + " of shard " + source.name() + " cannot be used: "
                            + server.serverMessage(),
                    "if the slot was invalidated, drop it with select pg_drop_replication_slot('" + source.slot()
                            + "') and start capture again: it goes on at " + position
                            + " if the server still has the wal, and names the gap if not",
                    error);
        }
        return error;
    }

    /** The slot has another receiver. */
    CaptureException slotInUse(PostgresException error, String holder) {
        Matcher pid = PID.matcher(error.serverMessage());
        return new CaptureException(
                "replication slot " + source.slot() + " of shard " + source.name() + " is in use"
                        + (pid.find() ? " by process " + pid.group(1) + " of the server" : "")
                        + ": another capture of this shard is running"
                        + (holder.isEmpty() ? "" : " (" + holder + ")"),
                "a shard has one capture; pg_stat_replication shows where the other one runs");
    }

    private CaptureException gap(PostgresException error, int timeline, Lsn position, Lsn serverEnd) {
        Lsn removedEnd =
                WalFileName.holding(timeline, position, segmentSizeBytes).end();
        Optional<Lsn> oldest = oldestOnServer().filter(lsn -> lsn.isAfter(position));
        String missing = oldest.isPresent()
                ? "wal from " + position + " to " + oldest.get() + " is missing"
                : "wal from " + position + " to at least " + removedEnd + " is missing";
        return new CaptureException(
                "gap in the archive of shard " + source.name() + ": " + missing
                        + ", the server has removed it (its wal now ends at " + serverEnd + "): "
                        + error.serverMessage(),
                "copy the missing segments from another archive into the server's pg_wal and start capture again; if they are lost, no moment in the gap can be restored and a new repository must begin after it",
                error);
    }

    /** The start of the oldest WAL file that the server has; empty if this role may not look (it needs pg_monitor). */
    private Optional<Lsn> oldestOnServer() {
        try (Connection connection = Sql.open(source, source.settings().database());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select min(name) from pg_catalog.pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'")) {
            if (!row.next() || row.getString(1) == null) {
                return Optional.empty();
            }
            return WalFileName.parse(row.getString(1), segmentSizeBytes).map(WalFileName::start);
        } catch (SQLException e) {
            return Optional.empty();
        }
    }
}
