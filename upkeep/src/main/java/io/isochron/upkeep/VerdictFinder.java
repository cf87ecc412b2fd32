package io.isochron.upkeep;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.restore.ArchiveState;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.StoredName;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Says which moments can be restored, given what is damaged. A restore takes the newest snapshot before its moment and all WAL from there on, so damage takes away every moment from where it lies up to
 * the next snapshot that was begun behind it; and a snapshot that is damaged takes away every moment from it up to the next whole one.
 */
public final class VerdictFinder {
    /** How far around its moment a cut is computed from the chronicle. */
    private static final Duration CHRONICLE_AROUND = Duration.ofMinutes(2);

    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final Repository repository;
    private final Map<String, SegmentTimes> times = new HashMap<>();

    public VerdictFinder(Repository repository) {
        this.repository = repository;
    }

    /** A snapshot of all members of a period: the newest parts up to it. */
    private record Point(Map<String, ShardSnapshot> parts, Set<String> ids, long from) {}

    /** Moments from one up to, not including, another. */
    private record Lost(long from, long to, String because) {}

    /**
     * Finds it.
     *
     * @param damage what is known to be damaged; nothing is read to find more
     */
    public Verdict find(Damage damage) throws IOException {
        if (damage.more()) {
            return Verdict.unknown("there are more findings than were kept");
        }
        for (Map.Entry<String, StoredName> damaged : damage.objects().entrySet()) {
            if (damaged.getValue() instanceof StoredName.Foundation) {
                return Verdict.unknown("object " + damaged.getKey() + " is not whole, on which everything stands");
            }
        }
        List<RecoverableRange> ranges;
        List<Lost> lost = new ArrayList<>();
        try {
            ArchiveState state = ArchiveState.read(repository);
            ranges = state.recoverable();
            long margin = micros(MARGIN) + 2 * uncertainty(state);
            List<SnapshotInfo> snapshots = repository.snapshots().list();
            for (Period period : repository.membership().periods()) {
                lost.addAll(lost(period, snapshots, damage, margin));
            }
        } catch (IOException e) {
            if (damage.objects().isEmpty()) {
                throw e;
            }
            return Verdict.unknown(String.valueOf(e.getMessage()));
        }
        return without(ranges, lost);
    }

    private List<Lost> lost(Period period, List<SnapshotInfo> snapshots, Damage damage, long margin)
            throws IOException {
        List<Lost> lost = new ArrayList<>();
        List<Point> points = points(period, snapshots);
        Set<String> damagedSnapshots = new HashSet<>();
        for (StoredName name : damage.objects().values()) {
            if (name instanceof StoredName.SnapshotPart part) {
                damagedSnapshots.add(part.snapshot());
            }
        }
        List<Point> usable = points.stream()
                .filter(point -> point.ids().stream().noneMatch(damagedSnapshots::contains))
                .toList();
        long begin = bound(period.from());
        long end = bound(period.to());
        for (Map.Entry<String, StoredName> damaged : damage.objects().entrySet()) {
            String because = damaged.getKey();
            switch (damaged.getValue()) {
                case StoredName.Wal wal -> {
                    if (period.shards().contains(wal.shard())) {
                        long from = minus(times(wal.shard()).notBefore(new Lsn(wal.start())), margin);
                        lost.add(new Lost(from, after(usable, wal.shard(), wal.end()), because));
                    }
                }
                case StoredName.History history -> {
                    if (period.shards().contains(history.shard())) {
                        Lsn at = branch(history);
                        long from = minus(times(history.shard()).notBefore(at), margin);
                        lost.add(new Lost(from, after(usable, history.shard(), at.value()), because));
                    }
                }
                case StoredName.Segment segment -> {
                    if (period.shards().contains(segment.shard())) {
                        SegmentTimes of = times(segment.shard());
                        long around = micros(CHRONICLE_AROUND) + margin;
                        long from = minus(of.notBefore(segment.sequence()), around);
                        long next = after(
                                usable,
                                segment.shard(),
                                of.end(segment.sequence()).value());
                        lost.add(new Lost(from, next == Long.MAX_VALUE ? next : next + around, because));
                    }
                }
                case StoredName.SnapshotPart part -> {
                    for (int i = 0; i < points.size(); i++) {
                        Point point = points.get(i);
                        if (point.ids().contains(part.snapshot())) {
                            lost.add(new Lost(point.from(), next(usable, point.from()), because));
                        }
                    }
                }
                case StoredName.Foundation _, StoredName.Other _ -> {}
            }
        }
        return lost.stream()
                .map(one -> new Lost(Math.max(one.from(), begin), Math.min(one.to(), end), one.because()))
                .filter(one -> one.from() < one.to())
                .toList();
    }

    /** When the first usable snapshot that begins at or behind a position of a shard can be restored. */
    private static long after(List<Point> usable, String shard, long position) {
        return usable.stream()
                .filter(point -> Long.compareUnsigned(
                                Objects.requireNonNull(point.parts().get(shard)).startLsn(), position)
                        >= 0)
                .mapToLong(Point::from)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static long next(List<Point> usable, long from) {
        return usable.stream()
                .mapToLong(Point::from)
                .filter(other -> other > from)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private List<Point> points(Period period, List<SnapshotInfo> snapshots) throws IOException {
        Map<String, ShardSnapshot> parts = new LinkedHashMap<>();
        Map<String, String> ids = new HashMap<>();
        List<Point> points = new ArrayList<>();
        for (SnapshotInfo snapshot : snapshots) {
            boolean news = false;
            for (ShardSnapshot part : snapshot.shards()) {
                if (period.shards().contains(part.shard())) {
                    parts.put(part.shard(), part);
                    ids.put(part.shard(), snapshot.id());
                    news = true;
                }
            }
            if (news && parts.size() == period.shards().size()) {
                long from = Long.MIN_VALUE;
                for (ShardSnapshot part : parts.values()) {
                    from = Math.max(from, times(part.shard()).complete(new Lsn(part.endLsn())));
                }
                points.add(new Point(Map.copyOf(parts), Set.copyOf(ids.values()), from));
            }
        }
        return points;
    }

    /** Where a timeline's own WAL begins, as far as it is there. */
    private Lsn branch(StoredName.History history) throws IOException {
        try (var pieces = repository.wal().list(history.shard(), history.timeline())) {
            return pieces.findFirst().map(piece -> new Lsn(piece.start())).orElse(new Lsn(0));
        }
    }

    private SegmentTimes times(String shard) throws IOException {
        SegmentTimes known = times.get(shard);
        if (known == null) {
            known = new SegmentTimes(repository, shard);
            times.put(shard, known);
        }
        return known;
    }

    private static Verdict without(List<RecoverableRange> ranges, List<Lost> lost) {
        List<RecoverableRange> restorable = new ArrayList<>();
        List<Verdict.Loss> except = new ArrayList<>();
        for (RecoverableRange range : ranges) {
            long first = micros(range.from());
            long last = micros(range.to()) + 1;
            TreeSet<Long> edges = new TreeSet<>(List.of(first, last));
            for (Lost one : lost) {
                edges.add(Math.clamp(one.from(), first, last));
                edges.add(Math.clamp(one.to(), first, last));
            }
            long from = first;
            for (long to : edges.tailSet(first, false)) {
                List<String> because = new ArrayList<>();
                for (Lost one : lost) {
                    if (one.from() < to && one.to() > from) {
                        because.add(one.because());
                    }
                }
                add(
                        restorable,
                        except,
                        from,
                        to,
                        because.stream().distinct().sorted().toList());
                from = to;
            }
        }
        except.sort(Comparator.comparing(Verdict.Loss::from));
        return new Verdict(restorable, except, "");
    }

    private static void add(
            List<RecoverableRange> restorable, List<Verdict.Loss> except, long from, long to, List<String> because) {
        Instant last = instant(to - 1);
        if (because.isEmpty()) {
            if (!restorable.isEmpty() && restorable.getLast().to().equals(instant(from - 1))) {
                restorable.set(
                        restorable.size() - 1,
                        new RecoverableRange(restorable.getLast().from(), last));
            } else {
                restorable.add(new RecoverableRange(instant(from), last));
            }
            return;
        }
        Verdict.Loss before = except.isEmpty() ? null : except.getLast();
        if (before != null
                && before.to().equals(instant(from - 1))
                && before.because().equals(because)) {
            except.set(except.size() - 1, new Verdict.Loss(before.from(), last, because));
        } else {
            except.add(new Verdict.Loss(instant(from), last, because));
        }
    }

    private static long uncertainty(ArchiveState state) {
        long uncertainty = 0;
        for (ArchiveState.Shard shard : state.shards().values()) {
            ClockBounds clock = shard.clock();
            if (clock != null && shard.safe() != null) {
                uncertainty = Math.max(
                        uncertainty, clock.at(shard.safe().referenceMicros()).uncertaintyMicros());
            }
        }
        return uncertainty;
    }

    private static long minus(long time, long margin) {
        return time == Long.MIN_VALUE || time == Long.MAX_VALUE ? time : time - margin;
    }

    private static long bound(Instant moment) {
        return moment.equals(Instant.MIN)
                ? Long.MIN_VALUE
                : moment.equals(Instant.MAX) ? Long.MAX_VALUE : micros(moment);
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1000;
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
