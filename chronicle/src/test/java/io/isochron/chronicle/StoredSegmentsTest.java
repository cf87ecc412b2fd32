package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A cut that is found from stored segments, of which only what is needed is read, is the one that is found from all that is in them. */
class StoredSegmentsTest {
    private static final int HISTORIES = 50;
    private static final int TARGETS = 10;

    /** Makes another history of the same segments. */
    private interface Again {
        ClusterHistory of(ClusterHistory history) throws SegmentFormatException;
    }

    /** What was compared. */
    private record Compared(int cuts, int segments) {}

    @Test
    void theSameCutsAndRefusalsComeFromSegmentsOfWhichOnlyAPartIsRead() throws SegmentFormatException {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("stored segments: -Disochron.seed=" + seed);
        assertThat(compare(seed, StoredSegmentsTest::stored).cuts()).isPositive();
    }

    @Test
    void theSameCutsComeFromSegmentsWhoseBytesWereOnlyLent() throws SegmentFormatException {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("lent segments: -Disochron.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        AtomicInteger fetched = new AtomicInteger();
        Compared compared = compare(seed, history -> lent(history, random, fetched));
        assertThat(compared.cuts()).isPositive();
        assertThat(fetched.get()).isPositive().isLessThan(compared.segments());
    }

    private static Compared compare(long seed, Again again) throws SegmentFormatException {
        int cuts = 0;
        int segments = 0;
        for (int h = 0; h < HISTORIES; h++) {
            SimulationGenerator generator = new SimulationGenerator(seed + h);
            SimulatedCluster whole = generator.next();
            for (SimulatedTarget simulated : generator.targets(whole, TARGETS)) {
                SimulatedCluster cluster = whole.members(simulated.membersAt(whole));
                List<List<SimulatedShard.Truth>> truths = cluster.truths();
                var target = simulated.in(cluster, truths);
                if (target.isPresent()) {
                    ClusterHistory history = cluster.history(truths);
                    Solution solution = new CutSolver(history, SimulatedCluster.DIALECT).solve(target.get());
                    assertThat(new CutSolver(again.of(history), SimulatedCluster.DIALECT).solve(target.get()))
                            .as("seed %d, target %s", seed + h, target.get())
                            .isEqualTo(solution);
                    cuts += solution instanceof Cut ? 1 : 0;
                    segments += history.shards().stream()
                            .mapToInt(shard -> history.segments(shard).size())
                            .sum();
                }
            }
        }
        return new Compared(cuts, segments);
    }

    private static ClusterHistory stored(ClusterHistory history) throws SegmentFormatException {
        List<StoredSegment> stored = new ArrayList<>();
        for (String shard : history.shards()) {
            for (Segment segment : history.segments(shard)) {
                byte[] encoded = SegmentCodec.encode(segment);
                stored.add(new StoredSegment(SegmentCodec.decodeForCut(encoded), SegmentCodec.sha256(encoded)));
            }
        }
        return ClusterHistory.ofStored(history.shards(), stored);
    }

    /** With events kept of the segments of some stretch only, and bytes that are overwritten at once. */
    private static ClusterHistory lent(ClusterHistory history, SplittableRandom random, AtomicInteger fetched)
            throws SegmentFormatException {
        List<StoredSegment> stored = new ArrayList<>();
        byte[] buffer = new byte[1 << 20];
        for (String shard : history.shards()) {
            List<Segment> segments = history.segments(shard);
            if (segments.isEmpty()) {
                continue;
            }
            Segment from = segments.get(random.nextInt(segments.size()));
            Segment to = segments.get(random.nextInt(segments.size()));
            NearMoments near = new NearMoments(from.referenceFirstMicros(), to.referenceLastMicros());
            for (Segment segment : segments) {
                byte[] encoded = SegmentCodec.encode(segment);
                System.arraycopy(encoded, 0, buffer, 0, encoded.length);
                stored.add(SegmentCodec.decodeForCut(buffer, encoded.length, near, () -> {
                    fetched.incrementAndGet();
                    return encoded;
                }));
                Arrays.fill(buffer, 0, encoded.length, (byte) 0x5A);
            }
        }
        return ClusterHistory.ofStored(history.shards(), stored);
    }

    @Test
    void eventsThatCannotBeFetchedAgainOrAreOthersAreNotTakenForNone() throws SegmentFormatException {
        SimulatedCluster cluster = new SimulationGenerator(4711).next();
        ClusterHistory history = cluster.history(cluster.truths());
        Segment segment = history.segments(history.shards().getFirst()).getFirst();
        byte[] encoded = SegmentCodec.encode(segment);
        NearMoments none = new NearMoments(Long.MAX_VALUE, Long.MAX_VALUE);
        StoredSegment away = SegmentCodec.decodeForCut(encoded, encoded.length, none, () -> {
            throw new UncheckedIOException(new IOException("the store does not answer"));
        });
        assertThatThrownBy(() -> away.segment().events().size())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("the store does not answer");
        byte[] other =
                SegmentCodec.encode(history.segments(history.shards().getLast()).getLast());
        StoredSegment changed = SegmentCodec.decodeForCut(encoded, encoded.length, none, () -> other);
        assertThatThrownBy(() -> changed.segment().events().size())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("it has other bytes than when it was first read");
    }
}
