package io.isochron.restore;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.FenceMark;
import io.isochron.chronicle.RestorePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.Target;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Finds when that which a target names happened. Reads segments newest first where it must search, and keeps none. */
final class MomentSearch {
    /** How far apart the parts of one transaction are looked for. */
    private static final Duration PARTS_APART = Duration.ofMinutes(10);

    /** A stretch of reference time. */
    record Span(Instant from, Instant to) {
        private static Span of(Segment segment) {
            return new Span(instant(segment.referenceFirstMicros()), instant(segment.referenceLastMicros()));
        }

        private Span and(Span other) {
            return new Span(from.isBefore(other.from) ? from : other.from, to.isAfter(other.to) ? to : other.to);
        }
    }

    private final Repository repository;
    private final Dialect dialect;
    private final List<String> shards;

    /** Searches all shards that ever were announced. */
    MomentSearch(Repository repository, Dialect dialect) {
        this(
                repository,
                dialect,
                repository.cluster().shards().stream().map(ShardIdentity::name).toList());
    }

    /** Searches some shards. */
    MomentSearch(Repository repository, Dialect dialect, List<String> shards) {
        this.repository = repository;
        this.dialect = dialect;
        this.shards = shards;
    }

    /**
     * When it happened; empty if the chronicle does not have it.
     *
     * @throws PlanRefusedException if a restore point's name is not unique on a shard
     */
    Optional<Span> of(Target target) throws IOException {
        return switch (target) {
            case Target.Time time -> Optional.of(new Span(time.moment(), time.moment()));
            case Target.FenceBefore before -> Optional.of(new Span(before.moment(), before.moment()));
            case Target.Latest latest -> newest();
            case Target.BeforeTransaction before -> transaction(before.shard(), before.xid());
            case Target.AfterTransaction after -> transaction(after.shard(), after.xid());
            case Target.NamedRestorePoint point -> restorePoint(point.name());
            case Target.AtFence fence ->
                everywhere(shard -> new Newest<>(shard, segment -> fence(segment, fence.id())));
            case Target.Positions positions ->
                everywhere(shard -> {
                    Lsn asked = positions.byShard().get(shard);
                    return new Newest<>(
                            shard,
                            segment -> asked == null || segment.start().isAfter(asked) ? null : Span.of(segment));
                });
        };
    }

    /** A question to the segments of one shard, answered by the newest that has an answer. */
    private record Newest<T>(String shard, Function<Segment, @Nullable T> question) {}

    private static @Nullable Span fence(Segment segment, long id) {
        for (FenceMark mark : segment.fences()) {
            if (mark.id() == id) {
                return new Span(instant(mark.referenceMicros()), instant(mark.referenceMicros()));
            }
        }
        return null;
    }

    /** The end of the shard that is known least far. */
    private Optional<Span> newest() throws IOException {
        Instant least = null;
        for (Optional<Span> last :
                eachShard(shard -> new Newest<>(shard, Span::of)).values()) {
            if (last.isEmpty()) {
                return Optional.empty();
            }
            least = least == null || last.get().to().isBefore(least)
                    ? last.get().to()
                    : least;
        }
        return least == null ? Optional.empty() : Optional.of(new Span(least, least));
    }

    private Optional<Span> everywhere(Function<String, Newest<Span>> question) throws IOException {
        Span all = null;
        for (Optional<Span> one : eachShard(question).values()) {
            if (one.isPresent()) {
                all = all == null ? one.get() : all.and(one.get());
            }
        }
        return Optional.ofNullable(all);
    }

    private Optional<Span> restorePoint(String name) throws IOException {
        Map<String, Integer> seen = new java.util.concurrent.ConcurrentHashMap<>();
        Map<String, Span> at = new java.util.concurrent.ConcurrentHashMap<>();
        eachShard(shard -> new Newest<Span>(shard, segment -> {
            for (RestorePoint point : segment.restorePoints()) {
                if (point.name().equals(name)) {
                    seen.merge(shard, 1, Integer::sum);
                    at.put(shard, Span.of(segment));
                }
            }
            return null;
        }));
        for (Map.Entry<String, Integer> one : seen.entrySet()) {
            if (one.getValue() > 1) {
                throw new PlanRefusedException(
                        "restore point '" + name + "' was made " + one.getValue() + " times on shard '" + one.getKey()
                                + "'",
                        "name the moment or the positions instead; history --kind restore_point lists them");
            }
        }
        return at.values().stream().reduce(Span::and);
    }

    /** The commit that is named, and those of the other parts of its transaction near it. */
    private Optional<Span> transaction(String shard, int xid) throws IOException {
        Optional<Map.Entry<Span, Optional<String>>> named = ask(new Newest<>(shard, segment -> {
            for (Event event : segment.events()) {
                if (event.commits() && event.xid() == xid) {
                    return Map.entry(Span.of(segment), key(event));
                }
            }
            return null;
        }));
        if (named.isEmpty() || named.get().getValue().isEmpty()) {
            return named.map(Map.Entry::getKey);
        }
        Span first = named.get().getKey();
        String wanted = named.get().getValue().get();
        ChronicleReader chronicle = new ChronicleReader(repository);
        Map<String, Span> parts = new java.util.concurrent.ConcurrentHashMap<>();
        chronicle.each(first.from().minus(PARTS_APART), first.to().plus(PARTS_APART), segment -> {
            for (Event event : segment.events()) {
                if (event.commits() && key(event).filter(wanted::equals).isPresent()) {
                    parts.merge(segment.shard(), Span.of(segment), Span::and);
                }
            }
        });
        return Optional.of(parts.values().stream().reduce(first, Span::and));
    }

    private Optional<String> key(Event event) {
        String gid = event.gid();
        return gid == null ? Optional.empty() : dialect.globalTransaction(gid);
    }

    private <T> Map<String, Optional<T>> eachShard(Function<String, Newest<T>> question) throws IOException {
        Map<String, Future<Optional<T>>> asked = new LinkedHashMap<>();
        Map<String, Optional<T>> answers = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String shard : shards) {
                asked.put(shard, threads.submit(() -> ask(question.apply(shard))));
            }
            for (Map.Entry<String, Future<Optional<T>>> one : asked.entrySet()) {
                answers.put(one.getKey(), ChronicleReader.get(one.getValue()));
            }
        }
        return answers;
    }

    private <T> Optional<T> ask(Newest<T> newest) throws IOException {
        OptionalLong last = repository.chronicle().lastSequence(newest.shard());
        long first = repository.chronicle().firstSequence(newest.shard()).orElse(0);
        for (long sequence = last.orElse(-1); sequence >= first; sequence--) {
            try {
                T answer = newest.question()
                        .apply(SegmentCodec.decodeForCut(repository.chronicle().read(newest.shard(), sequence)));
                if (answer != null) {
                    return Optional.of(answer);
                }
            } catch (SegmentFormatException e) {
                throw SegmentReading.damaged(newest.shard(), sequence, e);
            }
        }
        return Optional.empty();
    }

    static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
