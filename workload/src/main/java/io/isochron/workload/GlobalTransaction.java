package io.isochron.workload;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.XADataSource;

/** One transaction over several shards by two-phase commit: a deploy that changes every shard, a repair, an accident. */
public final class GlobalTransaction {
    /** What is done on one shard; the connection is in the transaction, and must be left in it. */
    @FunctionalInterface
    public interface ShardWork {
        void run(int shard, Connection connection) throws SQLException;
    }

    private GlobalTransaction() {}

    /**
     * Runs the work on every shard and commits everywhere, or rolls back everywhere if work or prepare fails on one.
     *
     * @param name names the transaction in its gids; letters, digits and hyphens, unique among open ones
     * @throws SQLException what failed first; if it failed after the decision to commit, branches may still be prepared, and the
     *     message says so
     */
    public static void run(List<? extends XADataSource> shards, String name, ShardWork work) throws SQLException {
        List<ShardSession> sessions = new ArrayList<>();
        List<BankXid> begun = new ArrayList<>();
        int prepared = 0;
        try {
            for (int shard = 0; shard < shards.size(); shard++) {
                ShardSession session = ShardSession.open(shards.get(shard), WorkloadOptions.TwoPhase.XA);
                sessions.add(session);
                BankXid xid = new BankXid(name, shard);
                session.begin(xid);
                begun.add(xid);
                work.run(shard, session.connection);
            }
            for (; prepared < sessions.size(); prepared++) {
                sessions.get(prepared).prepare(begun.get(prepared));
            }
            commit(name, sessions, begun);
        } catch (SQLException e) {
            if (prepared < shards.size()) {
                rollback(sessions, begun, prepared, e);
            }
            throw e;
        } finally {
            for (ShardSession session : sessions) {
                session.close();
            }
        }
    }

    private static void commit(String name, List<ShardSession> sessions, List<BankXid> xids) throws SQLException {
        SQLException failure = null;
        for (int i = 0; i < sessions.size(); i++) {
            try {
                sessions.get(i).commitPrepared(xids.get(i));
            } catch (SQLException e) {
                if (failure == null) {
                    failure = new SQLException(
                            "transaction '" + name + "' is decided but may still be prepared on shard " + i + ": "
                                    + e.getMessage(),
                            e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static void rollback(List<ShardSession> sessions, List<BankXid> begun, int prepared, SQLException reason) {
        for (int i = 0; i < begun.size(); i++) {
            try {
                if (i < prepared) {
                    sessions.get(i).rollbackPrepared(begun.get(i));
                } else {
                    sessions.get(i).rollback(begun.get(i));
                }
            } catch (SQLException e) {
                reason.addSuppressed(e);
            }
        }
    }
}
