package io.isochron.chronicle;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * One moment of the cluster: a record boundary for every shard and a decision for every branch in doubt there.
 *
 * @param target what was asked for
 * @param momentMicros T* in reference time, microseconds since the Unix epoch; the cut never lies after it
 * @param grade what it promises
 * @param gradeReason why it has this grade, for people
 * @param epsilonMicros single-shard commits are placed relative to T* with this uncertainty, plus or minus
 * @param dialect the two-phase dialect by which branches were joined, as {@link Dialect#name}
 * @param boundaries one for every shard, ordered by shard name
 * @param decisions one for every transaction prepared and undecided inside, ordered by shard, then PREPARE
 * @param lateCommits commits at or before T* that are left outside, ordered by shard, then position
 * @param unknownGids gids met around T* that the dialect does not know; each was taken as a transaction of its own
 * @param notes anything else a person must know, such as a branch that was rolled back although another was committed
 * @param segments the segments that were used, ordered by shard and sequence
 */
public record Cut(
        Target target,
        long momentMicros,
        Grade grade,
        String gradeReason,
        long epsilonMicros,
        String dialect,
        List<ShardBoundary> boundaries,
        List<Decision> decisions,
        List<LateCommit> lateCommits,
        List<String> unknownGids,
        List<String> notes,
        List<SegmentId> segments)
        implements Solution {
    public Cut {
        boundaries = List.copyOf(boundaries);
        decisions = List.copyOf(decisions);
        lateCommits = List.copyOf(lateCommits);
        unknownGids = List.copyOf(unknownGids);
        notes = List.copyOf(notes);
        segments = List.copyOf(segments);
    }

    /** T* for people. */
    public Instant moment() {
        return Instant.EPOCH.plus(momentMicros, ChronoUnit.MICROS);
    }

    /** The boundary of a shard, if the cut has it. */
    public Optional<ShardBoundary> boundary(String shard) {
        return boundaries.stream().filter(b -> b.shard().equals(shard)).findFirst();
    }

    /** The decisions for one shard. */
    public List<Decision> decisions(String shard) {
        return decisions.stream().filter(d -> d.shard().equals(shard)).toList();
    }
}
