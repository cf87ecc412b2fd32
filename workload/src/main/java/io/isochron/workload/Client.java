package io.isochron.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/** One client: one transaction after the other, until the gate ends. A failed transaction is rolled back and its sessions replaced. */
final class Client implements Runnable {
    private static final int AMOUNT_MAX = 500;
    private static final String UNDEFINED_OBJECT = "42704";
    private static final String CHANGE_BALANCE =
            "update accounts set balance = balance + ?, changed_at = clock_timestamp() where id = ?";
    private static final String WRITE_LEDGER =
            "insert into transfers (id, side, account_id, amount, other_shard) values (?, ?, ?, ?, ?)";

    private final Bank bank;
    private final WorkloadOptions options;
    private final List<? extends XADataSource> sources;
    private final Gate gate;
    private final Tally tally;
    private final InDoubt inDoubt;
    private final TransactionIds ids;
    private final Random random;
    private final @Nullable ShardSession[] sessions;
    private int counter;
    private long lastOrder = -1;
    private int lastOrderShard;
    private final Deque<Pending> pending = new ArrayDeque<>();

    Client(
            Bank bank,
            WorkloadOptions options,
            List<? extends XADataSource> sources,
            Gate gate,
            Tally tally,
            InDoubt inDoubt,
            TransactionIds ids) {
        this.bank = bank;
        this.options = options;
        this.sources = sources;
        this.gate = gate;
        this.tally = tally;
        this.inDoubt = inDoubt;
        this.ids = ids;
        this.random = new Random(options.seed() * 1_000_003 + ids.id(0));
        this.sessions = new ShardSession[bank.shards()];
    }

    @Override
    public void run() {
        long pauseNanos = options.ratePerSecond() == 0
                ? 0
                : TimeUnit.SECONDS.toNanos(1) * options.clients() / options.ratePerSecond();
        long due = System.nanoTime();
        try {
            while (gate.enter()) {
                try {
                    settlePending();
                    one();
                } catch (SQLException e) {
                    tally.failed(e);
                    closeSessions();
                    Thread.sleep(20);
                } finally {
                    gate.leave();
                }
                if (pauseNanos > 0) {
                    due = Math.max(due + pauseNanos, System.nanoTime() - TimeUnit.SECONDS.toNanos(1));
                    LockSupport.parkNanos(due - System.nanoTime());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeSessions();
        }
    }

    private void one() throws SQLException {
        double kind = random.nextDouble();
        if (kind < options.acrossShare() + options.withinShare()) {
            transfer(kind < options.acrossShare() && bank.shards() > 1);
        } else if (kind < options.acrossShare() + options.withinShare() + options.orderShare() || lastOrder < 0) {
            order();
        } else {
            changeOrder();
        }
    }

    private void transfer(boolean across) throws SQLException {
        int from = random.nextInt(bank.shards());
        int to = across ? (from + 1 + random.nextInt(bank.shards() - 1)) % bank.shards() : from;
        int index = random.nextInt(bank.accountsPerShard());
        long debited = bank.account(from, index);
        long credited = bank.account(
                to, across ? random.nextInt(bank.accountsPerShard()) : (index + 1) % bank.accountsPerShard());
        Transfer transfer = new Transfer(ids.id(counter++), debited, credited, 1 + random.nextInt(AMOUNT_MAX));
        boolean rollBack = random.nextDouble() < options.rollbackShare();
        if (across) {
            across(transfer, from, to, rollBack, rollBack && random.nextBoolean());
        } else {
            within(transfer, from, rollBack);
        }
    }

    private record Transfer(long id, long debited, long credited, long amount) {}

    /** A branch whose end was not acknowledged, and what was decided about it. */
    private record Pending(BankXid xid, boolean commit, long id) {}

    /** Until a lost branch is settled it holds its locks, so that comes first. */
    private void settlePending() throws SQLException {
        while (!pending.isEmpty()) {
            Pending first = pending.getFirst();
            ShardSession session = session(first.xid.shard());
            try {
                if (first.commit) {
                    session.commitPrepared(first.xid);
                } else {
                    session.rollbackPrepared(first.xid);
                }
            } catch (SQLException e) {
                if (!UNDEFINED_OBJECT.equals(e.getSQLState())) {
                    throw e;
                }
            }
            pending.removeFirst();
            if (pending.stream().noneMatch(other -> other.id == first.id)) {
                inDoubt.settled(first.id);
            }
        }
    }

    private void across(Transfer transfer, int from, int to, boolean rollBack, boolean afterPrepare)
            throws SQLException {
        try {
            acrossOnce(transfer, from, to, rollBack, afterPrepare);
        } catch (SQLException e) {
            boolean commit = inDoubt.isDecided(transfer.id);
            pending.add(new Pending(BankXid.of(transfer.id, from), commit, transfer.id));
            pending.add(new Pending(BankXid.of(transfer.id, to), commit, transfer.id));
            throw e;
        }
    }

    /** Accounts are locked in the order of their ids on whatever shard, so that no deadlock spans shards. */
    private void acrossOnce(Transfer transfer, int from, int to, boolean rollBack, boolean afterPrepare)
            throws SQLException {
        long begun = nowMicros();
        BankXid debit = BankXid.of(transfer.id, from);
        BankXid credit = BankXid.of(transfer.id, to);
        ShardSession debtor = session(from);
        ShardSession creditor = session(to);
        debtor.begin(debit);
        creditor.begin(credit);
        if (transfer.debited < transfer.credited) {
            side(debtor.connection, transfer, 'D', to);
            side(creditor.connection, transfer, 'C', from);
        } else {
            side(creditor.connection, transfer, 'C', from);
            side(debtor.connection, transfer, 'D', to);
        }
        if (rollBack && !afterPrepare) {
            debtor.rollback(debit);
            creditor.rollback(credit);
            tally.rolledBack();
            return;
        }
        debtor.prepare(debit);
        creditor.prepare(credit);
        if (rollBack) {
            debtor.rollbackPrepared(debit);
            creditor.rollbackPrepared(credit);
            tally.rolledBack();
            return;
        }
        if (random.nextDouble() < options.stallShare()) {
            LockSupport.parkNanos((long) (random.nextDouble() * options.stall().toNanos()));
        }
        long decided = nowMicros();
        inDoubt.decideCommit(transfer.id);
        if (random.nextBoolean()) {
            debtor.commitPrepared(debit);
            creditor.commitPrepared(credit);
        } else {
            creditor.commitPrepared(credit);
            debtor.commitPrepared(debit);
        }
        inDoubt.settled(transfer.id);
        tally.acknowledged(
                new Acknowledged(Acknowledged.Kind.ACROSS, transfer.id, from, to, begun, decided, nowMicros()));
    }

    private void within(Transfer transfer, int shard, boolean rollBack) throws SQLException {
        long begun = nowMicros();
        BankXid xid = BankXid.of(transfer.id, shard);
        ShardSession session = session(shard);
        session.begin(xid);
        if (transfer.debited < transfer.credited) {
            side(session.connection, transfer, 'D', shard);
            side(session.connection, transfer, 'C', shard);
        } else {
            side(session.connection, transfer, 'C', shard);
            side(session.connection, transfer, 'D', shard);
        }
        if (rollBack) {
            session.rollback(xid);
            tally.rolledBack();
            return;
        }
        long decided = nowMicros();
        session.commitOnePhase(xid);
        tally.acknowledged(
                new Acknowledged(Acknowledged.Kind.WITHIN, transfer.id, shard, shard, begun, decided, nowMicros()));
    }

    private static void side(Connection connection, Transfer transfer, char side, int otherShard) throws SQLException {
        long account = side == 'D' ? transfer.debited : transfer.credited;
        try (PreparedStatement balance = connection.prepareStatement(CHANGE_BALANCE)) {
            balance.setLong(1, side == 'D' ? -transfer.amount : transfer.amount);
            balance.setLong(2, account);
            if (balance.executeUpdate() != 1) {
                throw new SQLException("account " + account + " is not there");
            }
        }
        try (PreparedStatement ledger = connection.prepareStatement(WRITE_LEDGER)) {
            ledger.setLong(1, transfer.id);
            ledger.setString(2, String.valueOf(side));
            ledger.setLong(3, account);
            ledger.setLong(4, transfer.amount);
            ledger.setInt(5, otherShard);
            ledger.executeUpdate();
        }
    }

    private void order() throws SQLException {
        long begun = nowMicros();
        long id = ids.id(counter++);
        long account = bank.account(random.nextInt(bank.shards()), random.nextInt(bank.accountsPerShard()));
        int shard = bank.shardOf(account);
        BankXid xid = BankXid.of(id, shard);
        ShardSession session = session(shard);
        session.begin(xid);
        try (PreparedStatement insert = session.connection.prepareStatement(
                "insert into orders (id, account_id, amount, status, note) values (?, ?, ?, 'new', repeat(?, ?))")) {
            insert.setLong(1, id);
            insert.setLong(2, account);
            insert.setLong(3, 1 + random.nextInt(AMOUNT_MAX));
            insert.setString(4, "item " + random.nextInt(10) + ", ");
            insert.setInt(5, 1 + random.nextInt(20));
            insert.executeUpdate();
        }
        long decided = nowMicros();
        session.commitOnePhase(xid);
        lastOrder = id;
        lastOrderShard = shard;
        tally.acknowledged(new Acknowledged(Acknowledged.Kind.ORDER, id, shard, shard, begun, decided, nowMicros()));
    }

    private void changeOrder() throws SQLException {
        ShardSession session = session(lastOrderShard);
        BankXid xid = BankXid.of(ids.id(counter++), lastOrderShard);
        session.begin(xid);
        try (PreparedStatement update =
                session.connection.prepareStatement("update orders set status = 'paid' where id = ?")) {
            update.setLong(1, lastOrder);
            update.executeUpdate();
        }
        session.commitOnePhase(xid);
        tally.changed();
    }

    private ShardSession session(int shard) throws SQLException {
        ShardSession session = sessions[shard];
        if (session == null) {
            session = ShardSession.open(sources.get(shard), options.twoPhase());
            sessions[shard] = session;
        }
        return session;
    }

    /** Closing a session rolls back what was not prepared; what was prepared stays for {@link InDoubt#settle}. */
    private void closeSessions() {
        List<SQLException> ignored = new ArrayList<>();
        for (int shard = 0; shard < sessions.length; shard++) {
            ShardSession session = sessions[shard];
            sessions[shard] = null;
            if (session != null) {
                try {
                    session.close();
                } catch (SQLException e) {
                    ignored.add(e);
                }
            }
        }
    }

    private static long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
