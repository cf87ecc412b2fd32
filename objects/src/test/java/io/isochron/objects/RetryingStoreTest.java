package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryingStoreTest extends ObjectStoreContract {
    private static final RetryPolicy POLICY =
            new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(10));

    private final TestTiming timing = new TestTiming();
    private final MemoryStore memory = new MemoryStore();
    private final Deque<IOException> failures = new ArrayDeque<>();

    @Override
    protected ObjectStore store() {
        return new RetryingStore(memory, POLICY, timing, new Random(1));
    }

    /** Fails as often as told, before or after the create. */
    private RetryingStore failing(boolean after) {
        ObjectStore flaky = new ForwardingStore(memory) {
            @Override
            public void create(ObjectName name, Content content) throws IOException {
                if (after) {
                    super.create(name, content);
                }
                if (!failures.isEmpty()) {
                    throw failures.poll();
                }
                if (!after) {
                    super.create(name, content);
                }
            }
        };
        return new RetryingStore(flaky, POLICY, timing, new Random(1));
    }

    @Test
    void aLostAcknowledgementIsOurs() throws IOException {
        failures.add(new IOException("reset"));
        failing(true).create(name("a"), Content.of(new byte[] {1, 2}));
        assertThat(memory.objects.get(name("a"))).containsExactly(1, 2);
        assertThat(timing.slept).hasSize(1);
    }

    @Test
    void whatAnotherCreatedMeanwhileIsNotOurs() {
        failures.add(new IOException("reset"));
        memory.objects.put(name("a"), new byte[] {9});
        assertThatThrownBy(() -> failing(false).create(name("a"), Content.of(new byte[] {1, 2})))
                .isInstanceOf(ObjectExistsException.class);
        // longer, and beginning with the same
        memory.objects.put(name("b"), new byte[] {1, 2, 3});
        failures.add(new IOException("reset"));
        assertThatThrownBy(() -> failing(false).create(name("b"), Content.of(new byte[] {1, 2})))
                .isInstanceOf(ObjectExistsException.class);
    }

    @Test
    void withoutAnUnclearAttemptEqualBytesAreAnothers() {
        memory.objects.put(name("a"), new byte[] {1});
        assertThatThrownBy(() -> failing(false).create(name("a"), Content.of(new byte[] {1})))
                .isInstanceOf(ObjectExistsException.class);
        assertThat(timing.slept).isEmpty();
    }

    @Test
    void fullAfterAnUnclearAttemptDoesNotSayThatNothingWasCreated() {
        failures.add(new IOException("reset"));
        failures.add(new StoreFullException("there", 1, "quota", new IOException()));
        assertThatThrownBy(() -> failing(false).create(name("a"), Content.of(new byte[1])))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(StoreException.class);
    }

    @Test
    void whatIsCertainOrNeedsAPersonIsNotTriedAgain() {
        for (IOException failure :
                List.of(new StoreException("certain"), new StoreRefusedException("403", new IOException()))) {
            failures.add(failure);
            assertThatThrownBy(() -> failing(false).create(name("a"), Content.of(new byte[1])))
                    .isSameAs(failure);
        }
        assertThat(timing.slept).isEmpty();
    }

    @Test
    void pausesGrowAreDrawnAndEndAtTheLimit() {
        for (int i = 0; i < 1000; i++) {
            failures.add(new IOException("reset " + i));
        }
        assertThatThrownBy(() -> failing(false).create(name("a"), Content.of(new byte[1])))
                .hasMessageContaining("reset");
        assertThat(timing.slept).hasSizeBetween(10, 200);
        assertThat(timing.slept.getFirst()).isLessThanOrEqualTo(Duration.ofMillis(100));
        assertThat(timing.slept).allMatch(pause -> pause.compareTo(Duration.ofSeconds(1)) <= 0);
        assertThat(timing.nanos()).isLessThanOrEqualTo(Duration.ofSeconds(10).toNanos());
    }

    @Test
    void aStoreThatWantsToBeLeftAloneIs() throws IOException {
        failures.add(new SlowDownException("503", Duration.ofSeconds(3), new IOException()));
        failing(false).create(name("a"), Content.of(new byte[1]));
        assertThat(timing.slept).containsExactly(Duration.ofSeconds(3));
        failures.add(new SlowDownException("503", Duration.ofSeconds(30), new IOException()));
        assertThatThrownBy(() -> failing(false).create(name("b"), Content.of(new byte[1])))
                .isInstanceOf(SlowDownException.class);
    }
}
