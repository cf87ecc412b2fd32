package io.isochron.bench;

import io.isochron.testkit.TestCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Sets every shard's clock wrong, then steps one of them every few seconds until closed. */
final class ClockStepper implements AutoCloseable {
    private static final int PAUSE_MILLIS_MIN = 1_500;
    private static final int PAUSE_MILLIS_MAX = 4_500;

    private final TestCluster cluster;
    private final int skewSeconds;
    private final Random random;
    private final AtomicInteger steps = new AtomicInteger();
    private final Thread thread;
    private volatile @Nullable IOException failure;

    /** Sets the clocks; stepping begins when a thread is started here. */
    ClockStepper(TestCluster cluster, int skewSeconds, long seed) throws IOException {
        this.cluster = cluster;
        this.skewSeconds = skewSeconds;
        this.random = new Random(seed);
        for (int shard = 0; shard < cluster.shards().size(); shard++) {
            set(shard);
        }
        this.thread = Thread.ofPlatform().name("clock-stepper").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void set(int shard) throws IOException {
        long micros = skewSeconds * 1_000_000L;
        cluster.shard(shard).clock().set(Duration.ofNanos(1_000 * random.nextLong(-micros, micros + 1)));
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(random.nextInt(PAUSE_MILLIS_MIN, PAUSE_MILLIS_MAX));
                set(random.nextInt(cluster.shards().size()));
                steps.incrementAndGet();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            failure = e;
        }
    }

    int steps() {
        return steps.get();
    }

    /** @throws IOException if a clock could not be set */
    @Override
    public void close() throws IOException {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        IOException failed = failure;
        if (failed != null) {
            throw failed;
        }
    }
}
