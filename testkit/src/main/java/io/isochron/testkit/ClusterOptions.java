package io.isochron.testkit;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a {@link TestCluster} is set up.
 *
 * @param settings server settings of every shard, written into its {@code postgresql.conf}
 * @param tls whether TCP connections must be encrypted (a certificate is made for the cluster)
 * @param walSegmentSizeMebibytes 1 to 1024, a power of two
 * @param fakeClocks whether each shard runs on a {@link FakeClock} of its own
 */
public record ClusterOptions(
        Map<String, String> settings, boolean tls, int walSegmentSizeMebibytes, boolean fakeClocks) {
    public ClusterOptions {
        settings = Map.copyOf(settings);
    }

    /**
     * For fast tests: {@code wal_level=replica}, 200 prepared transactions, {@code fsync=off} (nothing here survives the machine),
     * small buffers, no TLS, WAL segments of 16 MiB.
     */
    public static ClusterOptions defaults() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("wal_level", "replica");
        settings.put("max_prepared_transactions", "200");
        settings.put("max_connections", "100");
        settings.put("max_wal_senders", "10");
        settings.put("max_replication_slots", "10");
        settings.put("fsync", "off");
        settings.put("shared_buffers", "64MB");
        settings.put("max_wal_size", "1GB");
        // in the data directory, where it goes with a killed server; /dev/shm would keep it
        settings.put("dynamic_shared_memory_type", "mmap");
        settings.put("log_min_messages", "warning");
        settings.put("log_statement", "none");
        settings.put("log_line_prefix", "%m [%p] %d ");
        settings.put("timezone", "UTC");
        return new ClusterOptions(settings, false, 16, false);
    }

    /** The same with one setting more, or another value. */
    public ClusterOptions with(String name, String value) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put(name, value);
        return new ClusterOptions(all, tls, walSegmentSizeMebibytes, fakeClocks);
    }

    /** The same with {@code wal_level=logical}. */
    public ClusterOptions logical() {
        return with("wal_level", "logical");
    }

    /** The same with WAL files kept (4 GiB), for tests that read them or ask pg_walinspect. */
    public ClusterOptions keepingWal() {
        return with("wal_keep_size", "4GB");
    }

    /** The same with TLS demanded of TCP connections. */
    public ClusterOptions withTls() {
        return new ClusterOptions(settings, true, walSegmentSizeMebibytes, fakeClocks);
    }

    /** The same with WAL segments of another size. */
    public ClusterOptions withWalSegments(int mebibytes) {
        return new ClusterOptions(settings, tls, mebibytes, fakeClocks);
    }

    /** The same with clocks that can be set, see {@link TestShard#clock()}. */
    public ClusterOptions withFakeClocks() {
        return new ClusterOptions(settings, tls, walSegmentSizeMebibytes, true);
    }
}
