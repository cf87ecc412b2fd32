package io.isochron.restore;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/** Runs one invariant on all shards and puts the answers together. Memory does not grow with the number of rows. */
final class InvariantProof {

    private static final int FETCH_ROWS = 2_000;
    private static final int SHOWN = 5;

    private InvariantProof() {}

    /**
     * @param sessions of every shard, by name
     * @param database where the invariant runs if it names no database itself
     */
    static Proof prove(Invariant invariant, Map<String, Sessions> sessions, String database) {
        long begin = System.nanoTime();
        String where = invariant.database() == null ? database : invariant.database();
        Verdict verdict;
        try {
            verdict = switch (invariant.kind()) {
                case SUM -> sum(invariant, sessions, where);
                case MATCHED -> matched(invariant, sessions, where);
                case EMPTY -> empty(invariant, sessions, where);
            };
        } catch (SQLException e) {
            verdict = new Verdict(false, "the query failed: " + e.getMessage());
        }
        return new Proof(
                "invariant " + invariant.name(),
                Proof.CLUSTER,
                verdict.held() ? Proof.Outcome.HELD : Proof.Outcome.FAILED,
                verdict.detail(),
                (System.nanoTime() - begin) / 1_000_000);
    }

    private record Verdict(boolean held, String detail) {}

    private static Verdict sum(Invariant invariant, Map<String, Sessions> sessions, String database)
            throws SQLException {
        BigDecimal sum = BigDecimal.ZERO;
        for (Map.Entry<String, Sessions> shard : sessions.entrySet()) {
            try (Connection connection = open(shard.getValue(), database);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(invariant.sql())) {
                if (!rows.next()) {
                    return new Verdict(false, "shard " + shard.getKey() + " gave no row");
                }
                BigDecimal value = rows.getBigDecimal(1);
                sum = sum.add(value == null ? BigDecimal.ZERO : value);
                if (rows.next()) {
                    return new Verdict(false, "shard " + shard.getKey() + " gave more than one row");
                }
            }
        }
        BigDecimal expected = new BigDecimal(invariant.expected());
        boolean held = sum.compareTo(expected) == 0;
        return new Verdict(
                held,
                "sum over " + sessions.size() + " shards is " + sum.toPlainString()
                        + (held ? "" : ", expected " + expected.toPlainString()));
    }

    private static Verdict empty(Invariant invariant, Map<String, Sessions> sessions, String database)
            throws SQLException {
        for (Map.Entry<String, Sessions> shard : sessions.entrySet()) {
            try (Connection connection = open(shard.getValue(), database);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("select * from (" + invariant.sql() + ") x limit 1")) {
                if (rows.next()) {
                    List<String> row = new ArrayList<>();
                    for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                        row.add(rows.getMetaData().getColumnLabel(column) + "=" + rows.getString(column));
                    }
                    return new Verdict(false, "shard " + shard.getKey() + " has a row: " + String.join(", ", row));
                }
            }
        }
        return new Verdict(true, "no row on " + sessions.size() + " shards");
    }

    /** The shards' counts by value come sorted and are merged. */
    private static Verdict matched(Invariant invariant, Map<String, Sessions> sessions, String database)
            throws SQLException {
        long expected = Long.parseLong(invariant.expected());
        List<Counts> all = new ArrayList<>();
        PriorityQueue<Counts> queue = new PriorityQueue<>(Comparator.comparing(Counts::key));
        try {
            for (Map.Entry<String, Sessions> shard : sessions.entrySet()) {
                Counts counts = new Counts(shard.getKey(), open(shard.getValue(), database));
                all.add(counts);
                if (counts.begin(invariant.sql())) {
                    queue.add(counts);
                }
            }
            long values = 0;
            long wrong = 0;
            List<String> shown = new ArrayList<>();
            while (!queue.isEmpty()) {
                String key = queue.element().key();
                String value = queue.element().value();
                long count = 0;
                List<String> where = new ArrayList<>();
                while (!queue.isEmpty() && queue.element().key().equals(key)) {
                    Counts counts = queue.remove();
                    count += counts.count();
                    where.add(counts.shard);
                    if (counts.next()) {
                        queue.add(counts);
                    }
                }
                values++;
                if (count != expected) {
                    wrong++;
                    if (shown.size() < SHOWN) {
                        shown.add(value + " appears " + count + " times (" + String.join(", ", where) + ")");
                    }
                }
            }
            return wrong == 0
                    ? new Verdict(true, values + " values, each exactly " + expected + " times")
                    : new Verdict(
                            false,
                            wrong + " of " + values + " values do not appear " + expected + " times: "
                                    + String.join("; ", shown));
        } finally {
            for (Counts counts : all) {
                counts.connection.close();
            }
        }
    }

    /** One shard's values with their counts, in the order of their bytes. */
    private static final class Counts {
        private final String shard;
        private final Connection connection;
        private @org.jspecify.annotations.Nullable ResultSet rows;
        private String key = "";
        private String value = "";
        private long count;

        Counts(String shard, Connection connection) {
            this.shard = shard;
            this.connection = connection;
        }

        boolean begin(String sql) throws SQLException {
            connection.setAutoCommit(false);
            Statement statement = connection.createStatement();
            statement.setFetchSize(FETCH_ROWS);
            // bytes in hexadecimal sort the same way in every database and in Java
            rows = statement.executeQuery(
                    "select pg_catalog.encode(pg_catalog.convert_to(coalesce(v::text, '(null)'), 'UTF8'), 'hex')"
                            + " collate \"C\" as h, coalesce(pg_catalog.min(v::text), '(null)'), pg_catalog.count(*) from ("
                            + sql
                            + ") x(v) group by 1 order by 1");
            return next();
        }

        boolean next() throws SQLException {
            ResultSet source = java.util.Objects.requireNonNull(rows);
            if (!source.next()) {
                return false;
            }
            value = source.getString(2);
            key = source.getString(1);
            count = source.getLong(3);
            return true;
        }

        String key() {
            return key;
        }

        String value() {
            return value;
        }

        long count() {
            return count;
        }
    }

    private static Connection open(Sessions sessions, String database) throws SQLException {
        Connection connection = sessions.open(database, false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set search_path = \"$user\", public");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }
}
