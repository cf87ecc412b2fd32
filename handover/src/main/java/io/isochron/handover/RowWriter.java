package io.isochron.handover;

import io.isochron.handover.TableShape.Column;
import io.isochron.handover.TableShape.ForeignKey;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Moves rows of one shard from the restored to the live side: fetches their values by tuple address, binds them as text
 * without a type, so that PostgreSQL reads each with its column's own input function, and writes them in batches.
 */
final class RowWriter implements AutoCloseable {
    private static final int CHUNK_ROWS = 500;
    private static final int CHUNK_CHARS = 4 << 20;

    /** What became of a row. */
    interface Outcome {
        void inserted(TableRow row);

        void presentMeanwhile(TableRow row);

        void setBack(TableRow row);

        void changedMeanwhile(TableRow row);
    }

    private record Update(TableRow restored, int liveXmin) {}

    private final TableMatch match;
    private final Connection restored;
    private final Connection live;
    private final Outcome outcome;
    private final int commitRows;
    private final List<Column> columns;
    private final List<Column> settable;
    private final List<ParentRows> parents = new ArrayList<>();
    private final List<TableRow> inserts = new ArrayList<>();
    private final List<Update> updates = new ArrayList<>();
    private final PreparedStatement insert;
    private final @Nullable PreparedStatement update;
    private long uncommitted;
    private long written;

    /** {@code commitRows}: rows per transaction; 0 leaves the transaction open for the caller. */
    RowWriter(
            TableMatch match,
            Connection restored,
            Connection live,
            boolean checkParents,
            int commitRows,
            Outcome outcome)
            throws SQLException {
        this.match = match;
        this.restored = restored;
        this.live = live;
        this.outcome = outcome;
        this.commitRows = commitRows;
        this.columns = match.columns();
        List<String> names = columns.stream().map(Column::name).toList();
        List<String> key = match.key().stream().map(KeyColumn::name).toList();
        this.settable = columns.stream()
                .filter(c -> !c.identityAlways() && !key.contains(c.name()))
                .toList();
        if (checkParents) {
            for (ForeignKey foreign : match.live().foreignKeys()) {
                parents.add(new ParentRows(live, match.live().name(), foreign, names));
            }
        }
        insert = live.prepareStatement("INSERT INTO " + match.live().name().sql() + " ("
                + names.stream().map(TableName::quote).collect(Collectors.joining(", "))
                + ") OVERRIDING SYSTEM VALUE VALUES ("
                + names.stream().map(_ -> "?").collect(Collectors.joining(", ")) + ") ON CONFLICT DO NOTHING");
        update = settable.isEmpty()
                ? null
                : live.prepareStatement("UPDATE " + match.live().from() + " SET "
                        + settable.stream()
                                .map(c -> TableName.quote(c.name()) + " = ?")
                                .collect(Collectors.joining(", "))
                        + " WHERE "
                        + key.stream().map(c -> TableName.quote(c) + " = ?").collect(Collectors.joining(" AND "))
                        + " AND xmin = ?");
    }

    /** Gives a row back, at once or with the next ones. */
    void insert(TableRow row) throws SQLException, HandoverException {
        inserts.add(row);
        if (inserts.size() >= chunk()) {
            flush();
        }
    }

    /** Sets a row back if its live version is still the one that {@code liveXmin} wrote. */
    void update(TableRow row, int liveXmin) throws SQLException, HandoverException {
        updates.add(new Update(row, liveXmin));
        if (updates.size() >= chunk()) {
            flush();
        }
    }

    /** Rows written so far, committed or not. */
    long written() {
        return written;
    }

    /** Writes what is held; commits it when the writer commits by itself. */
    void flush() throws SQLException, HandoverException {
        try {
            flushInserts();
            flushUpdates();
        } catch (BatchUpdateException e) {
            throw explain(e.getNextException() == null ? e : e.getNextException());
        } catch (SQLException e) {
            throw explain(e);
        }
        if (commitRows > 0 && uncommitted > 0) {
            live.commit();
            uncommitted = 0;
        }
    }

    private int chunk() {
        return commitRows > 0 ? Math.min(commitRows, CHUNK_ROWS) : CHUNK_ROWS;
    }

    private void flushInserts() throws SQLException, HandoverException {
        List<TableRow> held = new ArrayList<>();
        long[] chars = {0};
        fetch(inserts, (row, texts) -> {
            for (ParentRows parent : parents) {
                parent.check(texts);
            }
            bind(insert, 1, texts);
            insert.addBatch();
            held.add(row);
            chars[0] += size(texts);
            if (chars[0] >= CHUNK_CHARS) {
                executeInserts(held);
                chars[0] = 0;
            }
        });
        executeInserts(held);
        inserts.clear();
    }

    private void executeInserts(List<TableRow> held) throws SQLException {
        if (held.isEmpty()) {
            return;
        }
        int[] counts = insert.executeBatch();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] == 1 || counts[i] == Statement.SUCCESS_NO_INFO) {
                outcome.inserted(held.get(i));
                uncommitted++;
                written++;
            } else {
                outcome.presentMeanwhile(held.get(i));
            }
        }
        held.clear();
    }

    private void flushUpdates() throws SQLException, HandoverException {
        PreparedStatement statement = update;
        if (updates.isEmpty() || statement == null) {
            updates.forEach(u -> outcome.changedMeanwhile(u.restored()));
            updates.clear();
            return;
        }
        Map<TableRow, Integer> xmins = new LinkedHashMap<>();
        updates.forEach(u -> xmins.put(u.restored(), u.liveXmin()));
        fetch(List.copyOf(xmins.keySet()), (row, texts) -> {
            for (ParentRows parent : parents) {
                parent.check(texts);
            }
            int at = 1;
            for (Column column : settable) {
                setText(statement, at++, texts[columns.indexOf(column)]);
            }
            for (String key : row.keyTexts()) {
                setText(statement, at++, key);
            }
            setText(statement, at, Integer.toUnsignedString(xmins.getOrDefault(row, 0)));
            if (statement.executeUpdate() == 1) {
                outcome.setBack(row);
                uncommitted++;
                written++;
            } else {
                outcome.changedMeanwhile(row);
            }
        });
        updates.clear();
    }

    /** Reads the values of restored rows, relation by relation. */
    private void fetch(List<TableRow> rows, ValuesConsumer consumer) throws SQLException, HandoverException {
        Map<Long, List<TableRow>> byRelation = rows.stream()
                .collect(Collectors.groupingBy(TableRow::relation, LinkedHashMap::new, Collectors.toList()));
        for (Map.Entry<Long, List<TableRow>> relation : byRelation.entrySet()) {
            Map<String, TableRow> byTid =
                    relation.getValue().stream().collect(Collectors.toMap(TableRow::tid, row -> row));
            String name = Sessions.value(
                    restored, "SELECT " + relation.getKey() + "::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text");
            try (PreparedStatement select = restored.prepareStatement("SELECT ctid::pg_catalog.text, "
                    + match.columnTexts() + " FROM ONLY " + name + " WHERE ctid = ANY(?::pg_catalog.tid[])")) {
                select.setFetchSize(match.restored().fetchSize());
                select.setString(1, byTid.keySet().stream().collect(Collectors.joining("\",\"", "{\"", "\"}")));
                int found = 0;
                try (ResultSet result = select.executeQuery()) {
                    while (result.next()) {
                        found++;
                        TableRow row = byTid.get(result.getString(1));
                        @Nullable String[] texts = new String[columns.size()];
                        for (int i = 0; i < texts.length; i++) {
                            texts[i] = result.getString(i + 2);
                        }
                        if (row != null) {
                            consumer.accept(row, texts);
                        }
                    }
                }
                if (found != byTid.size()) {
                    throw new HandoverException(
                            (byTid.size() - found) + " rows of the restored table "
                                    + match.restored().name() + " were not found again at their place",
                            "the restored cluster must not change while it is read; keep it read-only.",
                            null);
                }
            }
        }
    }

    private static void bind(PreparedStatement statement, int from, @Nullable String[] texts) throws SQLException {
        for (int i = 0; i < texts.length; i++) {
            setText(statement, from + i, texts[i]);
        }
    }

    private static void setText(PreparedStatement statement, int at, @Nullable String text) throws SQLException {
        if (text == null) {
            statement.setNull(at, Types.OTHER);
        } else {
            statement.setObject(at, text, Types.OTHER);
        }
    }

    private static long size(@Nullable String[] texts) {
        long size = 0;
        for (String text : texts) {
            size += text == null ? 1 : text.length();
        }
        return size;
    }

    private HandoverException explain(SQLException e) {
        TableName table = match.live().name();
        String hint = switch (String.valueOf(e.getSQLState())) {
            case "23503" -> "a foreign key points at a row that is gone too; give back the rows of that table first.";
            case "55P03" ->
                "another session holds a lock on the rows or the table; try again, or allow a longer lock timeout.";
            case "42501" -> "the role of the live connection needs INSERT, UPDATE and SELECT on the table.";
            default -> "nothing of the transaction that failed was kept; the live table is as it was before it.";
        };
        return new HandoverException("table " + table + ": " + e.getMessage(), hint, e);
    }

    @Override
    public void close() throws SQLException {
        for (ParentRows parent : parents) {
            parent.close();
        }
        insert.close();
        if (update != null) {
            update.close();
        }
    }

    @FunctionalInterface
    private interface ValuesConsumer {
        void accept(TableRow row, @Nullable String[] texts) throws SQLException, HandoverException;
    }
}
