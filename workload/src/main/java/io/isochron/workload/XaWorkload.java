package io.isochron.workload;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/**
 * The bank's traffic: clients that transfer money across shards in two phases, transfer within shards and make orders, from
 * {@link #start} until {@link #stop}. A shard that goes down makes transactions fail, which are counted; traffic goes on when it
 * is back. The workload is its own transaction manager: it remembers what it decided, and settles what is in doubt.
 */
public final class XaWorkload implements AutoCloseable {
    private final List<? extends XADataSource> sources;
    private final int run;
    private final Gate gate = new Gate();
    private final InDoubt inDoubt = new InDoubt();
    private final Tally tally;
    private final List<Thread> threads = new ArrayList<>();
    private boolean stopped;

    private XaWorkload(List<? extends XADataSource> sources, int run, WorkloadOptions options) {
        this.sources = List.copyOf(sources);
        this.run = run;
        this.tally = new Tally(options.recordAcknowledged());
    }

    /** Makes the bank's tables and accounts on every shard. */
    public static void createBank(List<? extends XADataSource> shards, Bank bank) throws SQLException {
        for (int shard = 0; shard < shards.size(); shard++) {
            XAConnection connection = shards.get(shard).getXAConnection();
            try (Connection sql = connection.getConnection()) {
                bank.create(sql, shard);
            } finally {
                connection.close();
            }
        }
    }

    /**
     * Starts the clients on a bank that was {@linkplain #createBank made} before. Several runs may follow each other on one bank.
     *
     * @param shards one source of connections per shard, in the bank's order
     */
    public static XaWorkload start(List<? extends XADataSource> shards, Bank bank, WorkloadOptions options)
            throws SQLException {
        if (shards.size() != bank.shards()) {
            throw new IllegalArgumentException(shards.size() + " sources for " + bank.shards() + " shards");
        }
        int run = 0;
        for (XADataSource shard : shards) {
            run = Math.max(run, nextRun(shard));
        }
        XaWorkload workload = new XaWorkload(shards, run, options);
        for (int client = 0; client < options.clients(); client++) {
            Client each = new Client(
                    bank,
                    options,
                    shards,
                    workload.gate,
                    workload.tally,
                    workload.inDoubt,
                    new TransactionIds(run, client));
            workload.threads.add(
                    Thread.ofPlatform().name("bank-client-" + client).daemon().start(each));
        }
        return workload;
    }

    private static int nextRun(XADataSource shard) throws SQLException {
        XAConnection connection = shard.getXAConnection();
        try (Connection sql = connection.getConnection();
                Statement statement = sql.createStatement();
                ResultSet result = statement.executeQuery("select coalesce(greatest((select max(id) from transfers),"
                        + " (select max(id) from orders)), 0)")) {
            result.next();
            return TransactionIds.runOf(result.getLong(1)) + 1;
        } finally {
            connection.close();
        }
    }

    /** Waits until no client is within a transaction, and lets none begin. */
    public void pause() throws InterruptedException {
        gate.shut();
    }

    /** Lets paused clients go on. */
    public void resume() {
        gate.open();
    }

    /** What the traffic did so far. */
    public WorkloadCounts counts() {
        return tally.counts(inDoubt.count());
    }

    /** Every acknowledged commit so far, unless the options say that none is remembered. */
    public List<Acknowledged> acknowledged() {
        return tally.acknowledged();
    }

    /** Why the last failed transaction failed. */
    public Optional<SQLException> lastFailure() {
        return Optional.ofNullable(tally.lastFailure());
    }

    /**
     * Ends the clients and settles every branch that is still prepared, as it was decided.
     *
     * @param patience how long shards that do not answer are asked again
     * @throws SQLException when a shard's branches could not be settled in that time; stopping may be tried again
     */
    public void stop(Duration patience) throws SQLException, InterruptedException {
        gate.end();
        for (Thread thread : threads) {
            thread.join();
        }
        if (!stopped) {
            settle(patience);
            stopped = true;
        }
    }

    /** {@link #stop(Duration)} with a patience of 30 s. */
    public void stop() throws SQLException, InterruptedException {
        stop(Duration.ofSeconds(30));
    }

    private void settle(Duration patience) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        for (XADataSource source : sources) {
            boolean settled = false;
            while (!settled) {
                try {
                    inDoubt.settle(source, run);
                    settled = true;
                } catch (SQLException e) {
                    if (System.nanoTime() - deadline > 0) {
                        throw e;
                    }
                    Thread.sleep(100);
                }
            }
        }
        inDoubt.allSettled();
    }

    /** Stops with little patience; what a dead shard has prepared stays prepared there. */
    @Override
    public void close() throws SQLException {
        try {
            stop(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
