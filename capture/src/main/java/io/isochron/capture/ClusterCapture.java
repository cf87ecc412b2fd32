package io.isochron.capture;

import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Captures all shards of a cluster in one process, each on its own threads: a shard that fails or is down does not touch the others. Memory is bounded by {@link CaptureOptions#bufferBytesTotal()},
 * shared equally.
 */
public final class ClusterCapture implements AutoCloseable {
    private final List<ShardCapture> shards;

    /**
     * @param sources one for each shard to capture
     * @throws CaptureException if the repository does not know one of them
     */
    public ClusterCapture(List<ShardSource> sources, Repository repository, CaptureOptions options) throws IOException {
        for (ShardSource source : sources) {
            ServerIdentity.known(source.name(), repository);
        }
        this.shards = sources.stream()
                .map(source -> new ShardCapture(source, repository, options, sources.size()))
                .toList();
    }

    /** Begins. Returns at once; {@link #status} tells what happens. */
    public void start() {
        shards.forEach(ShardCapture::start);
    }

    /** All shards now, in the order of the sources. */
    public List<CaptureStatus> status() {
        return shards.stream().map(ShardCapture::status).toList();
    }

    /** Asks all to stop. Returns at once. */
    public void stop() {
        shards.forEach(ShardCapture::stop);
    }

    /**
     * Waits until all have ended.
     *
     * @return whether they have
     */
    public boolean await(Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        for (ShardCapture shard : shards) {
            if (!shard.await(Duration.ofNanos(Math.max(1, until - System.nanoTime())))) {
                return false;
            }
        }
        return true;
    }

    /** Stops all at once and waits for their end. */
    @Override
    public void close() {
        stop();
        shards.forEach(ShardCapture::close);
    }
}
