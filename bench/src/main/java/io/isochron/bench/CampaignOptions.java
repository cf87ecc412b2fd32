package io.isochron.bench;

import java.time.Duration;
import java.util.Locale;

/**
 * What a campaign does.
 *
 * @param shards number of shards
 * @param postgres PostgreSQL's major version
 * @param seed of traffic, moments and clocks
 * @param restores how many
 * @param load how long traffic runs
 * @param coordinator who decides transactions across shards
 * @param skewSeconds how far each shard's clock may be off, either way; 0 leaves clocks alone. They are stepped during the run
 * @param failovers how many shards lose their primary during the run and go on with a standby; each at most once
 * @param fenceMillis with how much time between them fences are taken, and half of the restores go to one; 0 for none
 */
public record CampaignOptions(
        int shards,
        int postgres,
        long seed,
        int restores,
        Duration load,
        Coordinator coordinator,
        int skewSeconds,
        int failovers,
        int fenceMillis) {
    /** A transaction manager. */
    public enum Coordinator {
        /** The workload itself, by {@code PGXADataSource}. */
        XA,
        /** Narayana, with its own log, by {@code PGXADataSource}. */
        NARAYANA,
        /** Citus' way: the decision is recorded on the node where a transaction began ({@link CitusTraffic}). */
        CITUS,
        /** ShardingSphere-JDBC with Atomikos, in a process of its own; only if the Maven profile {@code shardingsphere} was built. */
        SHARDINGSPHERE;

        /** @throws IllegalArgumentException for a name that none has */
        static Coordinator of(String name) {
            for (Coordinator each : values()) {
                if (each.title().equals(name)) {
                    return each;
                }
            }
            throw new IllegalArgumentException("--coordinator is '" + name
                    + "', which is not known\nhint: known are xa, narayana, citus, shardingsphere");
        }

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int SKEW_SECONDS_MAX = 600;
    private static final int FENCE_MILLIS_MIN = 50;
    private static final int FENCE_MILLIS_MAX = 3_600_000;

    public CampaignOptions {
        if (shards < 1 || restores < 0) {
            throw new IllegalArgumentException("a campaign of " + restores + " restores on " + shards + " shards");
        }
        if (skewSeconds < 0 || skewSeconds > SKEW_SECONDS_MAX) {
            throw new IllegalArgumentException(
                    "--skew is " + skewSeconds + ", expected seconds from 0 to " + SKEW_SECONDS_MAX);
        }
        if (fenceMillis != 0 && (fenceMillis < FENCE_MILLIS_MIN || fenceMillis > FENCE_MILLIS_MAX)) {
            throw new IllegalArgumentException("--fences is " + fenceMillis + ", expected 0 or milliseconds from "
                    + FENCE_MILLIS_MIN + " to " + FENCE_MILLIS_MAX);
        }
        if (failovers < 0 || failovers > shards) {
            throw new IllegalArgumentException("--failovers is " + failovers + ", expected a number from 0 to " + shards
                    + ", the shards\nhint: a shard has one standby and can fail over once; give more --shards");
        }
        if (failovers > 0 && coordinator != Coordinator.XA) {
            throw new IllegalArgumentException("--failovers is " + failovers + " with --coordinator "
                    + coordinator.title()
                    + "\nhint: only the clients of --coordinator xa go on when a shard is lost");
        }
        if (failovers > 0 && skewSeconds > 0) {
            throw new IllegalArgumentException("--failovers is " + failovers + " with --skew " + skewSeconds
                    + "\nhint: standbys run on the machine's clock; use one of the two");
        }
    }

    /** Three shards, XA, 30 s of traffic, ten restores, clocks as they are, no failovers, no fences. */
    public static CampaignOptions of(int postgres, long seed) {
        return new CampaignOptions(3, postgres, seed, 10, Duration.ofSeconds(30), Coordinator.XA, 0, 0, 0);
    }

    public CampaignOptions withShards(int value) {
        return new CampaignOptions(
                value, postgres, seed, restores, load, coordinator, skewSeconds, failovers, fenceMillis);
    }

    public CampaignOptions withRestores(int value) {
        return new CampaignOptions(
                shards, postgres, seed, value, load, coordinator, skewSeconds, failovers, fenceMillis);
    }

    public CampaignOptions withLoad(Duration value) {
        return new CampaignOptions(
                shards, postgres, seed, restores, value, coordinator, skewSeconds, failovers, fenceMillis);
    }

    public CampaignOptions withCoordinator(Coordinator value) {
        return new CampaignOptions(shards, postgres, seed, restores, load, value, skewSeconds, failovers, fenceMillis);
    }

    public CampaignOptions withSkewSeconds(int value) {
        return new CampaignOptions(shards, postgres, seed, restores, load, coordinator, value, failovers, fenceMillis);
    }

    public CampaignOptions withFailovers(int value) {
        return new CampaignOptions(
                shards, postgres, seed, restores, load, coordinator, skewSeconds, value, fenceMillis);
    }

    public CampaignOptions withFenceMillis(int value) {
        return new CampaignOptions(shards, postgres, seed, restores, load, coordinator, skewSeconds, failovers, value);
    }
}
