package io.isochron.handover;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the catalogs of one side say about the table (PostgreSQL documentation, chapter 53: pg_class, pg_attribute, pg_index,
 * pg_trigger, pg_rewrite, pg_constraint).
 *
 * @param name the table
 * @param partitioned whether rows lie in partitions
 * @param columns columns in their order, dropped ones left out
 * @param primaryKey names of the key's columns in the key's order; empty when there is none
 * @param triggers enabled triggers of users on the table or a partition
 * @param rules rewrite rules for INSERT or UPDATE
 * @param foreignKeys keys that point from the table to others
 * @param leaves the relations that hold rows: OID to file number (relfilenode)
 * @param utf8 whether the database's encoding is UTF-8
 * @param rowsEstimated the planner's estimate of rows
 * @param rowBytes average bytes per row on disk, TOAST included, at least 1
 */
record TableShape(
        TableName name,
        boolean partitioned,
        List<Column> columns,
        List<String> primaryKey,
        List<Trigger> triggers,
        List<String> rules,
        List<ForeignKey> foreignKeys,
        Map<Long, Long> leaves,
        boolean utf8,
        long rowsEstimated,
        long rowBytes) {

    private static final Pattern PLAN_ROWS = Pattern.compile("\"Plan Rows\": *(\\d+)");
    /** A query for the OIDs of the table and its partitions. */
    private static String tree(long oid) {
        return """
                (SELECT relid::pg_catalog.oid AS oid
                 FROM pg_catalog.pg_partition_tree(%1$d::pg_catalog.oid::pg_catalog.regclass)
                 UNION SELECT %1$d::pg_catalog.oid)""".formatted(oid);
    }

    /** A column; {@code type} as {@code format_type} names it. */
    record Column(
            String name, String type, boolean generated, boolean identityAlways, boolean notNull, boolean hasDefault) {}

    /** A trigger; {@code onReplica} when it also runs in a session whose replication role is replica. */
    record Trigger(String name, boolean onReplica) {}

    /** A foreign key: {@code columns} of this table point at {@code parentColumns} of {@code parent}. */
    record ForeignKey(String name, List<String> columns, TableName parent, List<String> parentColumns) {}

    /** Reads the table's shape, or nothing when there is no relation of that name. */
    static Optional<TableShape> read(Connection connection, TableName name) throws SQLException, HandoverException {
        long oid;
        String kind;
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT c.oid::pg_catalog.int8, c.relkind::pg_catalog.text
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ? AND c.relname = ?""")) {
            statement.setString(1, name.schema());
            statement.setString(2, name.table());
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                oid = rows.getLong(1);
                kind = rows.getString(2);
            }
        }
        if (!kind.equals("r") && !kind.equals("p")) {
            throw new BackfillRefusedException(
                    name + " is not a table (pg_class.relkind is '" + kind + "')",
                    "name an ordinary or a partitioned table.");
        }
        String tree = tree(oid);
        long rows = estimate(connection, name, kind.equals("p"));
        long bytes = number(
                connection,
                "SELECT coalesce(sum(pg_catalog.pg_table_size(t.oid)), 0)::pg_catalog.int8 FROM " + tree + " t");
        return Optional.of(new TableShape(
                name,
                kind.equals("p"),
                columns(connection, oid),
                strings(connection, """
                        SELECT a.attname FROM pg_catalog.pg_index i,
                          pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, n),
                          pg_catalog.pg_attribute a
                        WHERE i.indrelid = %d AND i.indisprimary AND k.n <= i.indnkeyatts
                          AND a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.n""".formatted(oid)),
                triggers(connection, tree),
                strings(connection, """
                        SELECT DISTINCT r.rulename::pg_catalog.text FROM pg_catalog.pg_rewrite r
                        WHERE r.ev_class IN (SELECT t.oid FROM %s t) AND r.ev_type IN ('2', '3')
                          AND r.ev_enabled <> 'D' ORDER BY 1""".formatted(tree)),
                foreignKeys(connection, oid),
                leaves(connection, tree),
                "UTF8".equals(Sessions.value(connection, "SELECT pg_catalog.current_setting('server_encoding')")),
                rows,
                Math.max(1, bytes / Math.max(1, rows))));
    }

    /** Rows to fetch at a time so that about 4 MiB are held. */
    int fetchSize() {
        return Math.clamp((4L << 20) / rowBytes, 1, 1000);
    }

    /** The column of this name. */
    Optional<Column> column(String column) {
        return columns.stream().filter(c -> c.name().equals(column)).findFirst();
    }

    /** The table, as FROM names it: children by plain inheritance are other tables, partitions are not. */
    String from() {
        return partitioned ? name.sql() : "ONLY " + name.sql();
    }

    private static long estimate(Connection connection, TableName name, boolean partitioned) throws SQLException {
        String plan = Sessions.value(
                connection, "EXPLAIN (FORMAT JSON) SELECT 1 FROM " + (partitioned ? "" : "ONLY ") + name.sql());
        Matcher rows = PLAN_ROWS.matcher(plan == null ? "" : plan);
        return rows.find() ? Long.parseLong(rows.group(1)) : 0;
    }

    private static List<Column> columns(Connection connection, long oid) throws SQLException {
        List<Column> columns = new ArrayList<>();
        query(
                connection,
                """
                SELECT attname, pg_catalog.format_type(atttypid, atttypmod), attgenerated <> '', attidentity = 'a',
                  attnotnull, atthasdef OR attidentity <> ''
                FROM pg_catalog.pg_attribute
                WHERE attrelid = %d AND attnum > 0 AND NOT attisdropped ORDER BY attnum""".formatted(oid),
                rows -> columns.add(new Column(
                        rows.getString(1),
                        rows.getString(2),
                        rows.getBoolean(3),
                        rows.getBoolean(4),
                        rows.getBoolean(5),
                        rows.getBoolean(6))));
        return List.copyOf(columns);
    }

    private static List<Trigger> triggers(Connection connection, String tree) throws SQLException {
        List<Trigger> triggers = new ArrayList<>();
        query(
                connection,
                """
                SELECT t.tgname::pg_catalog.text, pg_catalog.bool_or(t.tgenabled IN ('A', 'R'))
                FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid IN (SELECT x.oid FROM %s x) AND NOT t.tgisinternal AND t.tgenabled <> 'D'
                  AND (t.tgtype & 20) <> 0
                GROUP BY 1 ORDER BY 1""".formatted(tree),
                rows -> triggers.add(new Trigger(rows.getString(1), rows.getBoolean(2))));
        return List.copyOf(triggers);
    }

    private static List<ForeignKey> foreignKeys(Connection connection, long oid) throws SQLException {
        List<ForeignKey> keys = new ArrayList<>();
        query(
                connection,
                """
                SELECT c.conname, n.nspname, p.relname,
                  (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.n)
                   FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k(attnum, n)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum),
                  (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.n)
                   FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY k(attnum, n)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum)
                FROM pg_catalog.pg_constraint c
                JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
                WHERE c.contype = 'f' AND c.conrelid = %d AND NOT EXISTS (
                  SELECT FROM pg_catalog.pg_constraint q WHERE q.oid = c.conparentid AND q.conrelid = c.conrelid)
                ORDER BY c.conname""".formatted(oid),
                rows -> keys.add(new ForeignKey(
                        rows.getString(1),
                        List.of((String[]) rows.getArray(4).getArray()),
                        new TableName(rows.getString(2), rows.getString(3)),
                        List.of((String[]) rows.getArray(5).getArray()))));
        return List.copyOf(keys);
    }

    private static Map<Long, Long> leaves(Connection connection, String tree) throws SQLException {
        Map<Long, Long> leaves = new HashMap<>();
        query(connection, """
                SELECT c.oid::pg_catalog.int8, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::pg_catalog.int8
                FROM pg_catalog.pg_class c
                WHERE c.oid IN (SELECT t.oid FROM %s t) AND c.relkind = 'r'""".formatted(tree), rows -> leaves.put(rows.getLong(1), rows.getLong(2)));
        return Map.copyOf(leaves);
    }

    private static long number(Connection connection, String sql) throws SQLException {
        String value = Sessions.value(connection, sql);
        return value == null ? 0 : Long.parseLong(value);
    }

    private static List<String> strings(Connection connection, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        query(connection, sql, rows -> values.add(rows.getString(1)));
        return List.copyOf(values);
    }

    private static void query(Connection connection, String sql, RowConsumer consumer) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                consumer.accept(rows);
            }
        }
    }

    @FunctionalInterface
    private interface RowConsumer {
        void accept(ResultSet row) throws SQLException;
    }
}
