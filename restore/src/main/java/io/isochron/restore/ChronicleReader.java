package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Lineage;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentChain;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.store.ChronicleStore;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the repository knows of a cluster's history. Every segment is authenticated by the store and held to the one before it: number, hash,
 * position. Only a window is read; its ends are found by halving.
 */
public final class ChronicleReader {

    private static final int READ_AHEAD = 8;

    private final Repository repository;

    public ChronicleReader(Repository repository) {
        this.repository = repository;
    }

    /** The names of all shards, in the repository's order. */
    public List<String> shards() {
        return repository.cluster().shards().stream().map(ShardIdentity::name).toList();
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
        return ClusterHistory.of(shards(), all, snapshotPoints());
    }

    /** The segments of {@link #window} by shard, in order; a shard of which nothing is known has an empty list. */
    public Map<String, List<Segment>> segments(@Nullable Instant from, @Nullable Instant to) throws IOException {
        Map<String, Future<List<Segment>>> reading = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String shard : shards()) {
                reading.put(shard, threads.submit(() -> read(shard, from, to, threads)));
            }
            Map<String, List<Segment>> result = new LinkedHashMap<>();
            for (Map.Entry<String, Future<List<Segment>>> shard : reading.entrySet()) {
                result.put(shard.getKey(), get(shard.getValue()));
            }
            return result;
        }
    }

    /** All published snapshots as the chronicle sees them, oldest first. */
    public List<SnapshotPoint> snapshotPoints() throws IOException {
        List<SnapshotPoint> points = new ArrayList<>();
        for (SnapshotInfo snapshot : repository.snapshots().list()) {
            Map<String, Lsn> start = new HashMap<>();
            Map<String, Lsn> stop = new HashMap<>();
            for (ShardSnapshot shard : snapshot.shards()) {
                start.put(shard.shard(), new Lsn(shard.startLsn()));
                stop.put(shard.shard(), new Lsn(shard.endLsn()));
            }
            if (start.keySet().containsAll(shards())) {
                points.add(new SnapshotPoint(snapshot.id(), start, stop));
            }
        }
        return points;
    }

    private List<Segment> read(String shard, @Nullable Instant from, @Nullable Instant to, ExecutorService threads)
            throws IOException {
        ChronicleStore store = repository.chronicle();
        OptionalLong last = store.lastSequence(shard);
        if (last.isEmpty()) {
            return List.of();
        }
        long first = store.firstSequence(shard).orElseThrow();
        long begin = from == null ? first : firstEndingAtOrAfter(shard, micros(from), first, last.getAsLong());
        long end = to == null ? Long.MAX_VALUE : micros(to);
        SegmentChain chain = new SegmentChain();
        List<Segment> segments = new ArrayList<>();
        Deque<Future<byte[]>> ahead = new ArrayDeque<>();
        long asked = begin;
        for (long sequence = begin; sequence <= last.getAsLong(); sequence++) {
            while (asked <= last.getAsLong() && ahead.size() < READ_AHEAD) {
                long number = asked++;
                ahead.add(threads.submit(() -> store.read(shard, number)));
            }
            Segment segment = next(chain, shard, sequence, get(ahead.remove()));
            segments.add(segment);
            if (segment.referenceFirstMicros() > end) {
                break;
            }
        }
        return currentLine(shard, segments, last.getAsLong());
    }

    /** Leaves out what was superseded, also by segments behind the window: those stand where the PostgreSQL timeline changes, or are the newest. */
    private List<Segment> currentLine(String shard, List<Segment> segments, long newest) throws IOException {
        Segment end = segments.getLast();
        if (end.sequence() == newest) {
            return Lineage.of(segments);
        }
        long low = end.sequence() + 1;
        long high = newest;
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (decode(shard, middle).timeline() == end.timeline()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        List<Segment> all = new ArrayList<>(segments);
        if (low - 1 > end.sequence()) {
            all.add(decode(shard, low - 1));
        }
        all.add(decode(shard, low));
        return Lineage.of(all).stream()
                .filter(segment -> segment.sequence() <= end.sequence())
                .toList();
    }

    private Segment decode(String shard, long sequence) throws IOException {
        try {
            return SegmentCodec.decode(repository.chronicle().read(shard, sequence));
        } catch (SegmentFormatException e) {
            throw damaged(shard, sequence, e);
        }
    }

    private static Segment next(SegmentChain chain, String shard, long sequence, byte[] encoded)
            throws RestoreException {
        try {
            Segment segment = chain.next(encoded);
            if (!segment.shard().equals(shard) || segment.sequence() != sequence) {
                throw new RestoreException(
                        "chronicle segment " + sequence + " of shard " + shard + " holds segment " + segment.sequence()
                                + " of shard " + segment.shard(),
                        "the repository's objects were mixed up; run verify");
            }
            return segment;
        } catch (SegmentFormatException e) {
            throw damaged(shard, sequence, e);
        }
    }

    private static RestoreException damaged(String shard, long sequence, SegmentFormatException e) {
        return new RestoreException(
                "chronicle segment " + sequence + " of shard " + shard + " is not sound: " + e.getMessage(),
                "run verify to see what else is damaged",
                e);
    }

    /** Segments follow each other in reference time, so that halving finds the first that reaches a moment. */
    private long firstEndingAtOrAfter(String shard, long micros, long first, long last) throws IOException {
        long low = first;
        long high = last;
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (decode(shard, middle).referenceLastMicros() < micros) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    static <T> T get(Future<T> future) throws IOException {
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
