package io.isochron.workload;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;

/** One client's connection to one shard, on which it runs one branch after the other. */
abstract sealed class ShardSession implements AutoCloseable {
    final XAConnection xaConnection;
    final Connection connection;

    private ShardSession(XAConnection xaConnection) throws SQLException {
        this.xaConnection = xaConnection;
        this.connection = xaConnection.getConnection();
        try (Statement statement = connection.createStatement()) {
            statement.execute("set lock_timeout = '10s'; set statement_timeout = '30s'");
        }
    }

    static ShardSession open(XADataSource source, WorkloadOptions.TwoPhase twoPhase) throws SQLException {
        XAConnection fresh = source.getXAConnection();
        try {
            return switch (twoPhase) {
                case XA -> new Xa(fresh);
                case LITERAL -> new Literal(fresh);
            };
        } catch (SQLException e) {
            fresh.close();
            throw e;
        }
    }

    abstract void begin(BankXid xid) throws SQLException;

    abstract void prepare(BankXid xid) throws SQLException;

    abstract void commitPrepared(BankXid xid) throws SQLException;

    abstract void commitOnePhase(BankXid xid) throws SQLException;

    /** Ends a branch that was begun and not prepared. */
    abstract void rollback(BankXid xid) throws SQLException;

    abstract void rollbackPrepared(BankXid xid) throws SQLException;

    @Override
    public void close() throws SQLException {
        xaConnection.close();
    }

    private interface Step {
        void run() throws XAException;
    }

    private static void xa(Step step) throws SQLException {
        try {
            step.run();
        } catch (XAException e) {
            throw e.getCause() instanceof SQLException cause
                    ? cause
                    : new SQLException("XA error " + e.errorCode + ": " + e.getMessage(), e);
        }
    }

    private static final class Xa extends ShardSession {
        private final XAResource resource;

        Xa(XAConnection xaConnection) throws SQLException {
            super(xaConnection);
            resource = xaConnection.getXAResource();
        }

        @Override
        void begin(BankXid xid) throws SQLException {
            xa(() -> resource.start(xid, XAResource.TMNOFLAGS));
        }

        @Override
        void prepare(BankXid xid) throws SQLException {
            xa(() -> {
                resource.end(xid, XAResource.TMSUCCESS);
                resource.prepare(xid);
            });
        }

        @Override
        void commitPrepared(BankXid xid) throws SQLException {
            xa(() -> resource.commit(xid, false));
        }

        @Override
        void commitOnePhase(BankXid xid) throws SQLException {
            xa(() -> {
                resource.end(xid, XAResource.TMSUCCESS);
                resource.commit(xid, true);
            });
        }

        @Override
        void rollback(BankXid xid) throws SQLException {
            xa(() -> {
                resource.end(xid, XAResource.TMFAIL);
                resource.rollback(xid);
            });
        }

        @Override
        void rollbackPrepared(BankXid xid) throws SQLException {
            xa(() -> resource.rollback(xid));
        }
    }

    private static final class Literal extends ShardSession {
        Literal(XAConnection xaConnection) throws SQLException {
            super(xaConnection);
        }

        private void execute(String sql) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        @Override
        void begin(BankXid xid) throws SQLException {
            execute("begin");
        }

        @Override
        void prepare(BankXid xid) throws SQLException {
            execute("prepare transaction '" + xid.gid() + "'");
        }

        @Override
        void commitPrepared(BankXid xid) throws SQLException {
            execute("commit prepared '" + xid.gid() + "'");
        }

        @Override
        void commitOnePhase(BankXid xid) throws SQLException {
            execute("commit");
        }

        @Override
        void rollback(BankXid xid) throws SQLException {
            execute("rollback");
        }

        @Override
        void rollbackPrepared(BankXid xid) throws SQLException {
            execute("rollback prepared '" + xid.gid() + "'");
        }
    }
}
