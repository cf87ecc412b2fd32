package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A cut that is found from stored segments, of which only what is needed is read, is the one that is found from all that is in them. */
class StoredSegmentsTest {
    private static final int HISTORIES = 80;
    private static final int TARGETS = 10;

    @Test
    void theSameCutsAndRefusalsComeFromSegmentsOfWhichOnlyAPartIsRead() throws SegmentFormatException {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("stored segments: -Disochron.seed=" + seed);
        int cuts = 0;
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
                    assertThat(new CutSolver(stored(history), SimulatedCluster.DIALECT).solve(target.get()))
                            .as("seed %d, target %s", seed + h, target.get())
                            .isEqualTo(solution);
                    cuts += solution instanceof Cut ? 1 : 0;
                }
            }
        }
        assertThat(cuts).isPositive();
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
}
