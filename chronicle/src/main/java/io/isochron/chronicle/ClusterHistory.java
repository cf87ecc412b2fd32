package io.isochron.chronicle;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What is known of all shards of a cluster over some stretch of time: their segments, and the snapshots that can be restored from.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class ClusterHistory {
    private ClusterHistory() {}

    /** A history without regard to snapshots: cuts are computed anywhere the chronicle covers. */
    public static ClusterHistory of(Collection<String> shards, Iterable<Segment> segments) {
        throw new UnsupportedOperationException();
    }

    /** A history of which only what can be restored from one of the snapshots counts as reachable. */
    public static ClusterHistory of(
            Collection<String> shards, Iterable<Segment> segments, Collection<SnapshotPoint> snapshots) {
        throw new UnsupportedOperationException();
    }

    /** Names of the shards, sorted. */
    public List<String> shards() {
        throw new UnsupportedOperationException();
    }

    /** A shard's segments in order; empty if nothing is known of it. */
    public List<Segment> segments(String shard) {
        throw new UnsupportedOperationException();
    }

    /** The cluster's safe time: all shards' WAL written before it is archived. Empty until every shard has a safe point. */
    public Optional<Instant> safeTime() {
        throw new UnsupportedOperationException();
    }

    /** One shard's safe time. */
    public Optional<Instant> safeTime(String shard) {
        throw new UnsupportedOperationException();
    }

    /** The shard whose safe time is the cluster's: what holds it back. */
    public Optional<String> heldBackBy() {
        throw new UnsupportedOperationException();
    }

    /** What can be reached, in order; ranges do not touch. */
    public List<RecoverableRange> recoverableRanges() {
        throw new UnsupportedOperationException();
    }

    /** Snapshots from which a cut can be restored, the one with the least WAL to replay first. */
    public List<SnapshotPoint> usableSnapshots(Cut cut) {
        throw new UnsupportedOperationException();
    }

    /** Brings an event's time to the reference clock. */
    public Corrected corrected(String shard, Event event) {
        throw new UnsupportedOperationException();
    }

    /** Bounds of a shard's clock at a moment; empty if it was never read. */
    public Optional<ClockBounds> clock(String shard, Instant moment) {
        throw new UnsupportedOperationException();
    }
}
