package io.isochron.upkeep;

import io.isochron.objects.Content;
import io.isochron.objects.FaultyScheduleStore;
import io.isochron.objects.FaultyScheduleStore.Fault;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.RetryPolicy;
import io.isochron.objects.RetryingStore;
import io.isochron.objects.TestTiming;
import io.isochron.objects.TimedCopies;
import io.isochron.store.RepositoryCopies;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stores of a repository as one process sees them: each goes wrong by a schedule, is asked again as the product asks, and some may be copies of each other. The process may be killed at a request: nothing
 * of it has any effect from then on, whichever of its threads it comes from.
 */
final class FaultyProcess implements AutoCloseable {
    private static final RetryPolicy POLICY =
            new RetryPolicy(Duration.ofMillis(50), Duration.ofSeconds(2), Duration.ofSeconds(20));
    /** By so much a clock goes on when it is looked at, so that who waits for a copy does so not for ever. */
    private static final Duration TICK = Duration.ofMillis(20);

    private static final ObjectName MARKER = new ObjectName("isochron-repository");

    /** Where objects lie. */
    record Place(MemoryStore memory, FaultyScheduleStore.Recent recent) {
        Place() {
            this(new MemoryStore(), new FaultyScheduleStore.Recent());
        }
    }

    private final Thread owner = Thread.currentThread();
    private final List<FaultyScheduleStore> faulty = new ArrayList<>();
    private final ObjectStore store;
    private long writesLeft;
    private final boolean diesAfterwards;
    private boolean dead;
    private boolean inside;

    /**
     * @param places nearest first
     * @param confirmations how many of them must have an object
     * @param diesAt the number of the write at which it is killed, from 1; 0 if it is not
     */
    FaultyProcess(
            List<Place> places,
            int confirmations,
            ReplicatedStore.Role role,
            Map<Fault, Double> chances,
            long seed,
            long diesAt) {
        Random random = new Random(seed);
        this.diesAfterwards = random.nextBoolean();
        this.writesLeft = diesAt == 0 ? Long.MAX_VALUE : diesAt;
        TestTiming timing = new TestTiming();
        Map<String, ObjectStore> stores = new LinkedHashMap<>();
        for (Place place : places) {
            FaultyScheduleStore one = new FaultyScheduleStore(
                    new Mortal(place.memory()), random.nextLong(), chances, timing, place.recent());
            faulty.add(one);
            stores.put("c" + faulty.size(), new RetryingStore(one, POLICY, timing, new Random(random.nextLong())));
        }
        this.store = places.size() == 1
                ? stores.values().iterator().next()
                : TimedCopies.of(stores, confirmations, MARKER, RepositoryCopies::contested, role, () -> {
                    timing.sleep(TICK);
                    return timing.nanos();
                });
    }

    ObjectStore store() {
        return store;
    }

    /** Something that the process does. */
    interface Step {
        void run() throws Exception;
    }

    /** Does it; whatever comes of it after the process was killed is of no account. */
    void run(Step step) throws Exception {
        synchronized (this) {
            if (dead) {
                return;
            }
            inside = true;
        }
        try {
            step.run();
        } catch (IOException | InterruptedException | IllegalStateException e) {
            if (!dead()) {
                throw e;
            }
        } finally {
            synchronized (this) {
                inside = false;
                Thread.interrupted();
            }
        }
    }

    synchronized boolean dead() {
        return dead;
    }

    private synchronized void die() {
        if (!dead) {
            dead = true;
            if (inside) {
                owner.interrupt();
            }
        }
    }

    /** How often each fault happened in all stores. */
    Map<Fault, Integer> happened() {
        Map<Fault, Integer> sum = new EnumMap<>(Fault.class);
        faulty.forEach(one -> one.happened().forEach((fault, times) -> sum.merge(fault, times, Integer::sum)));
        if (dead()) {
            sum.put(diesAfterwards ? Fault.CRASH_AFTER : Fault.CRASH_BEFORE, 1);
        }
        return sum;
    }

    int happened(Fault fault) {
        return happened().getOrDefault(fault, 0);
    }

    @Override
    public void close() throws IOException {
        store.close();
    }

    /** Below everything else: what the process asks of one store. */
    private final class Mortal extends ForwardingStore {
        Mortal(ObjectStore store) {
            super(store);
        }

        private void live() throws IOException {
            if (dead()) {
                throw new IOException("the process was killed");
            }
        }

        private void write(Write write) throws IOException {
            boolean last;
            synchronized (FaultyProcess.this) {
                live();
                last = --writesLeft == 0;
                if (last && !diesAfterwards) {
                    die();
                    live();
                }
                write.run();
                if (last) {
                    die();
                    live();
                }
            }
        }

        @Override
        public void create(ObjectName name, Content content) throws IOException {
            write(() -> super.create(name, content));
        }

        @Override
        public void replace(ObjectName name, Content content) throws IOException {
            write(() -> super.replace(name, content));
        }

        @Override
        public void delete(ObjectName name) throws IOException {
            write(() -> super.delete(name));
        }

        @Override
        public InputStream open(ObjectName name, long offset, long length) throws IOException {
            live();
            return super.open(name, offset, length);
        }

        @Override
        public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
            live();
            return super.stat(name);
        }

        @Override
        public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
            live();
            return super.list(prefix, startAfter);
        }
    }

    private interface Write {
        void run() throws IOException;
    }
}
