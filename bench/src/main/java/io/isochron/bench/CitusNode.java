package io.isochron.bench;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A Citus node as an origin of transactions: clients, and the maintenance daemon that recovers what they leave behind. It goes down after
 * a moment or some seconds and comes back, again and again; the PostgreSQL below it stays up, only everything of this node's sessions is lost. The
 * daemon's first round after a start runs beside the new clients, as in Citus, and may not reach every node, so numbers may recur while branches of
 * the same numbers are still prepared.
 */
final class CitusNode implements Runnable {
    private static final int CLIENTS = 2;
    private static final int LIFE_MILLIS_MIN = 150;
    private static final int LIFE_MILLIS_SPREAD = 4_000;
    private static final int DOWN_MILLIS_MIN = 200;
    private static final int DOWN_MILLIS_SPREAD = 400;
    private static final int ROUND_MILLIS_MIN = 200;
    private static final int ROUND_MILLIS_SPREAD = 1_200;
    private static final double DAEMON_DIES_SHARE = 0.2;
    private static final double REACHED_SHARE = 0.6;

    private final CitusClient.Common common;
    private final int group;
    private final Random random;
    private final CountDownLatch stop;

    CitusNode(CitusClient.Common common, int group, long seed, CountDownLatch stop) {
        this.common = common;
        this.group = group;
        this.random = new Random(seed * 1_000_003 + group);
        this.stop = stop;
    }

    @Override
    public void run() {
        try (CitusRecovery recovery = new CitusRecovery(common.shards(), group, common.counts())) {
            boolean stopped = false;
            while (!stopped) {
                stopped = live(recovery);
                if (!stopped) {
                    common.counts().restarts.increment();
                    stopped = stop.await(DOWN_MILLIS_MIN + random.nextInt(DOWN_MILLIS_SPREAD), TimeUnit.MILLISECONDS);
                }
            }
            recovery.run(new CitusLife(group), node -> true, false);
        } catch (SQLException e) {
            common.failures().add(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From a start to the next crash; true if it ended because the load does. */
    private boolean live(CitusRecovery recovery) throws SQLException, InterruptedException {
        CitusLife life = new CitusLife(group);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofPlatform()
                    .name("citus-" + group + "-client-" + i)
                    .daemon()
                    .start(new CitusClient(common, life, random.nextLong())));
        }
        boolean stopped = false;
        try {
            // short lives are frequent: their numbers are used again soon
            double part = random.nextDouble();
            long end = System.nanoTime()
                    + TimeUnit.MILLISECONDS.toNanos(LIFE_MILLIS_MIN + (long) (part * part * LIFE_MILLIS_SPREAD));
            while (!stopped && System.nanoTime() < end) {
                recovery.run(
                        life, node -> random.nextDouble() < REACHED_SHARE, random.nextDouble() < DAEMON_DIES_SHARE);
                long left = Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
                long pause = Math.min(left, ROUND_MILLIS_MIN + random.nextInt(ROUND_MILLIS_SPREAD));
                stopped = stop.await(pause, TimeUnit.MILLISECONDS);
            }
        } finally {
            if (stopped) {
                life.leave();
            } else {
                life.crash();
            }
            for (Thread client : clients) {
                client.join();
            }
        }
        return stopped;
    }
}
