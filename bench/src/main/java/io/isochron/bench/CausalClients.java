package io.isochron.bench;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Clients that write a row on the first shard, are answered, and only then write the row that it caused on the second one: two single-shard transactions, tied by nothing but the client. */
final class CausalClients implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong writes = new AtomicLong();
    private boolean going;
    private boolean ended;
    /** Clients that have begun a pair of rows and not ended it. */
    private int working;

    private volatile @Nullable SQLException failure;

    private CausalClients() {}

    /** Makes the table {@code pairs} on both shards, and clients that do nothing yet. */
    static CausalClients start(TestCluster cluster, int count) throws SQLException {
        for (TestShard shard : cluster.shards()) {
            shard.execute("create table pairs (id bigint primary key, xid bigint)");
        }
        CausalClients clients = new CausalClients();
        for (int i = 0; i < count; i++) {
            long first = i * 1_000_000_000L + 1;
            clients.threads.add(Thread.ofPlatform()
                    .daemon()
                    .name("client-" + i)
                    .start(() -> clients.run(cluster.shard(0), cluster.shard(1), first)));
        }
        return clients;
    }

    private void run(TestShard first, TestShard second, long firstId) {
        String sql = "insert into pairs values (?, pg_current_xact_id()::text::bigint)";
        try (Connection a = first.superuser("postgres");
                Connection b = second.superuser("postgres");
                PreparedStatement onA = a.prepareStatement(sql);
                PreparedStatement onB = b.prepareStatement(sql)) {
            for (long id = firstId; begin(); id++) {
                try {
                    onA.setLong(1, id);
                    onA.executeUpdate();
                    onB.setLong(1, id);
                    onB.executeUpdate();
                    writes.addAndGet(2);
                } finally {
                    end();
                }
            }
        } catch (SQLException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean begin() throws InterruptedException {
        while (!going && !ended) {
            wait();
        }
        if (ended) {
            return false;
        }
        working++;
        return true;
    }

    private synchronized void end() {
        working--;
        notifyAll();
    }

    synchronized void go() {
        going = true;
        notifyAll();
    }

    /** Lets clients finish what they have begun, and waits for it: what is written later would be missed by whoever looks now. */
    void pause() throws SQLException, InterruptedException {
        synchronized (this) {
            going = false;
            long until = System.nanoTime() + PATIENCE.toNanos();
            while (working > 0) {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    throw new SQLException(
                            working + " clients wait for an answer for " + PATIENCE.toSeconds() + " s already");
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        }
        SQLException failed = failure;
        if (failed != null) {
            throw new SQLException("a client failed: " + failed.getMessage(), failed);
        }
    }

    /** Commits that were answered. */
    long writes() {
        return writes.get();
    }

    @Override
    public void close() {
        synchronized (this) {
            ended = true;
            going = false;
            notifyAll();
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
