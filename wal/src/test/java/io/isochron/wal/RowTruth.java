package io.isochron.wal;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Random committed and rolled-back changes of rows, counted by SQL per file of a table, and the same counted from the log. */
final class RowTruth {
    private static final int TABLES = 3;
    private final WalServer server;
    private final Random random;
    private final Map<Integer, String> counts = new TreeMap<>();
    private final Map<Integer, int[]> committed = new TreeMap<>();
    private int sequence;

    RowTruth(WalServer server, Random random) {
        this.server = server;
        this.random = random;
    }

    /** By file number: "inserted updated deleted". */
    Map<Integer, String> counts() {
        return counts;
    }

    void work() throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement sql = connection.createStatement()) {
            for (int i = 0; i < TABLES; i++) {
                sql.execute("create table truth" + i + " (id int primary key, n int, body text) with (fillfactor = "
                        + (i == 0 ? 50 : 100) + ")");
            }
            connection.setAutoCommit(false);
            for (int i = 0; i < 120; i++) {
                transaction(connection, sql);
            }
            connection.setAutoCommit(true);
        }
        committed.forEach((file, c) -> {
            if (c[0] + c[1] + c[2] > 0) {
                counts.put(file, c[0] + " " + c[1] + " " + c[2]);
            }
        });
    }

    private void transaction(Connection connection, Statement sql) throws SQLException {
        Map<Integer, int[]> mine = new HashMap<>();
        for (int statements = 1 + random.nextInt(4); statements > 0; statements--) {
            boolean inSavepoint = random.nextInt(3) == 0;
            Map<Integer, int[]> these = new HashMap<>();
            if (inSavepoint) {
                sql.execute("savepoint s");
            }
            statement(sql, these);
            if (inSavepoint && random.nextBoolean()) {
                sql.execute("rollback to s");
            } else {
                add(mine, these);
            }
        }
        int end = random.nextInt(10);
        if (end < 6) {
            connection.commit();
        } else if (end < 8) {
            String gid = "truth" + sequence++;
            sql.execute("prepare transaction '" + gid + "'");
            connection.commit();
            connection.setAutoCommit(true);
            sql.execute((end == 6 ? "commit" : "rollback") + " prepared '" + gid + "'");
            connection.setAutoCommit(false);
        } else {
            connection.rollback();
        }
        if (end < 7) {
            add(committed, mine);
        }
    }

    private void statement(Statement sql, Map<Integer, int[]> into) throws SQLException {
        String table = "truth" + random.nextInt(TABLES);
        int low = random.nextInt(500);
        int high = low + random.nextInt(200);
        int kind = random.nextInt(9);
        int file = file(sql, table);
        if (kind < 4) {
            int rows =
                    sql.executeUpdate("insert into " + table + " select i, 0, repeat('x', i % 50) from generate_series("
                            + low + ", " + high + ") i on conflict do nothing");
            into.computeIfAbsent(file, f -> new int[3])[0] += rows;
        } else if (kind < 6) {
            int rows = sql.executeUpdate("update " + table + " set n = n + 1 where id between " + low + " and " + high);
            into.computeIfAbsent(file, f -> new int[3])[1] += rows;
        } else if (kind < 8) {
            int rows = sql.executeUpdate("delete from " + table + " where id between " + low + " and " + high);
            into.computeIfAbsent(file, f -> new int[3])[2] += rows;
        } else {
            sql.execute("truncate " + table);
        }
    }

    private static int file(Statement sql, String table) throws SQLException {
        try (var result = sql.executeQuery("select pg_relation_filenode('" + table + "')")) {
            result.next();
            return result.getInt(1);
        }
    }

    private static void add(Map<Integer, int[]> to, Map<Integer, int[]> from) {
        from.forEach((file, c) -> {
            int[] sum = to.computeIfAbsent(file, f -> new int[3]);
            for (int i = 0; i < 3; i++) {
                sum[i] += c[i];
            }
        });
    }

    static Map<Integer, String> fromLog(List<SeenRecord> records, Set<Integer> files) {
        Set<Integer> committed = new HashSet<>();
        for (SeenRecord record : records) {
            for (TransactionEvent event : record.events()) {
                if (event instanceof TransactionEvent.Commit commit) {
                    committed.add(commit.xid());
                    committed.addAll(commit.subxids());
                }
            }
        }
        Map<Integer, int[]> sums = new TreeMap<>();
        for (SeenRecord record : records) {
            if (committed.contains(record.xid())) {
                record.changes().forEach(change -> count(change, sums));
            }
        }
        Map<Integer, String> counts = new TreeMap<>();
        new ArrayList<>(files).forEach(file -> {
            int[] c = sums.getOrDefault(file, new int[3]);
            counts.put(file, c[0] + " " + c[1] + " " + c[2]);
        });
        return counts;
    }

    private static void count(RelationChange change, Map<Integer, int[]> sums) {
        switch (change) {
            case RelationChange.RowsInserted(RelationFile relation, int rows) ->
                sums.computeIfAbsent(relation.fileNumber(), f -> new int[3])[0] += rows;
            case RelationChange.RowUpdated(RelationFile relation, boolean hot) ->
                sums.computeIfAbsent(relation.fileNumber(), f -> new int[3])[1]++;
            case RelationChange.RowDeleted deleted ->
                sums.computeIfAbsent(deleted.relation().fileNumber(), f -> new int[3])[2]++;
            default -> {}
        }
    }
}
