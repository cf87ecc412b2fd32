package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.BooleanSupplier;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/** One client of the transaction manager: transfers across shards, some within one, until told to stop. */
final class NarayanaClient implements Runnable {
    private static final long FIRST_ID = 1L << 44;
    private static final int AMOUNT_MAX = 500;
    private static final double ACROSS_SHARE = 0.8;
    private static final double ROLLBACK_SHARE = 0.05;

    private record Session(XAConnection xa, Connection sql) {}

    private final Bank bank;
    private final TransactionManager manager;
    private final List<Session> sessions = new ArrayList<>();
    private final Random random;
    private final long firstId;
    private final BooleanSupplier stop;
    private final Queue<Acknowledged> acknowledged;
    private final Queue<Exception> failures;
    private int counter;

    /** @param failures where a transaction that did not end as it was decided is told; it ends the client */
    NarayanaClient(
            Bank bank,
            List<XADataSource> shards,
            TransactionManager manager,
            long seed,
            int client,
            BooleanSupplier stop,
            Queue<Acknowledged> acknowledged,
            Queue<Exception> failures)
            throws SQLException {
        this.bank = bank;
        this.manager = manager;
        this.random = new Random(seed * 1_000_003 + client);
        this.firstId = FIRST_ID | (long) client << 32;
        this.stop = stop;
        this.acknowledged = acknowledged;
        this.failures = failures;
        for (XADataSource shard : shards) {
            XAConnection xa = shard.getXAConnection();
            sessions.add(new Session(xa, xa.getConnection()));
            try (Statement statement = sessions.getLast().sql.createStatement()) {
                statement.execute("set lock_timeout = '20s'");
            }
        }
    }

    @Override
    public void run() {
        try {
            while (!stop.getAsBoolean()) {
                transfer();
            }
        } catch (Exception e) {
            failures.add(e);
        } finally {
            close();
        }
    }

    /** Accounts are locked in the order of their ids on whatever shard, so that no deadlock spans shards. */
    private void transfer()
            throws SQLException, SystemException, NotSupportedException, RollbackException,
                    jakarta.transaction.HeuristicMixedException, jakarta.transaction.HeuristicRollbackException {
        int from = random.nextInt(bank.shards());
        boolean across = bank.shards() > 1 && random.nextDouble() < ACROSS_SHARE;
        int to = across ? (from + 1 + random.nextInt(bank.shards() - 1)) % bank.shards() : from;
        int index = random.nextInt(bank.accountsPerShard());
        long debited = bank.account(from, index);
        long credited =
                bank.account(to, (index + 1 + random.nextInt(bank.accountsPerShard() - 1)) % bank.accountsPerShard());
        long amount = 1L + random.nextInt(AMOUNT_MAX);
        long id = firstId | counter++;
        long begun = nowMicros();
        manager.begin();
        boolean done = false;
        try {
            manager.getTransaction().enlistResource(sessions.get(from).xa.getXAResource());
            if (across) {
                manager.getTransaction().enlistResource(sessions.get(to).xa.getXAResource());
            }
            if (debited < credited) {
                side(from, id, debited, -amount, to);
                side(to, id, credited, amount, from);
            } else {
                side(to, id, credited, amount, from);
                side(from, id, debited, -amount, to);
            }
            done = random.nextDouble() >= ROLLBACK_SHARE;
        } finally {
            if (!done) {
                manager.rollback();
            }
        }
        if (done) {
            long decided = nowMicros();
            manager.commit();
            acknowledged.add(new Acknowledged(
                    across ? Acknowledged.Kind.ACROSS : Acknowledged.Kind.WITHIN,
                    id,
                    from,
                    to,
                    begun,
                    decided,
                    nowMicros()));
        }
    }

    private void side(int shard, long id, long account, long change, int other) throws SQLException {
        Connection sql = sessions.get(shard).sql;
        try (PreparedStatement update = sql.prepareStatement(
                "update accounts set balance = balance + ?, changed_at = clock_timestamp() where id = ?")) {
            update.setLong(1, change);
            update.setLong(2, account);
            update.executeUpdate();
        }
        try (PreparedStatement insert = sql.prepareStatement(
                "insert into transfers (id, side, account_id, amount, other_shard) values (?, ?, ?, ?, ?)")) {
            insert.setLong(1, id);
            insert.setString(2, change < 0 ? "D" : "C");
            insert.setLong(3, account);
            insert.setLong(4, Math.abs(change));
            insert.setInt(5, other);
            insert.executeUpdate();
        }
    }

    private void close() {
        for (Session session : sessions) {
            try {
                session.xa.close();
            } catch (SQLException e) {
                failures.add(e);
            }
        }
    }

    private static long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
