package io.isochron.bench;

import io.isochron.store.Repository;
import io.isochron.store.WalRange;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads each shard's flush position ten times a second and waits until the repository holds it: the time between is the lag. What lay
 * on the servers before capture began is no lag; how long it took is measured as the time to catch up.
 */
final class LagMeter {
    private static final long EVERY_NANOS = 100_000_000;
    private static final long POLL_MILLIS = 10;
    private static final long CAUGHT_UP_NANOS = 1_000_000_000;

    private record Sample(long nanos, Lsn flushed) {}

    private final TestCluster cluster;
    private final Repository repository;
    private final List<Long> lagNanos = new ArrayList<>();
    private long walBytes;
    private long measuredNanos;
    private long catchUpNanos;

    LagMeter(TestCluster cluster, Repository repository) {
        this.cluster = cluster;
        this.repository = repository;
    }

    /** Waits until the archive has caught up with what every shard had flushed when it was asked. */
    void awaitCaughtUp(Process capture) throws IOException, SQLException, InterruptedException {
        long began = System.nanoTime();
        List<Connection> sessions = cluster.superusers("postgres");
        try {
            for (int i = 0; i < sessions.size(); i++) {
                awaitHeld(cluster.shards().get(i), sessions.get(i), capture);
            }
        } finally {
            close(sessions);
        }
        catchUpNanos = System.nanoTime() - began;
    }

    /** Caught up is an archive that holds a flush position within a second of its being read. */
    private void awaitHeld(TestShard shard, Connection session, Process capture)
            throws IOException, SQLException, InterruptedException {
        while (repository.chronicle().lastSequence(shard.name()).isEmpty()) {
            requireAlive(capture);
            Thread.sleep(POLL_MILLIS);
        }
        long archived;
        try (Stream<WalRange> ranges = repository.wal().list(shard.name(), 1)) {
            archived = ranges.findFirst().orElseThrow().start();
        }
        long asked;
        do {
            asked = System.nanoTime();
            Lsn flushed = flushed(session);
            while (flushed.isAfter(new Lsn(archived))) {
                requireAlive(capture);
                Thread.sleep(POLL_MILLIS);
                archived = repository.wal().contiguousEnd(shard.name(), 1, archived);
            }
        } while (System.nanoTime() - asked > CAUGHT_UP_NANOS);
    }

    /** Measures for some seconds, then until the last sample is archived. */
    void measure(long seconds, Process capture) throws IOException, SQLException, InterruptedException {
        List<TestShard> shards = cluster.shards();
        List<Connection> sessions = cluster.superusers("postgres");
        List<Deque<Sample>> open = new ArrayList<>();
        long[] archived = new long[shards.size()];
        Lsn[] first = new Lsn[shards.size()];
        long began = System.nanoTime();
        long nextSample = began;
        try {
            for (int i = 0; i < shards.size(); i++) {
                open.add(new ArrayDeque<>());
                first[i] = flushed(sessions.get(i));
                archived[i] = first[i].value();
            }
            while (System.nanoTime() - began < seconds * 1_000_000_000
                    || open.stream().anyMatch(q -> !q.isEmpty())) {
                requireAlive(capture);
                long now = System.nanoTime();
                if (now >= nextSample && now - began < seconds * 1_000_000_000) {
                    nextSample += EVERY_NANOS;
                    for (int i = 0; i < shards.size(); i++) {
                        // the time is read first, so that the answer's own delay counts as lag
                        open.get(i).add(new Sample(System.nanoTime(), flushed(sessions.get(i))));
                    }
                }
                for (int i = 0; i < shards.size(); i++) {
                    archived[i] = repository.wal().contiguousEnd(shards.get(i).name(), 1, archived[i]);
                    Deque<Sample> samples = open.get(i);
                    while (!samples.isEmpty() && !samples.getFirst().flushed().isAfter(new Lsn(archived[i]))) {
                        lagNanos.add(System.nanoTime() - samples.removeFirst().nanos());
                    }
                }
                Thread.sleep(POLL_MILLIS);
            }
            measuredNanos = System.nanoTime() - began;
            for (int i = 0; i < shards.size(); i++) {
                walBytes += flushed(sessions.get(i)).minus(first[i]);
            }
        } finally {
            close(sessions);
        }
    }

    private static void close(List<Connection> sessions) throws SQLException {
        for (Connection session : sessions) {
            session.close();
        }
    }

    private static Lsn flushed(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("select pg_current_wal_flush_lsn()")) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    private static void requireAlive(Process capture) throws IOException {
        if (!capture.isAlive()) {
            throw new IOException("capture has ended with " + capture.exitValue());
        }
    }

    double catchUpSeconds() {
        return Math.round(catchUpNanos / 1e6) / 1e3;
    }

    int samples() {
        return lagNanos.size();
    }

    double lagSeconds(double quantile) {
        List<Long> sorted = lagNanos.stream().sorted().toList();
        int at = (int) Math.ceil(quantile * sorted.size()) - 1;
        return Math.round(sorted.get(Math.max(0, at)) / 1e6) / 1e3;
    }

    double walMibPerSecond() {
        return Math.round(walBytes / 1048576.0 / (measuredNanos / 1e9) * 10) / 10.0;
    }

    /** The kernel's own high-water mark of the process (proc(5), VmHWM). */
    long peakResidentMib(Process capture) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + capture.pid() + "/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
            }
        }
        throw new IOException("no VmHWM for process " + capture.pid());
    }
}
