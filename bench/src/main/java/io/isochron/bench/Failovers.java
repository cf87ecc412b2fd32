package io.isochron.bench;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.testkit.TestStandby;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/**
 * The failovers of a loaded run: some shards have a standby from the beginning, and at a moment of the seed's choosing each of them loses
 * its primary, for ever, and goes on with the standby.
 *
 * <p>A primary waits with every commit and PREPARE until its standby has it ({@code synchronous_standby_names}), so nothing that a client
 * was told of is lost in the failover by PostgreSQL itself, and what is missing in a restored cluster is Isochron's doing. What the
 * standby had not got when the primary was killed may be in the archive all the same: that is an abandoned branch.
 */
final class Failovers implements AutoCloseable {
    private static final String STANDBY = "standby";
    private static final String CAPTURE = "isochron";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** One that is to come: when, counted from the beginning of the load, and where. */
    private record Planned(Duration at, int shard) {}

    private final TestCluster cluster;
    private final List<SwitchableSource> sources = new ArrayList<>();
    private final List<@Nullable TestStandby> standbys = new ArrayList<>();
    private final Deque<Planned> planned = new ArrayDeque<>();
    private boolean captureRequired;
    private int done;

    private Failovers(TestCluster cluster) {
        this.cluster = cluster;
        for (TestShard shard : cluster.shards()) {
            sources.add(new SwitchableSource(shard.xaDataSource("postgres")));
            standbys.add(null);
        }
    }

    /** Makes the standbys of the shards that are to fail over; they stream and are synchronous when this returns. */
    static Failovers prepare(TestCluster cluster, CampaignOptions options)
            throws IOException, SQLException, InterruptedException {
        Failovers failovers = new Failovers(cluster);
        try {
            Random random = new Random(options.seed());
            List<Integer> shards = new ArrayList<>();
            for (int shard = 0; shard < cluster.shards().size(); shard++) {
                shards.add(shard);
            }
            Collections.shuffle(shards, random);
            long part = options.load().toMillis() / Math.max(1, options.failovers());
            for (int i = 0; i < options.failovers(); i++) {
                int shard = shards.get(i);
                failovers.protect(shard);
                // not at the edge of its part, so that there is load before it and after it
                long at = (long) (part * (i + 0.15 + 0.7 * random.nextDouble()));
                failovers.planned.add(new Planned(Duration.ofMillis(at), shard));
            }
            return failovers;
        } catch (IOException | SQLException | InterruptedException | RuntimeException e) {
            failovers.close();
            throw e;
        }
    }

    private void protect(int index) throws IOException, SQLException, InterruptedException {
        TestShard shard = cluster.shard(index);
        standbys.set(index, TestStandby.start(shard, STANDBY));
        // only now, so that the standby's copy of the configuration does not ask for a standby of its own
        require(shard, STANDBY, 1);
    }

    /** From now on commits wait for capture as well, which must stream: fences can be taken. */
    void requireCapture() throws IOException, SQLException, InterruptedException {
        captureRequired = true;
        for (int i = 0; i < standbys.size(); i++) {
            if (standbys.get(i) == null) {
                require(cluster.shard(i), CAPTURE, 1);
            } else {
                require(cluster.shard(i), "FIRST 2 (" + CAPTURE + ", " + STANDBY + ")", 2);
            }
        }
    }

    private static void require(TestShard shard, String names, int count)
            throws IOException, SQLException, InterruptedException {
        shard.set("synchronous_standby_names", names);
        String expected = Integer.toString(count);
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (!shard.query("select count(*) from pg_stat_replication where sync_state = 'sync'")
                .equals(expected)) {
            if (System.nanoTime() - until > 0) {
                throw new IOException("not all of '" + names + "' of " + shard.name() + " are synchronous after "
                        + PATIENCE.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Where clients connect to; a shard's source leads to its standby as soon as that was promoted. */
    List<XADataSource> xaDataSources() {
        return List.copyOf(sources);
    }

    /** How capture and snapshots reach a shard: all its addresses, of which one is the primary. */
    ConnectionSettings settings(int shard) {
        TestStandby standby = standbys.get(shard);
        String addresses = standby == null ? cluster.shard(shard).connectionString() : standby.connectionStringOfBoth();
        return ConnectionSettings.parse(addresses, Map.of()).toPrimary();
    }

    /** When the next one is to come, counted from the beginning of the load; null if none is left. */
    @Nullable
    Duration next() {
        Planned next = planned.peek();
        return next == null ? null : next.at;
    }

    /** Kills the primary whose turn it is, promotes its standby, and leads clients there. */
    void failOver() throws IOException, SQLException {
        int shard = planned.remove().shard;
        TestStandby standby = standbys.get(shard);
        if (standby == null) {
            throw new IllegalStateException("shard " + shard + " has no standby");
        }
        cluster.shard(shard).kill();
        standby.promote();
        if (captureRequired) {
            standby.execute("alter system set synchronous_standby_names = '" + CAPTURE + "'");
            standby.query("select pg_reload_conf()");
        }
        sources.get(shard).leadTo(standby.instance().xaDataSource("postgres"));
        done++;
    }

    /** How many there were. */
    int done() {
        return done;
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (TestStandby standby : standbys) {
            try {
                if (standby != null) {
                    standby.close();
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
