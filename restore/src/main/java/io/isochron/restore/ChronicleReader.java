package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Lineage;
import io.isochron.chronicle.NearMoments;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentChain;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.chronicle.StoredSegment;
import io.isochron.store.ChronicleStore;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the repository knows of a cluster's history. Every segment is authenticated by the store and held to the one before it: number, hash,
 * position. Only a window is read; its ends are found by halving.
 */
public final class ChronicleReader {

    private static final int READ_AHEAD = 8;

    /** By how much the shards' newest numbers mostly differ. */
    private static final int SPREAD = 3;

    /** Shards that are read at a time: enough to wait for an object store, few enough to hold little that is still sealed. */
    private static final int SHARDS_AT_A_TIME = 64;

    private final Repository repository;
    private final List<String> shards;
    private final Period period;
    private final @Nullable List<SnapshotInfo> snapshots;

    /** Reads all shards that ever were announced, whenever they were members. */
    public ChronicleReader(Repository repository) {
        this(
                repository,
                repository.cluster().shards().stream().map(ShardIdentity::name).toList());
    }

    /** Reads some shards without regard to when they were members. */
    ChronicleReader(Repository repository, List<String> shards) {
        this(repository, new Period(Instant.MIN, Instant.MAX, shards));
    }

    /** Reads the members of a period; only moments of that period can be reached. */
    public ChronicleReader(Repository repository, Period period) {
        this(repository, period, /* snapshots= */ null);
    }

    /**
     * The same with regard to some snapshots only.
     *
     * @param snapshots those that may be restored from, oldest first; null for all that can be read
     */
    public ChronicleReader(Repository repository, Period period, @Nullable List<SnapshotInfo> snapshots) {
        this.repository = repository;
        this.shards = period.shards();
        this.period = period;
        this.snapshots = snapshots;
    }

    /** The names of the shards that are read, in the repository's order. */
    public List<String> shards() {
        return shards;
    }

    /** Everything that is known. */
    public ClusterHistory all() throws IOException {
        return window(null, null);
    }

    /**
     * What is known of a stretch of reference time: all segments that end at or after its beginning and begin at or before its end, for every shard.
     *
     * @param from its beginning, or null for the beginning of the chronicle
     * @param to its end, or null for the newest segment
     * @throws IOException if a segment is missing, damaged, or not the successor of the one before it
     */
    public ClusterHistory window(@Nullable Instant from, @Nullable Instant to) throws IOException {
        List<Segment> all = new ArrayList<>();
        for (List<Segment> shard : segments(from, to).values()) {
            all.addAll(shard);
        }
        return ClusterHistory.of(shards(), all, snapshotPoints())
                .during(MemberPeriods.fromMicros(period), MemberPeriods.toMicros(period));
    }

    /**
     * The same as {@link #window} without row counts and without regard to snapshots: what a cut is computed from.
     *
     * @param near where the moment of the cut lies, if hardly any events are asked for but those near it; null if that is not known
     * @throws IOException as {@link #window}
     */
    ClusterHistory decisions(@Nullable Instant from, @Nullable Instant to, @Nullable NearMoments near)
            throws IOException {
        ChronicleStore store = repository.chronicle();
        List<StoredSegment> all = new ArrayList<>();
        read(from, to, near == null ? SegmentReading.forCut(store) : SegmentReading.forCut(store, near))
                .values()
                .forEach(all::addAll);
        return ClusterHistory.ofStored(shards(), all)
                .during(MemberPeriods.fromMicros(period), MemberPeriods.toMicros(period));
    }

    /** The segments of {@link #window} by shard, in order; a shard of which nothing is known has an empty list. */
    public Map<String, List<Segment>> segments(@Nullable Instant from, @Nullable Instant to) throws IOException {
        Map<String, List<Segment>> result = new LinkedHashMap<>();
        read(from, to, SegmentReading.whole(repository.chronicle()))
                .forEach((shard, stored) -> result.put(
                        shard, stored.stream().map(StoredSegment::segment).toList()));
        return result;
    }

    private Map<String, List<StoredSegment>> read(@Nullable Instant from, @Nullable Instant to, SegmentReading decoding)
            throws IOException {
        Map<String, Future<List<StoredSegment>>> reading = new LinkedHashMap<>();
        Semaphore places = new Semaphore(SHARDS_AT_A_TIME);
        Guesses guesses = new Guesses();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String shard : shards()) {
                reading.put(shard, threads.submit(() -> {
                    places.acquire();
                    try {
                        return read(shard, from, to, decoding, threads, guesses);
                    } finally {
                        places.release();
                    }
                }));
            }
            Map<String, List<StoredSegment>> result = new LinkedHashMap<>();
            for (Map.Entry<String, Future<List<StoredSegment>>> shard : reading.entrySet()) {
                result.put(shard.getKey(), get(shard.getValue()));
            }
            return result;
        }
    }

    /** Shows the segments of a stretch of reference time, shard by shard on several threads, and keeps none; superseded ones are among them. */
    void each(Instant from, Instant to, Consumer<Segment> consumer) throws IOException {
        List<Future<@Nullable Void>> reading = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String shard : shards()) {
                reading.add(threads.submit(() -> {
                    OptionalLong last = repository.chronicle().lastSequence(shard);
                    long first = repository.chronicle().firstSequence(shard).orElse(0);
                    SegmentReading decoding = SegmentReading.forCut(repository.chronicle());
                    SegmentSearch search = new SegmentSearch(decoding, shard);
                    long sequence = last.isEmpty()
                            ? 0
                            : search.firstEndingAtOrAfter(micros(from), first, last.getAsLong(), /* guess= */ -1);
                    for (; sequence <= last.orElse(-1); sequence++) {
                        Segment segment = decoding.read(shard, sequence).segment();
                        consumer.accept(segment);
                        if (segment.referenceFirstMicros() > micros(to)) {
                            break;
                        }
                    }
                    return null;
                }));
            }
            for (Future<@Nullable Void> one : reading) {
                get(one);
            }
        }
    }

    /**
     * What can be restored from as the chronicle sees it, oldest first: for each published snapshot the newest parts of all shards up to it. A snapshot of some shards only, such as that of a shard
     * that joined, so goes together with the others' parts of the snapshots before it. Snapshots that are damaged are left out.
     */
    public List<SnapshotPoint> snapshotPoints() throws IOException {
        return snapshotPoints(
                snapshots == null ? repository.snapshots().readable().whole() : snapshots);
    }

    private List<SnapshotPoint> snapshotPoints(List<SnapshotInfo> snapshots) {
        Set<String> wanted = Set.copyOf(shards);
        Map<String, Lsn> start = new HashMap<>();
        Map<String, Lsn> stop = new HashMap<>();
        List<SnapshotPoint> points = new ArrayList<>();
        for (SnapshotInfo snapshot : snapshots) {
            boolean news = false;
            for (ShardSnapshot part : snapshot.shards()) {
                if (wanted.contains(part.shard())) {
                    start.put(part.shard(), new Lsn(part.startLsn()));
                    stop.put(part.shard(), new Lsn(part.endLsn()));
                    news = true;
                }
            }
            if (news && start.size() == wanted.size()) {
                points.add(new SnapshotPoint(snapshot.id(), start, stop));
            }
        }
        return points;
    }

    /**
     * The newest snapshot of each shard up to one of them; a shard without any is left out.
     *
     * @param snapshots all, oldest first
     * @param newest id of the last one to use
     */
    Map<String, SnapshotInfo> parts(List<SnapshotInfo> snapshots, String newest) {
        Set<String> wanted = Set.copyOf(shards);
        Map<String, SnapshotInfo> parts = new HashMap<>();
        for (SnapshotInfo snapshot : snapshots) {
            for (ShardSnapshot part : snapshot.shards()) {
                if (wanted.contains(part.shard())) {
                    parts.put(part.shard(), snapshot);
                }
            }
            if (snapshot.id().equals(newest)) {
                break;
            }
        }
        return parts;
    }

    /** What was found for one shard is mostly near for the next: their segments are cut at the same pace. Benign races: a guess may be wrong. */
    private static final class Guesses {
        volatile long begin = -1;
        volatile long newest;
    }

    private List<StoredSegment> read(
            String shard,
            @Nullable Instant from,
            @Nullable Instant to,
            SegmentReading decoding,
            ExecutorService threads,
            Guesses guesses)
            throws IOException {
        ChronicleStore store = repository.chronicle();
        ChronicleStore.Ends ends = store.ends(shard, guesses.newest).orElse(null);
        if (ends == null) {
            return List.of();
        }
        long last = ends.reached();
        SegmentSearch search = new SegmentSearch(decoding, shard);
        long begin = ends.first();
        if (from != null) {
            begin = search.firstEndingAtOrAfter(micros(from), ends.first(), last, guesses.begin);
            guesses.begin = begin;
        }
        guesses.newest = last - SPREAD;
        long end = to == null ? Long.MAX_VALUE : micros(to);
        SegmentChain chain = new SegmentChain();
        List<StoredSegment> segments = new ArrayList<>();
        Deque<Future<StoredSegment>> ahead = new ArrayDeque<>();
        long asked = begin;
        for (long sequence = begin; sequence <= last; sequence++) {
            while (asked <= last && ahead.size() < READ_AHEAD) {
                long number = asked++;
                ahead.add(threads.submit(() -> search.once(number)));
            }
            StoredSegment segment = get(ahead.remove());
            try {
                chain.follow(segment);
            } catch (SegmentFormatException e) {
                throw SegmentReading.damaged(shard, sequence, e);
            }
            segments.add(segment);
            if (segment.segment().referenceFirstMicros() > end) {
                break;
            }
            if (sequence == last) {
                // the end of the chronicle is wanted: others may be appending, and a hole must be noticed
                last = store.lastSequence(shard).orElse(last);
            }
        }
        return currentLine(search, segments, last);
    }

    /** Leaves out what was superseded, also by segments behind the window: those stand where the PostgreSQL timeline changes. */
    private static List<StoredSegment> currentLine(SegmentSearch search, List<StoredSegment> stored, long newest)
            throws IOException {
        List<Segment> segments = stored.stream().map(StoredSegment::segment).toList();
        Segment end = segments.getLast();
        if (end.sequence() == newest || search.segment(newest).timeline() == end.timeline()) {
            return only(Lineage.of(segments), stored);
        }
        long low = end.sequence() + 1;
        long high = newest;
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (search.segment(middle).timeline() == end.timeline()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        List<Segment> all = new ArrayList<>(segments);
        if (low - 1 > end.sequence()) {
            all.add(search.segment(low - 1));
        }
        all.add(search.segment(low));
        return only(Lineage.of(all), stored);
    }

    private static List<StoredSegment> only(List<Segment> wanted, List<StoredSegment> stored) {
        Set<Long> sequences = wanted.stream().map(Segment::sequence).collect(Collectors.toSet());
        return stored.stream()
                .filter(segment -> sequences.contains(segment.segment().sequence()))
                .toList();
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    static <T extends @Nullable Object> T get(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the chronicle was read", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException runtime -> throw runtime;
                case Error error -> throw error;
                case null, default -> throw new IOException(e.getCause());
            }
        }
    }
}
