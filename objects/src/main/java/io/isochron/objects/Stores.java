package io.isochron.objects;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Opens stores by their places, each with what belongs around it. From the inside to the outside, for a bucket:
 *
 * <ol>
 *   <li>{@link S3Store}: one attempt is one request.
 *   <li>{@link TimeLimitedStore}: an attempt ends. Closest to the store, so that nobody's waiting counts as the store's.
 *   <li>{@link MeteredStore}: counts attempts as the store saw them, given up ones included, without the time they waited for their turn.
 *   <li>{@link ThrottledStore}: every attempt takes its turn, repeated ones too, and those of all shards share one budget for each place.
 *   <li>{@link RetryingStore}: outside of all, since it waits without holding a place in the budget, and since it alone knows what an answer after an unclear one means.
 * </ol>
 *
 * <p>A folder is only metered: what a local file system could not do is not done by asking again, and capture goes on trying by itself.
 *
 * <p>One instance serves the whole process.
 */
public final class Stores {
    private final StoreLimits limits;
    private final Timing timing;
    private final Predicate<ObjectName> ephemeral;
    private final Map<Place, RequestBudget> budgets = new ConcurrentHashMap<>();
    private final Map<Place, StoreMetrics.Meter> meters = new ConcurrentHashMap<>();

    public Stores() {
        this(StoreLimits.DEFAULT, Timing.SYSTEM, _ -> false);
    }

    /** @param ephemeral objects that are never locked, since they are removed soon */
    public Stores(Predicate<ObjectName> ephemeral) {
        this(StoreLimits.DEFAULT, Timing.SYSTEM, ephemeral);
    }

    public Stores(StoreLimits limits, Timing timing, Predicate<ObjectName> ephemeral) {
        this.limits = limits;
        this.timing = timing;
        this.ephemeral = ephemeral;
    }

    /**
     * Makes a store where there may be none yet. A bucket must exist; the store must show that it refuses to create what exists, and that it locks objects if it is to.
     *
     * @throws StoreException if there cannot be a store
     */
    public ObjectStore create(Place place) throws IOException {
        return switch (place) {
            case Place.Folder folder -> metered(place, FileSystemStore.create(folder.path()));
            case Place.S3 s3 -> {
                S3Store store = S3Store.open(s3.settings(), ephemeral);
                store.requireWritable();
                yield around(place, store);
            }
        };
    }

    /**
     * Opens a store.
     *
     * @throws NotARepositoryException if it is certain that there is none
     */
    public ObjectStore open(Place place) throws IOException {
        return switch (place) {
            case Place.Folder folder -> metered(place, FileSystemStore.open(folder.path()));
            case Place.S3 s3 -> around(place, S3Store.open(s3.settings(), ephemeral));
        };
    }

    /** What belongs around a store that is reached over a network. */
    ObjectStore around(Place place, ObjectStore store) {
        RequestBudget budget = budgets.computeIfAbsent(
                place, any -> new RequestBudget(limits.atOnce(), limits.perSecond(), StoreLimits.PATIENCE, timing));
        ObjectStore limited = new TimeLimitedStore(store, limits.request(), limits.silence());
        return new RetryingStore(
                new ThrottledStore(metered(place, limited), budget),
                limits.retry(),
                timing,
                new Random(),
                meter(place)::repeated);
    }

    private MeteredStore metered(Place place, ObjectStore store) {
        return new MeteredStore(store, meter(place), timing);
    }

    private StoreMetrics.Meter meter(Place place) {
        return meters.computeIfAbsent(place, any -> new StoreMetrics.Meter());
    }

    /** What was asked of each place, however often it was opened, by its description. */
    public Map<String, StoreMetrics> metrics() {
        Map<String, StoreMetrics> all = new TreeMap<>();
        meters.forEach((place, meter) -> all.put(place.describe(), meter.snapshot()));
        return all;
    }

    /** The state of the budget of each place that has one, by its description. */
    public Map<String, RequestBudget.State> budgets() {
        Map<String, RequestBudget.State> all = new LinkedHashMap<>();
        budgets.forEach((place, budget) -> all.put(place.describe(), budget.state()));
        return all;
    }
}
