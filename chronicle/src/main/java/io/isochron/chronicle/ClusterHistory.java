package io.isochron.chronicle;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of all shards of a cluster over some stretch of time: their segments, and the snapshots that can be restored from. A
 * value: it does not change when more becomes known, a new one is made.
 */
public final class ClusterHistory {
    private final SortedMap<String, ShardHistory> shards = new TreeMap<>();
    private final @Nullable List<SnapshotPoint> snapshots;
    /** What this is the same as, but for the moments that count; null if it is all. */
    private final @Nullable ClusterHistory whole;

    private volatile @Nullable List<RecoverableRange> ranges;
    private final long memberFrom;
    private final long memberTo;

    private ClusterHistory(
            Collection<String> names,
            Iterable<Segment> segments,
            @Nullable Collection<SnapshotPoint> snapshots,
            IdentityHashMap<Segment, String> sha256,
            CutRules rules) {
        Map<String, List<Segment>> byShard = new TreeMap<>();
        names.forEach(name -> byShard.put(name, new ArrayList<>()));
        for (Segment segment : segments) {
            List<Segment> own = byShard.get(segment.shard());
            if (own == null) {
                throw new IllegalArgumentException(
                        "chronicle segment of shard '" + segment.shard() + "', which is not in the cluster");
            }
            own.add(segment);
        }
        byShard.entrySet().parallelStream()
                .map(own -> new ShardHistory(own.getKey(), own.getValue(), sha256, rules))
                .toList()
                .forEach(shard -> shards.put(shard.shard, shard));
        this.snapshots = snapshots == null ? null : List.copyOf(snapshots);
        this.whole = null;
        this.memberFrom = Long.MIN_VALUE;
        this.memberTo = Long.MAX_VALUE;
    }

    private ClusterHistory(ClusterHistory all, long memberFrom, long memberTo) {
        this.shards.putAll(all.shards);
        this.snapshots = all.snapshots;
        this.memberFrom = memberFrom;
        this.memberTo = memberTo;
        this.whole = all;
    }

    /**
     * The same, of which only the moments count at which its shards were the cluster's members: no others can be reached.
     *
     * @param fromMicros reference time of the first such moment; {@code Long.MIN_VALUE} if there is none
     * @param toMicros reference time of the first moment behind; {@code Long.MAX_VALUE} if there is none
     */
    public ClusterHistory during(long fromMicros, long toMicros) {
        return fromMicros == Long.MIN_VALUE && toMicros == Long.MAX_VALUE
                ? this
                : new ClusterHistory(this, fromMicros, toMicros);
    }

    /** The first moment at which its shards were the members. */
    long memberFrom() {
        return memberFrom;
    }

    /** The first moment at which they were it no longer. */
    long memberTo() {
        return memberTo;
    }

    /**
     * A history without regard to snapshots: cuts are computed anywhere the chronicle covers.
     *
     * @param shards names of all shards of the cluster
     * @param segments segments of these shards, in any order, each once
     * @throws IllegalArgumentException if a segment is of another shard or given twice
     */
    public static ClusterHistory of(Collection<String> shards, Iterable<Segment> segments) {
        return of(shards, segments, new CutRules());
    }

    /** For the simulation, which replaces rules by wrong ones. */
    static ClusterHistory of(Collection<String> shards, Iterable<Segment> segments, CutRules rules) {
        return new ClusterHistory(shards, segments, null, new IdentityHashMap<>(), rules);
    }

    /**
     * A history of which only what can be restored from one of the snapshots counts as reachable.
     *
     * @param shards names of all shards of the cluster
     * @param segments segments of these shards, in any order, each once
     * @param snapshots all that are published
     * @throws IllegalArgumentException if a segment is of another shard or given twice
     */
    public static ClusterHistory of(
            Collection<String> shards, Iterable<Segment> segments, Collection<SnapshotPoint> snapshots) {
        return new ClusterHistory(shards, segments, snapshots, new IdentityHashMap<>(), new CutRules());
    }

    /**
     * A history without regard to snapshots, of segments whose hashes are known.
     *
     * @param shards names of all shards of the cluster
     * @param segments segments of these shards, in any order, each once
     * @throws IllegalArgumentException if a segment is of another shard or given twice
     */
    public static ClusterHistory ofStored(Collection<String> shards, Iterable<StoredSegment> segments) {
        IdentityHashMap<Segment, String> sha256 = new IdentityHashMap<>();
        List<Segment> all = new ArrayList<>();
        for (StoredSegment stored : segments) {
            all.add(stored.segment());
            sha256.put(stored.segment(), stored.sha256());
        }
        return new ClusterHistory(shards, all, null, sha256, new CutRules());
    }

    /** Names of the shards, sorted. */
    public List<String> shards() {
        return List.copyOf(shards.keySet());
    }

    /** A shard's segments in order; empty if nothing is known of it. */
    public List<Segment> segments(String shard) {
        return shard(shard).segments;
    }

    /** The cluster's safe time: all WAL that any shard had written before it is archived. Empty until every shard has a safe point. */
    public Optional<Instant> safeTime() {
        return heldBackBy().flatMap(this::safeTime);
    }

    /** One shard's safe time: reference time up to which its WAL is known to be archived. */
    public Optional<Instant> safeTime(String shard) {
        ShardHistory history = shard(shard);
        long micros = history.size() == 0 ? Long.MIN_VALUE : history.safeMicros(history.size() - 1);
        return micros == Long.MIN_VALUE ? Optional.empty() : Optional.of(instant(micros));
    }

    /** The shard whose safe time is the cluster's, or the first that has none: what holds the safe time back. Empty without shards. */
    public Optional<String> heldBackBy() {
        return shards.keySet().stream()
                .min(Comparator.comparing(name -> safeTime(name).orElse(Instant.MIN)));
    }

    /**
     * The last moment for which a cut can be computed, without regard to snapshots; what was committed until then is certain. It lies before the safe time: until a later reading of its
     * shard's clock is archived, a commit may have been written at any time up to its arrival. Empty as long as there is no such moment.
     */
    public Optional<Instant> latestMoment() {
        for (ShardHistory shard : shards.values()) {
            if (shard.size() == 0 || !shard.clock.known()) {
                return Optional.empty();
            }
        }
        long micros = shards.isEmpty() ? Long.MIN_VALUE : new Reachability(this).lastMoment();
        return micros == Long.MIN_VALUE ? Optional.empty() : Optional.of(instant(micros));
    }

    /** What can be reached, in order; ranges do not touch. Found when first asked for: it takes all events of all shards, of which a cut needs few. */
    public List<RecoverableRange> recoverableRanges() {
        List<RecoverableRange> known = ranges;
        if (known == null) {
            known = whole == null ? new Reachability(this).ranges() : duringMembership(whole.recoverableRanges());
            ranges = known;
        }
        return known;
    }

    private List<RecoverableRange> duringMembership(List<RecoverableRange> all) {
        return all.stream()
                .filter(range -> micros(range.to()) >= memberFrom && micros(range.from()) < memberTo)
                .map(range -> new RecoverableRange(
                        instant(Math.max(micros(range.from()), memberFrom)),
                        instant(Math.min(micros(range.to()), memberTo - 1))))
                .toList();
    }

    /** Published snapshots as given; empty if this history has no regard to them. */
    public List<SnapshotPoint> snapshots() {
        return snapshots == null ? List.of() : snapshots;
    }

    /** Snapshots from which a cut can be restored, the one with the least WAL to replay first. */
    public List<SnapshotPoint> usableSnapshots(Cut cut) {
        return snapshots().stream()
                .filter(snapshot -> cut.boundaries().stream().allMatch(boundary -> {
                    var start = snapshot.start().get(boundary.shard());
                    var stop = snapshot.stop().get(boundary.shard());
                    return start != null
                            && stop != null
                            && !stop.isAfter(boundary.lsn())
                            && shard(boundary.shard()).covers(start, boundary.lsn());
                }))
                .sorted(Comparator.comparingLong(snapshot -> replayBytes(snapshot, cut)))
                .toList();
    }

    private static long replayBytes(SnapshotPoint snapshot, Cut cut) {
        long bytes = 0;
        for (ShardBoundary boundary : cut.boundaries()) {
            var start = snapshot.start().get(boundary.shard());
            bytes += start == null ? 0 : boundary.lsn().minus(start);
        }
        return bytes;
    }

    /**
     * Brings an event's time to the reference clock.
     *
     * @param shard name of the shard
     * @param event one of its segments' events
     */
    public Corrected corrected(String shard, Event event) {
        ShardHistory history = shard(shard);
        return history.clock.correct(Math.max(0, history.segmentOf(event.end())), event.timeMicros());
    }

    /** Bounds of a shard's clock at a moment; empty if it was never read. */
    public Optional<ClockBounds> clock(String shard, Instant moment) {
        ShardClock clock = shard(shard).clock;
        return clock.known() ? Optional.of(clock.readings.at(micros(moment))) : Optional.empty();
    }

    /** What the catalogs said about the relations of a shard. */
    public RelationNames names(String shard) {
        return new RelationNames(segments(shard));
    }

    ShardHistory shard(String name) {
        ShardHistory history = shards.get(name);
        if (history == null) {
            throw new IllegalArgumentException("shard '" + name + "' is not in the cluster\nhint: its shards are "
                    + String.join(", ", shards.keySet()));
        }
        return history;
    }

    Collection<ShardHistory> all() {
        return shards.values();
    }

    boolean contains(String shard) {
        return shards.containsKey(shard);
    }

    /** Null if reachability has no regard to snapshots. */
    @Nullable
    List<SnapshotPoint> restorableFrom() {
        return snapshots;
    }

    static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }
}
