package io.isochron.restore;

import io.isochron.store.Lease;
import io.isochron.store.LeaseHeldException;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Pin;
import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord.Positions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Says in the repository what a restore reads, so that retention does not remove it meanwhile. The order matters: first the pin is durable, then the horizon is read again; retention records its horizon
 * first and then looks for pins. So either it sees the pin, or the restore sees the horizon.
 *
 * <p>A repository that takes no more objects can be restored from nevertheless: without a pin the worst that can happen is that an object is not found.
 */
final class ReadPin implements AutoCloseable {
    /** After so long without a sign of life others may end it. */
    static final Duration VALIDITY = Duration.ofHours(1);

    private final @Nullable Lease lease;
    private final ScheduledExecutorService renewal = Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("restore-pin").factory());
    private volatile @Nullable IOException lost;

    private ReadPin(@Nullable Lease lease) {
        this.lease = lease;
    }

    /**
     * Takes it, or takes over that of a run that ended in the middle.
     *
     * @param onLost is called once if somebody else ended it
     * @throws PlanRefusedException if the plan needs something that is not kept any more
     */
    static ReadPin take(Repository repository, RestorePlan plan, Path target, Runnable onLost) throws IOException {
        Pin pin = pin(plan);
        LeaseHolder self = LeaseHolder.self("restore");
        Lease lease = null;
        try {
            // whoever held it before held the target's lock, which is ours now
            lease = repository
                    .leases()
                    .take(
                            Pin.RESOURCE + id(plan, self.host(), target),
                            self,
                            VALIDITY,
                            pin.toJson(),
                            Clock.systemUTC(),
                            true);
        } catch (IOException e) {
            LoggerFactory.getLogger(ReadPin.class)
                    .warn(
                            "the repository was not told what this restore reads, so that retention may remove it meanwhile: {}",
                            e.getMessage());
        }
        ReadPin taken = new ReadPin(lease);
        List<String> lacking = pin.lacking(repository.reloadHorizon());
        if (!lacking.isEmpty()) {
            taken.close();
            throw new PlanRefusedException(
                    "the plan needs " + String.join(", ", lacking) + ", which retention has given up since it was made",
                    "make a new plan; `isochron info` shows what can be reached");
        }
        taken.keep(onLost);
        return taken;
    }

    private static Pin pin(RestorePlan plan) {
        Map<String, Positions> wal = new HashMap<>();
        for (ShardPlan shard : plan.shards()) {
            wal.put(
                    shard.shard(),
                    new Positions(
                            shard.walStart().value() & -(long) shard.walSegmentBytes(),
                            shard.boundary().value()));
        }
        return new Pin(
                plan.shards().stream().map(ShardPlan::snapshotId).distinct().toList(), wal);
    }

    private void keep(Runnable onLost) {
        Lease held = lease;
        if (held == null) {
            return;
        }
        long period = VALIDITY.dividedBy(6).toMillis();
        var _ = renewal.scheduleWithFixedDelay(
                () -> {
                    try {
                        held.renew();
                    } catch (LeaseHeldException e) {
                        lost = e;
                        renewal.shutdown();
                        onLost.run();
                    } catch (IOException e) {
                        // the next attempt comes; objects that are gone would be noticed
                    }
                },
                period,
                period,
                TimeUnit.MILLISECONDS);
    }

    /** Why it was lost; null if it was not. */
    @Nullable
    IOException lost() {
        return lost;
    }

    private static String id(RestorePlan plan, String host, Path target) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((plan.id() + "\n" + host + "\n" + target.toAbsolutePath())
                            .getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() throws IOException {
        renewal.shutdownNow();
        Lease held = lease;
        if (held != null && lost == null) {
            try {
                held.close();
            } catch (IOException e) {
                // it runs out by itself; what was restored is not worse for that
            }
        }
    }
}
