package io.isochron.testkit;

import io.isochron.instance.EmbeddedBinaries;
import io.isochron.instance.ExitGuard;
import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.RunAs;
import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.XADataSource;

/**
 * Real PostgreSQL shards on this machine: a private directory under {@code /tmp}, loopback ports, passwords by SCRAM, a role for
 * Isochron. {@link #close()} leaves no process, port or directory; if the JVM ends before, it is called then.
 */
public final class TestCluster implements AutoCloseable {
    private final Path directory;
    private final int major;
    private final RunAs runAs;
    private final ClusterOptions options;
    private final List<TestShard> shards = new ArrayList<>();

    private TestCluster(Path directory, int major, RunAs runAs, ClusterOptions options) {
        this.directory = directory;
        this.major = major;
        this.runAs = runAs;
        this.options = options;
    }

    /** Starts shards named "shard1", "shard2" and so on of a major version with {@link ClusterOptions#defaults()}. */
    public static TestCluster start(int shards, int major) throws IOException {
        return start(shards, major, ClusterOptions.defaults());
    }

    /** Starts shards named "shard1", "shard2" and so on of a major version; they accept connections when this returns. */
    public static TestCluster start(int shards, int major, ClusterOptions options) throws IOException {
        RunAs runAs = RunAs.current();
        PostgresInstallation installation = EmbeddedBinaries.installation(major);
        TestCluster cluster = new TestCluster(TempDirs.create("ickit-", runAs), major, runAs, options);
        ExitGuard.protect(cluster);
        try {
            Path template = DataTemplate.of(installation, options.walSegmentSizeMebibytes(), runAs);
            for (int i = 0; i < shards; i++) {
                cluster.shards.add(new TestShard("shard" + (i + 1), cluster.directory, installation, runAs, options));
            }
            inParallel(cluster.shards.stream()
                    .<Callable<Void>>map(shard -> () -> {
                        shard.create(template);
                        return null;
                    })
                    .toList());
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private static void inParallel(List<Callable<Void>> works) throws IOException {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> each : executor.invokeAll(works)) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("cluster not started: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while starting a cluster", e);
        }
    }

    /** The shard of an index from 0. */
    public TestShard shard(int index) {
        return shards.get(index);
    }

    public List<TestShard> shards() {
        return List.copyOf(shards);
    }

    /** One source of two-phase sessions per shard, in the database {@code postgres}. */
    public List<XADataSource> xaDataSources() {
        return shards.stream().map(shard -> shard.xaDataSource("postgres")).toList();
    }

    /** One superuser session per shard in a database; the caller closes them. */
    public List<Connection> superusers(String database) throws SQLException {
        List<Connection> connections = new ArrayList<>();
        for (TestShard shard : shards) {
            connections.add(shard.superuser(database));
        }
        return connections;
    }

    /** The cluster's directory; tests may keep files there, they go with it. */
    public Path directory() {
        return directory;
    }

    public int major() {
        return major;
    }

    public ClusterOptions options() {
        return options;
    }

    public RunAs runAs() {
        return runAs;
    }

    /** Ends every server and deletes the directory. Closing twice is no error. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (TestShard shard : shards) {
            try {
                shard.discard();
            } catch (IOException e) {
                failure = e;
            }
        }
        TempDirs.delete(directory);
        ExitGuard.release(this);
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return "TestCluster[" + directory + "]";
    }
}
