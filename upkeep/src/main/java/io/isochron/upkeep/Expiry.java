package io.isochron.upkeep;

import io.isochron.chronicle.Dialect;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectLockedException;
import io.isochron.objects.StoreException;
import io.isochron.objects.StoreRefusedException;
import io.isochron.store.Garbage;
import io.isochron.store.Horizon;
import io.isochron.store.Lease;
import io.isochron.store.LeaseHeldException;
import io.isochron.store.LeaseHolder;
import io.isochron.store.LeaseState;
import io.isochron.store.Pin;
import io.isochron.store.Repository;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Sighting;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/**
 * Gives up what no promise needs. The decision is an object of its own, made before anything is removed; removing is then a matter of looking for what the newest decision does not keep. It can stop
 * anywhere, go on anywhere else, and be done by two at once.
 */
public final class Expiry {
    /** The lease that one expiry at a time holds. */
    public static final String LEASE = "expire";

    private static final Duration VALIDITY = Duration.ofMinutes(10);
    /** A snapshot that did not grow for so long is dead. */
    private static final Duration ABANDONED_AFTER = Duration.ofDays(1);

    private static final Duration CLOCKS_APART = Duration.ofMinutes(10);
    private static final int AT_A_TIME = 16;
    private static final int REFUSALS_SHOWN = 20;

    /** Is told how removing goes on. */
    @FunctionalInterface
    public interface Listener {
        /** @param total what there was to remove when it was planned */
        void removed(Removable.Count soFar, Removable.Count total);
    }

    private final Repository repository;
    private final Dialect dialect;
    private final LeaseHolder self;
    private final InstantSource clock;

    /**
     * @param dialect how global transactions are read, to find moments that can be reached
     * @param clock this host's clock: one of several that are asked
     */
    public Expiry(Repository repository, Dialect dialect, LeaseHolder self, InstantSource clock) {
        this.repository = repository;
        this.dialect = dialect;
        this.self = self;
        this.clock = clock;
    }

    /**
     * What would be given up now. Writes nothing.
     *
     * @throws ShrunkPromiseException if less is promised than the repository was told before
     * @throws StoreException if a list of snapshots lacks one that is there
     */
    public ExpiryPlan plan(RetentionPromise promise, boolean mayPromiseLess) throws IOException {
        Horizon before = repository.reloadHorizon();
        RetentionPromise former = before.record().map(RetentionRecord::promise).orElse(promise);
        if (!mayPromiseLess && !promise.covers(former)) {
            throw new ShrunkPromiseException(former, promise);
        }
        FactsReader reader = new FactsReader(repository, clock);
        FactsReader.Readings readings = reader.clocks();
        Instant now = readings.now();
        if (now.equals(Instant.MIN)) {
            throw new IOException("a shard of cluster " + repository.cluster().name()
                    + " has no safe time yet, so nothing can be told to be old"
                    + "\nhint: let capture run until `isochron info` shows a safe time");
        }
        // a clock that was set back does not take back what was counted before
        Instant counted = before.record().map(RetentionRecord::counted).orElse(Instant.MIN);
        now = counted.isAfter(now) ? counted : now;
        List<Instant> clocks = readings.all();
        UnlistedSnapshots begun = UnlistedSnapshots.look(repository, before);
        RetentionFacts facts = reader.read(now);
        begun.requireListed(facts.snapshots().keySet());
        RetentionDecision decision = RetentionPlanner.decide(promise, facts);
        List<String> warnings = new ArrayList<>();
        apart(clocks, warnings);
        Instant at = now;
        Map<String, Sighting> unpublished = sightings(begun.unpublished(), before, at);
        List<String> abandoned = new ArrayList<>();
        unpublished.forEach((id, seen) -> {
            if (!seen.since().plus(ABANDONED_AFTER).isAfter(at)) {
                abandoned.add(id);
            }
        });
        RetentionRecord record = new HorizonDraft(repository, reader, dialect)
                .record(promise, decision, unpublished, clock.instant(), self.user() + "@" + self.host(), warnings);
        Garbage garbage = repository.garbage(Horizon.of(record));
        List<Pin> pins = garbage.pins();
        Removable removable = new Removable();
        garbage.each(pins, removable::add);
        return new ExpiryPlan(
                record,
                decision.windowFrom(),
                decision.base(),
                decision.kept(),
                removable,
                pins.size(),
                abandoned,
                clocks.stream().map(Instant::toString).toList(),
                warnings);
    }

    private static void apart(List<Instant> clocks, List<String> warnings) {
        Instant least = clocks.stream().min(Instant::compareTo).orElseThrow();
        Instant most = clocks.stream().max(Instant::compareTo).orElseThrow();
        if (least.equals(Instant.MIN)) {
            warnings.add(
                    "a shard has no safe time, or its clock was never read: without it less can be told to be old");
        } else if (Duration.between(least, most).compareTo(CLOCKS_APART) > 0) {
            warnings.add("the clocks of this host, of capture and of the shards are "
                    + Duration.between(least, most).toString().substring(2).toLowerCase(java.util.Locale.ROOT)
                    + " apart, or the archive stands still; time is counted by the one that keeps more");
        }
    }

    private static Map<String, Sighting> sightings(Map<String, Long> unpublished, Horizon before, Instant now) {
        Map<String, Sighting> known =
                before.record().map(RetentionRecord::unpublished).orElse(Map.of());
        Map<String, Sighting> seen = new TreeMap<>();
        unpublished.forEach((id, objects) -> {
            Sighting former = known.get(id);
            seen.put(id, former != null && former.objects() == objects ? former : new Sighting(objects, now));
        });
        return seen;
    }

    /**
     * Decides, and removes what is not kept.
     *
     * @param cancelled asked between objects
     * @throws LeaseHeldException if another expiry is at work
     * @throws ShrunkPromiseException as {@link #plan}
     */
    public ExpiryReport apply(
            RetentionPromise promise, boolean mayPromiseLess, Listener listener, BooleanSupplier cancelled)
            throws IOException {
        try (Lease lease = repository
                .leases()
                .take(LEASE, self, VALIDITY, "{}", clock, LeaseHolder.dead(repository, LEASE, self))) {
            CrashPoint.reached("expire.leased");
            ExpiryPlan plan = plan(promise, mayPromiseLess);
            breakOverduePins();
            for (String id : plan.abandoned()) {
                repository
                        .snapshots()
                        .giveUp(id, plan.record().recorded(), plan.record().by());
                CrashPoint.reached("expire.given-up");
            }
            Horizon horizon = repository.keepOnly(plan.record());
            CrashPoint.reached("expire.recorded");
            // only now: who begins to read after this sees the record, who began before is seen here
            Garbage garbage = repository.garbage(horizon);
            try (Removal removal = new Removal(garbage, plan, lease, listener, cancelled)) {
                garbage.each(garbage.pins(), removal::remove);
                removal.finish();
                CrashPoint.reached("expire.done");
                return new ExpiryReport(
                        plan,
                        removal.removed,
                        removal.refused,
                        removal.refusals,
                        garbage.renewLocks(cancelled).orElse(null));
            }
        }
    }

    /** A restore that gives no sign of life any more, and that would lose nothing but time if it did live. */
    private void breakOverduePins() throws IOException {
        Instant now = clock.instant();
        for (LeaseState state : repository.leases().all(Pin.RESOURCE)) {
            if (state.held() && state.overdue(now)) {
                try {
                    repository.leases().breakLease(state, self, now);
                } catch (LeaseHeldException e) {
                    // it lives
                }
            }
        }
    }

    /** Removes objects, some at a time; the order within a snapshot is kept. */
    private static final class Removal implements AutoCloseable {
        private final Garbage garbage;
        private final Removable.Count total;
        private final Lease lease;
        private final Listener listener;
        private final BooleanSupplier cancelled;
        private final Removable removed = new Removable();
        private final Removable refused = new Removable();
        private final List<String> refusals = new ArrayList<>();
        /** Snapshots of which something could not be removed. */
        private final Set<String> incomplete = new HashSet<>();

        private final List<Future<?>> running = new ArrayList<>();
        private final Semaphore places = new Semaphore(AT_A_TIME);
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

        Removal(Garbage garbage, ExpiryPlan plan, Lease lease, Listener listener, BooleanSupplier cancelled) {
            this.garbage = garbage;
            this.total = plan.removable().all();
            this.lease = lease;
            this.listener = listener;
            this.cancelled = cancelled;
        }

        void remove(Garbage.Part part, ObjectInfo object) throws IOException {
            if (cancelled.getAsBoolean()) {
                finish();
                throw new ExpiryCancelledException();
            }
            lease.renewIfDue();
            if (object.name().value().startsWith("snapshot/")) {
                // what publishes a snapshot goes when nothing else of it is there
                finish();
                if (incomplete.contains(object.name().lastSegment())) {
                    refused.add(part, object);
                } else {
                    one(part, object);
                }
                return;
            }
            try {
                places.acquire();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ExpiryCancelledException();
            }
            running.add(threads.submit(() -> {
                try {
                    one(part, object);
                    return null;
                } finally {
                    places.release();
                }
            }));
            if (running.size() >= 2 * AT_A_TIME) {
                finish();
            }
        }

        private void one(Garbage.Part part, ObjectInfo object) throws IOException {
            try {
                garbage.remove(part, object);
                synchronized (this) {
                    removed.add(part, object);
                    listener.removed(removed.all(), total);
                }
            } catch (StoreRefusedException | ObjectLockedException e) {
                synchronized (this) {
                    refused.add(part, object);
                    incomplete.add(object.name().value().split("/")[1]);
                    if (refusals.size() < REFUSALS_SHOWN) {
                        refusals.add(object.name() + ": " + e.getMessage());
                    }
                }
            }
        }

        void finish() throws IOException {
            IOException failure = null;
            for (Future<?> one : running) {
                try {
                    one.get();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ExpiryCancelledException();
                } catch (ExecutionException e) {
                    IOException cause = e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
                    failure = failure == null ? cause : failure;
                }
            }
            running.clear();
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public void close() {
            threads.close();
        }
    }
}
