package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is said of a segment's events without a look at them holds for every one. */
class EventBoundsTest {
    private static final int HISTORIES = 400;

    @Test
    void noEventLiesOutsideTheTimesThatAreSaidOfItsSegment() {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("event bounds: -Disochron.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        long said = 0;
        long events = 0;
        for (int h = 0; h < HISTORIES; h++) {
            SimulatedCluster cluster = new SimulationGenerator(random.nextLong()).next();
            for (ShardHistory shard : cluster.history(cluster.truths()).all()) {
                for (int i = 0; i < shard.size(); i++) {
                    List<Event> of = shard.segment(i).events();
                    for (int e = 0; e < of.size(); e++) {
                        Corrected time = shard.clock.correct(i, of.get(e).timeMicros());
                        assertThat(time.low())
                                .as("seed %d, history %d, shard %s, segment %d, event %d", seed, h, shard.shard, i, e)
                                .isGreaterThanOrEqualTo(shard.clock.noneBefore(i));
                        assertThat(time.high())
                                .as("seed %d, history %d, shard %s, segment %d, event %d", seed, h, shard.shard, i, e)
                                .isLessThanOrEqualTo(shard.clock.noneAfter(i));
                        assertThat(time.high() + 2 * time.uncertaintyMicros())
                                .as("seed %d, history %d, shard %s, segment %d, event %d", seed, h, shard.shard, i, e)
                                .isLessThanOrEqualTo(shard.clock.noHorizonAfter(i));
                        said += shard.clock.noneAfter(i) < Long.MAX_VALUE ? 1 : 0;
                        events++;
                    }
                }
            }
        }
        assertThat(said)
                .as("events of segments of which something is said, of %d", events)
                .isPositive();
    }
}
