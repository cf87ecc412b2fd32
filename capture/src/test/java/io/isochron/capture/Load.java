package io.isochron.capture;

import io.isochron.testkit.TestShard;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;

/** Writes into one shard until it is closed, and goes on when the shard comes back. */
final class Load implements AutoCloseable {
    private final TestShard shard;
    private final Random random;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile long commits;

    private Load(TestShard shard, long seed) {
        this.shard = shard;
        this.random = new Random(seed);
        this.thread = Thread.ofPlatform().daemon().name("load-" + shard.name()).unstarted(this::run);
    }

    static Load start(TestShard shard, long seed) throws SQLException {
        shard.execute("create table if not exists load (id bigserial primary key, text text)");
        Load load = new Load(shard, seed);
        load.thread.start();
        return load;
    }

    long commits() {
        return commits;
    }

    private void run() {
        while (!stopped) {
            try (Connection connection = shard.superuser("postgres");
                    Statement statement = connection.createStatement()) {
                while (!stopped) {
                    work(statement);
                    commits++;
                }
            } catch (SQLException e) {
                sleep();
            }
        }
    }

    private void work(Statement statement) throws SQLException {
        int kind = random.nextInt(100);
        if (kind < 80) {
            statement.execute("insert into load (text) select repeat(md5(random()::text), " + (1 + random.nextInt(20))
                    + ") from generate_series(1, " + (1 + random.nextInt(50)) + ")");
        } else if (kind < 95) {
            statement.execute("update load set text = text || 'x' where id % 97 = " + random.nextInt(97));
        } else if (kind < 98) {
            statement.execute("delete from load where id % 13 = " + random.nextInt(13));
        } else {
            statement.execute("select pg_switch_wal()");
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join();
    }
}
