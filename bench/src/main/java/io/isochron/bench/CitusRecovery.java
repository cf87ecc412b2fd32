package io.isochron.bench;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/**
 * What the maintenance daemon of a Citus node does about distributed transactions that the node began (Citus:
 * src/backend/distributed/transaction/transaction_recovery.c, {@code RecoverWorkerTransactions}). For every other node it looks, in this order, at
 * the branches that are prepared there, at the transactions in progress here, at the records here, and at the branches again. A branch with
 * a record is committed, one without is rolled back, one of a transaction in progress is left alone; records without a branch are deleted, all
 * in one transaction at the end.
 */
final class CitusRecovery implements AutoCloseable {
    private final int group;
    private final CitusCounts counts;
    private final List<XAConnection> sessions = new ArrayList<>();
    private final List<Connection> nodes = new ArrayList<>();

    /** @param group the index of the node's shard */
    CitusRecovery(List<XADataSource> shards, int group, CitusCounts counts) throws SQLException {
        this.group = group;
        this.counts = counts;
        try {
            for (XADataSource shard : shards) {
                XAConnection session = shard.getXAConnection();
                sessions.add(session);
                nodes.add(session.getConnection());
            }
        } catch (SQLException e) {
            close();
            throw e;
        }
    }

    /**
     * One round.
     *
     * @param reached whether a node can be connected to in this round; what is there waits for another round if not
     * @param keepRecords whether the daemon dies before its own transaction, which deletes records, is committed
     */
    void run(CitusLife life, IntPredicate reached, boolean keepRecords) throws SQLException {
        Connection own = nodes.get(group);
        execute(own, "begin");
        for (int node = 0; node < nodes.size(); node++) {
            if (node != group && reached.test(node)) {
                settle(life, node);
            }
        }
        execute(own, keepRecords ? "rollback" : "commit");
    }

    private void settle(CitusLife life, int node) throws SQLException {
        Set<String> undecided = prepared(node);
        Set<Long> active = life.active();
        Set<String> recorded = recorded(node);
        Set<String> again = prepared(node);
        List<String> done = new ArrayList<>();
        for (String gid : recorded) {
            if (active.contains(number(gid))) {
                continue;
            }
            boolean before = undecided.remove(gid);
            if (before && again.contains(gid)) {
                execute(nodes.get(node), "commit prepared '" + gid + "'");
                counts.recoveredByCommit.increment();
                done.add(gid);
            } else if (!again.contains(gid)) {
                done.add(gid);
            }
        }
        delete(node, done);
        for (String gid : undecided) {
            if (!active.contains(number(gid)) && again.contains(gid)) {
                execute(nodes.get(node), "rollback prepared '" + gid + "'");
                counts.recoveredByRollback.increment();
            }
        }
    }

    /** The branches of this node's transactions that are prepared on another. */
    Set<String> prepared(int node) throws SQLException {
        return gids(nodes.get(node), "select gid from pg_prepared_xacts where gid like 'citus\\_" + group + "\\_%'");
    }

    private Set<String> recorded(int node) throws SQLException {
        return gids(nodes.get(group), "select gid from pg_dist_transaction where groupid = " + node);
    }

    private static Set<String> gids(Connection connection, String sql) throws SQLException {
        Set<String> gids = new LinkedHashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                gids.add(rows.getString(1));
            }
        }
        return gids;
    }

    private void delete(int node, List<String> gids) throws SQLException {
        if (gids.isEmpty()) {
            return;
        }
        Connection own = nodes.get(group);
        Array array = own.createArrayOf("text", gids.toArray());
        try (PreparedStatement delete =
                own.prepareStatement("delete from pg_dist_transaction where groupid = ? and gid = any (?)")) {
            delete.setInt(1, node);
            delete.setArray(2, array);
            delete.executeUpdate();
        } finally {
            array.free();
        }
    }

    /** Of the form {@code citus_<group>_<pid>_<number>_<connection>}. */
    private static long number(String gid) {
        return Long.parseLong(gid.split("_")[3]);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Nothing is left in doubt of what this node began. */
    boolean settled() throws SQLException {
        Set<String> all = new HashSet<>();
        for (int node = 0; node < nodes.size(); node++) {
            all.addAll(prepared(node));
        }
        return all.isEmpty();
    }

    @Override
    public void close() throws SQLException {
        for (XAConnection session : sessions) {
            session.close();
        }
    }
}
