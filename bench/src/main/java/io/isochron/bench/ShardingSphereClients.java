package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The program of {@link ShardingSphereTraffic}: clients that know one database of logical tables by JDBC, nothing of shards. Writes a line for each transaction whose commit it was told of, and ends when
 * its input does.
 */
final class ShardingSphereClients {
    /** The line that says that transactions begin. */
    static final String READY = "ready";

    private static final String TOLD = "acknowledged ";
    private static final int CLIENTS = 8;
    private static final long FIRST_ID = 1L << 45;
    private static final int AMOUNT_MAX = 500;
    private static final double ACROSS_SHARE = 0.8;
    private static final double ROLLBACK_SHARE = 0.05;

    private final Bank bank;
    private final String url;
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicBoolean failed = new AtomicBoolean();

    private ShardingSphereClients(Bank bank, String url) {
        this.bank = bank;
        this.url = url;
    }

    /** How a transaction is told. */
    static String line(Acknowledged one) {
        return TOLD + one.kind() + " " + one.id() + " " + one.shard() + " " + one.otherShard() + " " + one.begunMicros()
                + " " + one.decidedMicros() + " " + one.acknowledgedMicros();
    }

    /** What a line says of a transaction; null for every other line. */
    static @Nullable Acknowledged parse(String line) {
        if (!line.startsWith(TOLD)) {
            return null;
        }
        String[] fields = line.substring(TOLD.length()).split(" ", -1);
        return new Acknowledged(
                Acknowledged.Kind.valueOf(fields[0]),
                Long.parseLong(fields[1]),
                Integer.parseInt(fields[2]),
                Integer.parseInt(fields[3]),
                Long.parseLong(fields[4]),
                Long.parseLong(fields[5]),
                Long.parseLong(fields[6]));
    }

    /** Configuration, the bank's three numbers, seed. */
    public static void main(String[] args) throws Exception {
        Bank bank = new Bank(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Long.parseLong(args[3]));
        boolean well = new ShardingSphereClients(bank, "jdbc:shardingsphere:absolutepath:" + Path.of(args[0]))
                .run(Long.parseLong(args[4]));
        System.out.flush();
        // the transaction manager and the pools have threads that do not end
        Runtime.getRuntime().halt(well ? 0 : 1);
    }

    private boolean run(long seed) throws Exception {
        List<Thread> threads = new ArrayList<>();
        try (Connection first = DriverManager.getConnection(url)) {
            first.setAutoCommit(false);
            first.rollback();
        }
        System.out.println(READY);
        for (int client = 0; client < CLIENTS; client++) {
            int number = client;
            threads.add(Thread.ofPlatform().start(() -> work(seed, number)));
        }
        while (System.in.read() >= 0 && !failed.get()) {
            // nothing is sent
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        return !failed.get();
    }

    private void work(long seed, int client) {
        Random random = new Random(seed * 1_000_003 + client);
        long id = FIRST_ID | (long) client << 32;
        try (Connection connection = DriverManager.getConnection(url)) {
            while (!stop.get()) {
                transfer(connection, random, id++);
            }
        } catch (Exception e) {
            failed.set(true);
            e.printStackTrace(System.out);
        }
    }

    /** Accounts are locked in the order of their ids on whatever shard, so that no deadlock spans shards. */
    private void transfer(Connection connection, Random random, long id) throws SQLException {
        int from = random.nextInt(bank.shards());
        boolean across = bank.shards() > 1 && random.nextDouble() < ACROSS_SHARE;
        int to = across ? (from + 1 + random.nextInt(bank.shards() - 1)) % bank.shards() : from;
        int index = random.nextInt(bank.accountsPerShard());
        long debited = bank.account(from, index);
        long credited =
                bank.account(to, (index + 1 + random.nextInt(bank.accountsPerShard() - 1)) % bank.accountsPerShard());
        long amount = 1L + random.nextInt(AMOUNT_MAX);
        long begun = nowMicros();
        connection.setAutoCommit(false);
        boolean done = false;
        try {
            if (debited < credited) {
                side(connection, id, debited, -amount, to);
                side(connection, id, credited, amount, from);
            } else {
                side(connection, id, credited, amount, from);
                side(connection, id, debited, -amount, to);
            }
            done = random.nextDouble() >= ROLLBACK_SHARE;
        } finally {
            if (!done) {
                connection.rollback();
            }
        }
        if (done) {
            long decided = nowMicros();
            connection.commit();
            System.out.println(line(new Acknowledged(
                    across ? Acknowledged.Kind.ACROSS : Acknowledged.Kind.WITHIN,
                    id,
                    from,
                    to,
                    begun,
                    decided,
                    nowMicros())));
        }
    }

    private static void side(Connection connection, long id, long account, long change, int other) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(
                "update accounts set balance = balance + ?, changed_at = clock_timestamp() where id = ?")) {
            update.setLong(1, change);
            update.setLong(2, account);
            if (update.executeUpdate() != 1) {
                throw new SQLException("account " + account + " is not where it should be");
            }
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into transfers (id, side, account_id, amount, other_shard) values (?, ?, ?, ?, ?)")) {
            insert.setLong(1, id);
            insert.setString(2, change < 0 ? "D" : "C");
            insert.setLong(3, account);
            insert.setLong(4, Math.abs(change));
            insert.setInt(5, other);
            insert.executeUpdate();
        }
    }

    private static long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
