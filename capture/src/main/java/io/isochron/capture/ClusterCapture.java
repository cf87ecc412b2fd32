package io.isochron.capture;

import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Captures all shards of a cluster in one process, each on its own threads: a shard that fails or is down does not touch the others. Memory is bounded by {@link CaptureOptions#bufferBytesTotal()},
 * shared equally.
 */
public final class ClusterCapture implements AutoCloseable {
    private final List<ShardCapture> shards;
    private final @Nullable FenceService fences;
    private final @Nullable Thread fenceThread;

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
        CaptureOptions.Synchronous mode = options.synchronous();
        if (mode == null) {
            fences = null;
            fenceThread = null;
        } else {
            FenceService service = new FenceService(this::members, mode.fenceInterval(), mode.fenceLimit());
            fences = service;
            fenceThread = Thread.ofPlatform().name("isochron-fences").daemon().unstarted(service::run);
        }
    }

    private Optional<List<FenceService.Member>> members() {
        List<FenceService.Member> members = new ArrayList<>();
        for (ShardCapture shard : shards) {
            FenceService.Member member = shard.fenceMember();
            if (member == null) {
                return Optional.empty();
            }
            members.add(member);
        }
        return Optional.of(members);
    }

    /** What became of the fences; empty in asynchronous mode. */
    public Optional<FenceStatus> fences() {
        return Optional.ofNullable(fences).map(FenceService::status);
    }

    /** Begins. Returns at once; {@link #status} tells what happens. */
    public void start() {
        shards.forEach(ShardCapture::start);
        if (fenceThread != null) {
            fenceThread.start();
        }
    }

    /** All shards now, in the order of the sources. */
    public List<CaptureStatus> status() {
        return shards.stream().map(ShardCapture::status).toList();
    }

    /** Asks all to stop. Returns at once. */
    public void stop() {
        if (fenceThread != null) {
            fenceThread.interrupt();
        }
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
