package io.isochron.handover;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of one side in the order of the key, by a cursor: only a few are held at a time. */
final class RowStream implements AutoCloseable {
    private final Statement statement;
    private final ResultSet rows;
    private final List<KeyColumn> key;
    private @Nullable TableRow previous;
    private final String side;
    private long count;

    RowStream(Connection connection, TableShape shape, TableMatch match, String side) throws SQLException {
        this.key = match.key();
        this.side = side;
        List<String> select = new ArrayList<>();
        List<String> order = new ArrayList<>();
        for (KeyColumn column : key) {
            select.add(column.compared());
            select.add(TableName.quote(column.name()) + "::pg_catalog.text");
            order.add(column.orderBy(shape.utf8()));
        }
        select.add("tableoid::pg_catalog.int8");
        select.add("ctid::pg_catalog.text");
        select.add("xmin::pg_catalog.text");
        select.add(match.digest());
        statement = connection.createStatement();
        try {
            // What is selected here is small whatever the row: the key and a digest.
            statement.setFetchSize(1000);
            rows = statement.executeQuery("SELECT " + String.join(", ", select) + " FROM " + shape.from()
                    + " AS t ORDER BY " + String.join(", ", order));
        } catch (SQLException e) {
            statement.close();
            throw e;
        }
    }

    /** The next row, or null at the end. */
    @Nullable
    TableRow next() throws SQLException, HandoverException {
        if (!rows.next()) {
            return null;
        }
        int width = key.size();
        String[] compared = new String[width];
        String[] shown = new String[width];
        int column = 1;
        for (int i = 0; i < width; i++) {
            compared[i] = rows.getString(column++);
            shown[i] = rows.getString(column++);
        }
        long relation = rows.getLong(column++);
        String tid = rows.getString(column++);
        int comma = tid.indexOf(',');
        TableRow row = new TableRow(
                compared,
                shown,
                relation,
                Long.parseLong(tid, 1, comma, 10),
                Integer.parseInt(tid, comma + 1, tid.length() - 1, 10),
                Integer.parseUnsignedInt(rows.getString(column++)),
                rows.getBytes(column));
        // The merge is only right when both sides deliver the order it assumes.
        if (previous != null && TableRow.compare(key, previous, row) >= 0) {
            throw new HandoverException(
                    "the " + side + " table delivers key " + row.shownKey() + " after " + previous.shownKey(),
                    "its primary key index may be damaged; check it with amcheck (bt_index_check).",
                    null);
        }
        previous = row;
        count++;
        return row;
    }

    /** Rows delivered so far. */
    long count() {
        return count;
    }

    @Override
    public void close() throws SQLException {
        try (statement) {
            rows.close();
        }
    }
}
