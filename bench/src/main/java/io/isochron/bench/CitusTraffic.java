package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/**
 * The bank's transfers as Citus commits them, on plain PostgreSQL: each shard is a node of the group of its index, and every node is an origin.
 *
 * <p>What is done as Citus does it: a transaction that writes on more than its origin inserts, in the origin's own transaction, one row for each
 * branch into {@code pg_dist_transaction} and then prepares that branch as {@code citus_<group>_<pid>_<number>_<connection>}; the origin's plain
 * COMMIT decides; COMMIT PREPARED follows, and the client is told of success even if one of these is lost. A node may hold several branches. What
 * is written through one connection on one other node is committed there in one phase. {@link CitusRecovery} settles what is left in doubt, and
 * deletes the rows in bulk. An origin's restart loses its sessions and begins the numbers and process ids again ({@link CitusLife}); the same gid is
 * then refused by the node that still holds it prepared, and by the unique index that still holds its row, and by nothing else, so it may
 * be prepared on one node while another still holds it from before.
 *
 * <p>What is added, as slow networks, deferred triggers and faults do: pauses between the steps, sessions that end between any two of them, a daemon that
 * dies before it has deleted rows. Not modelled: the restart of an origin's PostgreSQL, metadata changes, and the local table plus one shard that Citus
 * itself does not commit atomically.
 */
final class CitusTraffic implements Traffic {
    private static final long FIRST_ID = 1L << 45;

    private final CitusClient.Common common;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Queue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<Exception> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> nodes = new ArrayList<>();

    private CitusTraffic(List<XADataSource> shards, Bank bank) {
        AtomicLong ids = new AtomicLong(FIRST_ID);
        this.common =
                new CitusClient.Common(bank, shards, ids::getAndIncrement, acknowledged, failures, new CitusCounts());
    }

    static CitusTraffic start(List<XADataSource> shards, Bank bank, long seed) throws SQLException {
        for (XADataSource shard : shards) {
            createRecords(shard);
        }
        CitusTraffic traffic = new CitusTraffic(shards, bank);
        for (int group = 0; group < shards.size(); group++) {
            traffic.nodes.add(Thread.ofPlatform()
                    .name("citus-" + group)
                    .daemon()
                    .start(new CitusNode(traffic.common, group, seed, traffic.stop)));
        }
        return traffic;
    }

    private static void createRecords(XADataSource shard) throws SQLException {
        XAConnection session = shard.getXAConnection();
        try (Connection connection = session.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "create table pg_dist_transaction (groupid int not null, gid text not null, outer_xid xid8)");
            statement.execute("alter table pg_dist_transaction add unique (groupid, gid)");
        } finally {
            session.close();
        }
    }

    @Override
    public void stop() throws SQLException, InterruptedException {
        stop.countDown();
        for (Thread node : nodes) {
            node.join();
        }
        Exception failure = failures.poll();
        if (failure != null) {
            throw new SQLException("a node of the load failed: " + failure, failure);
        }
        for (int group = 0; group < nodes.size(); group++) {
            try (CitusRecovery recovery = new CitusRecovery(common.shards(), group, common.counts())) {
                if (!recovery.settled()) {
                    throw new SQLException("branches of group " + group + " are still prepared after the recovery");
                }
            }
        }
    }

    @Override
    public List<Acknowledged> acknowledged() {
        return List.copyOf(acknowledged);
    }

    @Override
    public String notes() {
        return common.counts().toString();
    }

    @Override
    public void close() {
        stop.countDown();
        for (Thread node : nodes) {
            try {
                node.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
