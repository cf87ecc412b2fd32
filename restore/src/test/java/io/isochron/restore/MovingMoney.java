package io.isochron.restore;

import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Traffic on shards that come and go: each transaction moves an amount between two shards, in two phases, and notes it on both. What all balances add up to never changes, and what a shard
 * notes of another one, that one notes too.
 */
final class MovingMoney implements AutoCloseable {
    static final long TOTAL = 1_000_000;
    private static final int CLIENTS = 3;

    private final AtomicInteger ids = new AtomicInteger();
    private final AtomicReference<List<TestShard>> shards;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private final java.util.concurrent.locks.ReentrantReadWriteLock use =
            new java.util.concurrent.locks.ReentrantReadWriteLock();
    private volatile boolean stopped;

    MovingMoney(long seed, List<TestShard> shards) throws SQLException {
        this.shards = new AtomicReference<>(shards);
        for (int i = 0; i < shards.size(); i++) {
            create(shards.get(i), i == 0 ? TOTAL : 0);
        }
        for (int i = 0; i < CLIENTS; i++) {
            Random random = new Random(seed + i);
            threads.add(Thread.ofPlatform().daemon().start(() -> run(random)));
        }
    }

    static void create(TestShard shard, long balance) throws SQLException {
        shard.execute("create table money (balance bigint not null)");
        shard.execute("insert into money select case when i = 1 then " + balance
                + " else 0 end from generate_series(1, 8) i");
        shard.execute("create table moves (id int primary key, other text not null, amount bigint not null)");
    }

    /** Uses other shards from now on; no transaction with others is open on return. */
    void use(List<TestShard> now) {
        use.writeLock().lock();
        try {
            shards.set(now);
        } finally {
            use.writeLock().unlock();
        }
    }

    /** Moves everything from a shard that is not used any more to another one. */
    void drain(TestShard from, TestShard to) throws SQLException {
        Map<TestShard, Connection> connections = new HashMap<>();
        try {
            move(connections, from, to, Long.parseLong(from.query("select sum(balance) from money")));
        } finally {
            close(connections);
        }
    }

    private void run(Random random) {
        Map<TestShard, Connection> connections = new HashMap<>();
        try {
            while (!stopped) {
                use.readLock().lock();
                try {
                    List<TestShard> now = shards.get();
                    int from = random.nextInt(now.size());
                    int to = (from + 1 + random.nextInt(now.size() - 1)) % now.size();
                    move(connections, now.get(from), now.get(to), 1 + random.nextInt(100));
                } finally {
                    use.readLock().unlock();
                }
            }
        } catch (SQLException | RuntimeException e) {
            failure.compareAndSet(null, e);
        } finally {
            close(connections);
        }
    }

    private static void close(Map<TestShard, Connection> connections) {
        for (Connection connection : connections.values()) {
            try {
                connection.close();
            } catch (SQLException _) {
                // its server may be gone
            }
        }
    }

    private void move(Map<TestShard, Connection> connections, TestShard from, TestShard to, long amount)
            throws SQLException {
        int id = ids.incrementAndGet();
        Connection one = connection(connections, from);
        Connection two = connection(connections, to);
        part(one, id, to, -amount);
        part(two, id, from, amount);
        one.createStatement().execute("prepare transaction '" + gid(id, "a") + "'");
        two.createStatement().execute("prepare transaction '" + gid(id, "b") + "'");
        one.createStatement().execute("commit prepared '" + gid(id, "a") + "'");
        two.createStatement().execute("commit prepared '" + gid(id, "b") + "'");
    }

    private static Connection connection(Map<TestShard, Connection> connections, TestShard shard) throws SQLException {
        Connection known = connections.get(shard);
        if (known == null) {
            known = shard.superuser("postgres");
            connections.put(shard, known);
        }
        return known;
    }

    private static void part(Connection connection, int id, TestShard other, long amount) throws SQLException {
        connection.createStatement().execute("begin");
        try (PreparedStatement update = connection.prepareStatement("update money set balance = balance + ?"
                        + " where ctid = (select ctid from money order by random() limit 1 for update skip locked)");
                PreparedStatement note = connection.prepareStatement("insert into moves values (?, ?, ?)")) {
            update.setLong(1, amount);
            while (update.executeUpdate() == 0) {
                Thread.onSpinWait();
            }
            note.setInt(1, id);
            note.setString(2, other.name());
            note.setLong(3, amount);
            note.executeUpdate();
        }
    }

    private static String gid(int id, String branch) {
        Base64.Encoder base64 = Base64.getEncoder();
        return "1_" + base64.encodeToString(("move " + id).getBytes(StandardCharsets.UTF_8)) + "_"
                + base64.encodeToString(branch.getBytes(StandardCharsets.UTF_8));
    }

    int count() {
        return ids.get();
    }

    /** What is wrong on some shards, which stand still; empty if nothing is. */
    static List<String> wrong(Map<String, Connection> shards) throws SQLException {
        List<String> wrong = new ArrayList<>();
        long total = 0;
        Map<String, Map<Integer, String>> notes = new HashMap<>();
        for (Map.Entry<String, Connection> shard : shards.entrySet()) {
            try (Statement statement = shard.getValue().createStatement()) {
                try (ResultSet sum = statement.executeQuery("select sum(balance) from money")) {
                    sum.next();
                    total += sum.getLong(1);
                }
                Map<Integer, String> own = new HashMap<>();
                try (ResultSet moves = statement.executeQuery("select id, other from moves")) {
                    while (moves.next()) {
                        own.put(moves.getInt(1), moves.getString(2));
                    }
                }
                notes.put(shard.getKey(), own);
            }
        }
        if (total != TOTAL) {
            wrong.add("balances add up to " + total);
        }
        notes.forEach((shard, own) -> own.forEach((id, other) -> {
            if (notes.containsKey(other) && !notes.get(other).containsKey(id)) {
                wrong.add("move " + id + " is on " + shard + " and not on " + other);
            }
        }));
        return wrong;
    }

    /** Ends the traffic; throws what ended it before. */
    @Override
    public void close() throws Exception {
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
    }
}
