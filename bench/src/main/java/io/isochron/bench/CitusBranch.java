package io.isochron.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/** A connection of a Citus session to a node, its own or another, and how far its transaction there is. */
final class CitusBranch implements AutoCloseable {
    /** How far. */
    enum State {
        IDLE,
        BEGUN,
        PREPARED
    }

    private final XAConnection session;
    private final Connection sql;
    private final int node;
    private State state = State.IDLE;
    private String gid = "";

    CitusBranch(XADataSource shard, int node) throws SQLException {
        this.node = node;
        this.session = shard.getXAConnection();
        try {
            this.sql = session.getConnection();
            execute("set lock_timeout = '400ms'; set statement_timeout = '60s'");
        } catch (SQLException e) {
            session.close();
            throw e;
        }
    }

    int node() {
        return node;
    }

    String gid() {
        return gid;
    }

    boolean idle() {
        return state == State.IDLE;
    }

    void begin() throws SQLException {
        execute("begin");
        state = State.BEGUN;
    }

    void prepare(String name) throws SQLException {
        gid = name;
        execute("prepare transaction '" + name + "'");
        state = State.PREPARED;
    }

    void commitPrepared() throws SQLException {
        execute("commit prepared '" + gid + "'");
        state = State.IDLE;
    }

    void commit() throws SQLException {
        execute("commit");
        state = State.IDLE;
    }

    /** The answer to COMMIT PREPARED, or the command itself, is lost; the branch is left to the recovery. */
    void forget() {
        state = State.IDLE;
    }

    void abort() throws SQLException {
        if (state == State.PREPARED) {
            execute("rollback prepared '" + gid + "'");
        } else if (state == State.BEGUN) {
            execute("rollback");
        }
        state = State.IDLE;
    }

    /** Records that a branch of a transaction that began here is to be committed if this transaction is. */
    void record(CitusBranch branch, String name) throws SQLException {
        try (PreparedStatement insert =
                sql.prepareStatement("insert into pg_dist_transaction values (?, ?, pg_current_xact_id())")) {
            insert.setInt(1, branch.node);
            insert.setString(2, name);
            insert.executeUpdate();
        }
    }

    void write(CitusTransfer.Part part) throws SQLException {
        switch (part.kind()) {
            case DEBIT -> move(part, "D", -part.amount());
            case CREDIT -> move(part, "C", part.amount());
            case ORDER -> order(part);
        }
    }

    private void move(CitusTransfer.Part part, String side, long change) throws SQLException {
        try (PreparedStatement update = sql.prepareStatement(
                "update accounts set balance = balance + ?, changed_at = clock_timestamp() where id = ?")) {
            update.setLong(1, change);
            update.setLong(2, part.account());
            update.executeUpdate();
        }
        try (PreparedStatement insert = sql.prepareStatement(
                "insert into transfers (id, side, account_id, amount, other_shard) values (?, ?, ?, ?, ?)")) {
            insert.setLong(1, part.id());
            insert.setString(2, side);
            insert.setLong(3, part.account());
            insert.setLong(4, part.amount());
            insert.setInt(5, part.otherShard());
            insert.executeUpdate();
        }
    }

    private void order(CitusTransfer.Part part) throws SQLException {
        try (PreparedStatement insert = sql.prepareStatement(
                "insert into orders (id, account_id, amount, status, note) values (?, ?, ?, 'new', 'with a transfer')")) {
            insert.setLong(1, part.id());
            insert.setLong(2, part.account());
            insert.setLong(3, part.amount());
            insert.executeUpdate();
        }
    }

    private void execute(String command) throws SQLException {
        try (Statement statement = sql.createStatement()) {
            statement.execute(command);
        }
    }

    /** What is not prepared is rolled back by the server. */
    @Override
    public void close() throws SQLException {
        session.close();
    }
}
