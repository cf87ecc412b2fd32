package io.isochron.objects;

import static io.isochron.objects.ObjectStoreContract.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Every decorator keeps the contract, and does its one thing. */
class DecoratorsTest {
    private static RequestBudget budget(Timing timing) {
        return new RequestBudget(8, 1000, Duration.ofSeconds(20), timing);
    }

    @Nested
    class TimeLimited extends ObjectStoreContract {
        @Override
        protected ObjectStore store() {
            return new TimeLimitedStore(new MemoryStore(), Duration.ofSeconds(20), Duration.ofSeconds(20));
        }
    }

    @Nested
    class Throttled extends ObjectStoreContract {
        @Override
        protected ObjectStore store() {
            return new ThrottledStore(new MemoryStore(), budget(new TestTiming()));
        }
    }

    @Nested
    class Metered extends ObjectStoreContract {
        @Override
        protected ObjectStore store() {
            return new MeteredStore(new MemoryStore(), Timing.SYSTEM);
        }
    }

    @Nested
    class Whole extends ObjectStoreContract {
        @Override
        protected ObjectStore store() {
            return new Stores().around(new Place.S3(S3Settings.of("bucket", "", null, null)), new MemoryStore());
        }
    }

    /** Stands still in every request until it is interrupted. */
    private static ObjectStore standing(AtomicInteger interrupted) {
        return new ForwardingStore(new MemoryStore()) {
            @Override
            public InputStream open(ObjectName name, long offset, long length) {
                return new InputStream() {
                    @Override
                    public int read() throws IOException {
                        return stand(interrupted);
                    }

                    @Override
                    public int read(byte[] target, int from, int count) throws IOException {
                        return stand(interrupted);
                    }
                };
            }

            @Override
            public void create(ObjectName name, Content content) throws IOException {
                stand(interrupted);
            }
        };
    }

    private static int stand(AtomicInteger interrupted) throws IOException {
        try {
            Thread.sleep(Duration.ofMinutes(1));
            return 0;
        } catch (InterruptedException e) {
            interrupted.incrementAndGet();
            throw new IOException(e);
        }
    }

    @Test
    void whatStandsStillIsGivenUpAndNothingIsSaidAboutIt() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        ObjectStore store = new TimeLimitedStore(standing(interrupted), Duration.ofMillis(50), Duration.ofMillis(50));
        assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[1])))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(StoreException.class)
                .hasMessageContaining("creating 'a' in memory took longer than 50 ms");
        try (InputStream in = store.open(name("a"), 0, 10)) {
            assertThatThrownBy(in::read).hasMessageContaining("the next bytes of 'a'");
        }
        org.awaitility.Awaitility.await().untilAtomic(interrupted, org.hamcrest.Matchers.is(2));
    }

    @Test
    void aBudgetIsHalvedOnceForOneOverloadAndGrowsAgain() throws IOException {
        TestTiming timing = new TestTiming();
        RequestBudget budget = new RequestBudget(64, 1000, Duration.ofMinutes(1), timing);
        for (int i = 0; i < 5; i++) {
            budget.begin();
        }
        for (int i = 0; i < 5; i++) {
            budget.slowDown(Duration.ofSeconds(2));
        }
        assertThat(budget.state()).isEqualTo(new RequestBudget.State(32, 500, 0, 0, 5));
        int before = timing.slept.size();
        budget.begin();
        assertThat(timing.slept.subList(before, timing.slept.size()))
                .singleElement()
                .satisfies(pause -> assertThat(pause)
                        .isGreaterThanOrEqualTo(Duration.ofSeconds(2).minusMillis(5)));
        budget.slowDown(Duration.ZERO);
        assertThat(budget.state().rate()).isEqualTo(250);
        for (int i = 0; i < 50; i++) {
            budget.begin();
            budget.done(true);
        }
        assertThat(budget.state().rate()).isEqualTo(500);
        for (int i = 0; i < 1000; i++) {
            budget.begin();
            budget.done(true);
        }
        assertThat(budget.state().rate()).isEqualTo(1000);
        assertThat(budget.state().atOnce()).isEqualTo(64);
    }

    @Test
    void requestsKeepToTheRate() throws IOException {
        TestTiming timing = new TestTiming();
        RequestBudget budget = new RequestBudget(64, 10, Duration.ofMinutes(1), timing);
        for (int i = 0; i < 50; i++) {
            budget.begin();
            budget.done(true);
        }
        assertThat(Duration.ofNanos(timing.nanos())).isBetween(Duration.ofMillis(4800), Duration.ofMillis(5100));
    }

    @Test
    void aRequestThatWouldWaitTooLongFailsBeforeItIsSent() throws IOException {
        RequestBudget budget = new RequestBudget(1, 1000, Duration.ofMillis(50), Timing.SYSTEM);
        budget.begin();
        assertThatThrownBy(budget::begin).hasMessageContaining("waited longer").hasMessageContaining("hint:");
        budget.done(true);
        budget.begin();
        budget.done(true);
        assertThat(budget.state().inFlight()).isZero();
    }

    @Test
    void noMoreThanTheBudgetIsUnderWayWhoeverSends() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        RequestBudget budget = new RequestBudget(3, 100_000, Duration.ofSeconds(20), Timing.SYSTEM);
        ObjectStore slow = new ForwardingStore(new MemoryStore()) {
            @Override
            public void create(ObjectName name, Content content) throws IOException {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                try {
                    Thread.sleep(5);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                } finally {
                    now.decrementAndGet();
                }
                super.create(name, content);
            }
        };
        ObjectStore[] shards = {new ThrottledStore(slow, budget), new ThrottledStore(slow, budget)};
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                int number = i;
                all.add(threads.submit(() -> {
                    shards[number % 2].create(name("o/" + number), Content.of(new byte[1]));
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(most).hasValue(3);
        assertThat(budget.state().inFlight()).isZero();
    }

    @Test
    void requestsBytesFailuresAndTimesAreCounted() throws IOException {
        TestTiming timing = new TestTiming();
        AtomicInteger fail = new AtomicInteger();
        MeteredStore store = new MeteredStore(
                new FaultyStore(new MemoryStore(), (operation, name) -> {
                    timing.sleep(Duration.ofMillis(3));
                    if (fail.getAndSet(0) > 0) {
                        throw new SlowDownException("503", Duration.ZERO, new IOException());
                    }
                }),
                timing);
        store.create(name("a"), Content.of(new byte[10]));
        assertThatThrownBy(() -> store.create(name("a"), Content.of(new byte[10])))
                .isInstanceOf(ObjectExistsException.class);
        fail.set(1);
        assertThatThrownBy(() -> store.create(name("b"), Content.of(new byte[10])))
                .isInstanceOf(SlowDownException.class);
        try (InputStream in = store.open(name("a"), 2, 5)) {
            in.readAllBytes();
        }
        StoreMetrics.Figures creates = store.metrics().operations().get(StoreMetrics.Operation.CREATE);
        assertThat(creates.requests()).isEqualTo(3);
        assertThat(creates.failures()).isEqualTo(1);
        assertThat(creates.slowDowns()).isEqualTo(1);
        assertThat(creates.bytes()).isEqualTo(10);
        assertThat(creates.total()).isEqualTo(Duration.ofMillis(9));
        assertThat(creates.longest()).isEqualTo(Duration.ofMillis(3));
        assertThat(creates.atMostMillis().get(2)).isEqualTo(3);
        assertThat(store.metrics().operations().get(StoreMetrics.Operation.OPEN).bytes())
                .isEqualTo(5);
    }

    @Test
    void whatIsSentAgainIsCountedForItsPlaceHoweverOftenThatIsOpened() throws IOException {
        TestTiming timing = new TestTiming();
        Stores stores = new Stores(StoreLimits.DEFAULT, timing, name -> false);
        Place place = new Place.S3(S3Settings.of("bucket", "", null, null));
        for (int i = 0; i < 2; i++) {
            AtomicInteger fail = new AtomicInteger(3);
            ObjectStore store = stores.around(place, new FaultyStore(new MemoryStore(), (operation, name) -> {
                if (fail.getAndDecrement() > 0) {
                    throw new SlowDownException("503", Duration.ZERO, new IOException());
                }
            }));
            store.create(name("a"), Content.of(new byte[10]));
        }
        StoreMetrics metrics = stores.metrics().get(place.describe());
        assertThat(metrics.repetitions()).isEqualTo(6);
        assertThat(metrics.sum(StoreMetrics.Figures::slowDowns)).isEqualTo(6);
        assertThat(metrics.sum(StoreMetrics.Figures::requests)).isGreaterThanOrEqualTo(8);
        assertThat(metrics.sum(StoreMetrics.Figures::bytes, StoreMetrics.Operation.CREATE))
                .isEqualTo(20);
    }

    @Test
    void aReadGoesOnWhereItBrokeAndAListToo() throws IOException {
        MemoryStore memory = new MemoryStore();
        byte[] bytes = ObjectStoreContract.random(7, 3000);
        memory.objects.put(name("a"), bytes);
        for (int i = 0; i < 30; i++) {
            memory.objects.put(name("n/" + (100 + i)), new byte[1]);
        }
        TestTiming timing = new TestTiming();
        FaultyScheduleStore faulty = new FaultyScheduleStore(
                memory, 3, java.util.Map.of(FaultyScheduleStore.Fault.TRUNCATED_READ, 0.9), timing);
        ObjectStore store = new RetryingStore(
                faulty,
                new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofHours(1)),
                timing,
                new Random(1));
        assertThat(store.readAll(name("a"), 10_000)).isEqualTo(bytes);
        assertThat(store.readRange(name("a"), 1000, 500)).isEqualTo(java.util.Arrays.copyOfRange(bytes, 1000, 1500));
        try (java.util.stream.Stream<ObjectInfo> listed = store.list("n/", name("n/102"))) {
            assertThat(listed.map(info -> info.name().lastSegment()).toList())
                    .hasSize(27)
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
        assertThat(faulty.happened().get(FaultyScheduleStore.Fault.TRUNCATED_READ))
                .isGreaterThan(3);
    }
}
