package io.isochron.capture;

import io.isochron.store.Membership;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Captures all shards of a cluster in one process, each on its own threads: a shard that fails or is down does not touch the others. Memory is bounded by {@link CaptureOptions#bufferBytesTotal()},
 * shared equally; one that is added later takes the share of as many shards as there are then, so that the sum is a little more until the next start.
 */
public final class ClusterCapture implements AutoCloseable {
    private final Repository repository;
    private final CaptureOptions options;
    private final List<Entry> shards = new CopyOnWriteArrayList<>();
    private final @Nullable FenceService fences;
    private final @Nullable Thread fenceThread;

    private record Entry(String name, ShardCapture capture) {}

    /**
     * @param sources one for each shard to capture
     * @throws CaptureException if the repository does not know one of them
     */
    public ClusterCapture(List<ShardSource> sources, Repository repository, CaptureOptions options) throws IOException {
        for (ShardSource source : sources) {
            ServerIdentity.known(source.name(), repository);
        }
        this.repository = repository;
        this.options = options;
        for (ShardSource source : sources) {
            shards.add(new Entry(source.name(), new ShardCapture(source, repository, options, sources.size())));
        }
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

    /** All members of the cluster, and shards that are to become some as soon as they are ready; empty while a member is not. */
    private Optional<List<FenceService.Member>> members() {
        Membership membership = repository.membership();
        Set<String> missing = new HashSet<>(membership.present().shards());
        List<FenceService.Member> members = new ArrayList<>();
        for (Entry shard : shards) {
            FenceService.Member member = shard.capture().fenceMember();
            boolean counts = missing.contains(shard.name());
            boolean joins = membership
                    .state(shard.name())
                    .filter(Membership.State.JOINING::equals)
                    .isPresent();
            if (member != null && (counts || (joins && member.guard().armed()))) {
                members.add(member);
                missing.remove(shard.name());
            }
        }
        return missing.isEmpty() ? Optional.of(members) : Optional.empty();
    }

    /**
     * Begins with one more shard.
     *
     * @throws CaptureException if the repository does not know it
     */
    public void add(ShardSource source) throws CaptureException {
        ServerIdentity.known(source.name(), repository);
        ShardCapture capture = new ShardCapture(source, repository, options, shards.size() + 1);
        shards.add(new Entry(source.name(), capture));
        capture.start();
    }

    /** Ends with a shard: what was received is made durable and confirmed. Waits for its end. */
    public void retire(String shard) {
        List<Entry> ended =
                shards.stream().filter(entry -> entry.name().equals(shard)).toList();
        ended.forEach(entry -> entry.capture().close());
        shards.removeAll(ended);
    }

    /** What became of the fences; empty in asynchronous mode. */
    public Optional<FenceStatus> fences() {
        return Optional.ofNullable(fences).map(FenceService::status);
    }

    /** Begins. Returns at once; {@link #status} tells what happens. */
    public void start() {
        shards.forEach(shard -> shard.capture().start());
        if (fenceThread != null) {
            fenceThread.start();
        }
    }

    /** All shards now, in the order of the sources. */
    public List<CaptureStatus> status() {
        return shards.stream().map(shard -> shard.capture().status()).toList();
    }

    /** Asks all to stop. Returns at once. */
    public void stop() {
        if (fenceThread != null) {
            fenceThread.interrupt();
        }
        shards.forEach(shard -> shard.capture().stop());
    }

    /**
     * Waits until all have ended.
     *
     * @return whether they have
     */
    public boolean await(Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        for (Entry shard : shards) {
            if (!shard.capture().await(Duration.ofNanos(Math.max(1, until - System.nanoTime())))) {
                return false;
            }
        }
        return true;
    }

    /** Stops all at once and waits for their end. */
    @Override
    public void close() {
        stop();
        shards.forEach(shard -> shard.capture().close());
    }
}
