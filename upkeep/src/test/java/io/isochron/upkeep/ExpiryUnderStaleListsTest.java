package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Dialect;
import io.isochron.objects.FaultyScheduleStore;
import io.isochron.objects.FaultyScheduleStore.Fault;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.StoreException;
import io.isochron.objects.TestTiming;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The product's expiry over a store whose lists lack the snapshot that the beginning of the window needs. */
class ExpiryUnderStaleListsTest {
    private static final RetentionPromise PROMISE = new RetentionPromise(
            Duration.ofMinutes(28), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofMinutes(2));

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore made = new MemoryStore();
    private MadeArchive archive;
    private String needed;

    /** One snapshot that may go, the one from which the window is reached, and one in the window. */
    @BeforeEach
    void anArchive() throws IOException {
        archive = new MadeArchive(made, key);
        archive.run(2, MadeArchive.SHARDS);
        archive.written(MadeArchive.SHARDS, true).close();
        archive.run(60, MadeArchive.SHARDS);
        try (var writer = archive.written(MadeArchive.SHARDS, true)) {
            needed = writer.id();
        }
        archive.run(40, MadeArchive.SHARDS);
        archive.written(MadeArchive.SHARDS, true).close();
        archive.run(20, MadeArchive.SHARDS);
    }

    private MemoryStore copy() {
        MemoryStore copy = new MemoryStore();
        copy.objects.putAll(made.objects);
        return copy;
    }

    /** A store whose lists lack the snapshot now and then. */
    private FaultyScheduleStore stale(MemoryStore store, double chance, long seed) {
        FaultyScheduleStore.Recent recent = new FaultyScheduleStore.Recent();
        // so often that what an expiry itself creates does not displace it
        for (int i = 0; i < 8; i++) {
            recent.created(new ObjectName("snapshot/" + needed));
        }
        return new FaultyScheduleStore(store, seed, Map.of(Fault.STALE_LIST, chance), new TestTiming(), recent);
    }

    private Expiry expiry(ObjectStore store) throws IOException {
        return new Expiry(Repository.open(store, key), Dialect.known(), LeaseHolder.self("here", "test"), archive);
    }

    private void expire(ObjectStore store) throws IOException {
        expiry(store).apply(PROMISE, false, (done, total) -> {}, () -> false);
    }

    private static Set<String> archived(MemoryStore store) {
        Set<String> names = new TreeSet<>();
        store.objects.keySet().stream()
                .map(ObjectName::value)
                .filter(name -> !name.startsWith("lease/"))
                .forEach(names::add);
        return names;
    }

    @Test
    void aSnapshotThatNoListShowsIsKnownByItsPacksAndIsNotPlannedWithout() throws Exception {
        // a plan creates nothing, so that every list lacks the one name
        FaultyScheduleStore stale = stale(copy(), 1, 1);
        assertThatThrownBy(() -> expiry(stale).plan(PROMISE, false))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(needed)
                .hasMessageContaining("hint: run the command again");
        assertThat(stale.happened(Fault.STALE_LIST)).isPositive();
        ExpiryPlan plan = expiry(copy()).plan(PROMISE, false);
        assertThat(plan.base().values()).containsOnly(needed);
        assertThat(plan.removable().all().objects()).isPositive();
    }

    @Test
    void listsThatAreStaleNowAndThenNeverCostWhatAWholeListKeeps() throws Exception {
        MemoryStore undisturbed = copy();
        expire(undisturbed);
        Set<String> kept = archived(undisturbed);
        long first = Seeds.seed();
        int refused = 0;
        int done = 0;
        for (long seed = first; seed < first + 40; seed++) {
            MemoryStore store = copy();
            try {
                expire(stale(store, 0.8, seed));
                done++;
            } catch (StoreException e) {
                assertThat(e).hasMessageContaining(needed);
                refused++;
            }
            assertThat(archived(store))
                    .as("-Disochron.seed=%s", seed)
                    .containsAll(kept.stream()
                            .filter(name -> !name.startsWith("retention/"))
                            .toList());
        }
        assertThat(done).as("expiries that were done").isPositive();
        assertThat(refused).as("expiries that were refused").isPositive();
    }
}
