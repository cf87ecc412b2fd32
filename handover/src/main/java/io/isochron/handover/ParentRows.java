package io.isochron.handover;

import io.isochron.handover.TableShape.ForeignKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks foreign keys in a session where PostgreSQL does not, because triggers are suppressed there: the row pointed at is
 * looked up and locked {@code FOR KEY SHARE}, as PostgreSQL's own check does (ri_triggers.c), so it is still there at commit.
 */
final class ParentRows implements AutoCloseable {
    private final ForeignKey key;
    private final TableName table;
    private final int[] positions;
    private final PreparedStatement lookup;

    /** {@code columns}: the columns of the values that {@link #check} will be given, in their order. */
    ParentRows(Connection connection, TableName table, ForeignKey key, List<String> columns) throws SQLException {
        this.key = key;
        this.table = table;
        this.positions = key.columns().stream().mapToInt(columns::indexOf).toArray();
        this.lookup =
                connection.prepareStatement("SELECT 1 FROM " + key.parent().sql() + " WHERE "
                        + key.parentColumns().stream()
                                .map(column -> TableName.quote(column) + " = ?")
                                .collect(Collectors.joining(" AND "))
                        + " FOR KEY SHARE");
    }

    void check(@Nullable String[] values) throws SQLException, HandoverException {
        for (int i = 0; i < positions.length; i++) {
            String value = positions[i] < 0 ? null : values[positions[i]];
            if (value == null) {
                return;
            }
            lookup.setObject(i + 1, value, Types.OTHER);
        }
        try (ResultSet rows = lookup.executeQuery()) {
            if (!rows.next()) {
                throw new HandoverException(
                        "a row of " + table + " points at a row of " + key.parent() + " that is not there (foreign key "
                                + key.name() + ")",
                        "give back the rows of " + key.parent() + " first.",
                        null);
            }
        }
    }

    @Override
    public void close() throws SQLException {
        lookup.close();
    }
}
