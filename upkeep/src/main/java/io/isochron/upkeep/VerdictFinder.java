package io.isochron.upkeep;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.restore.ArchiveState;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.Snapshots;
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
 * Says which moments can be restored, given what is damaged. A restore takes the newest whole snapshot before its moment and all WAL from there on, so damage to WAL takes away every moment from where it
 * lies up to the next whole snapshot that was begun behind it. A snapshot that is damaged takes away only what no older whole one reaches, also one of which only the object is damaged that publishes it.
 */
public final class VerdictFinder {
    /** How far behind its moment a plan reads the chronicle, which is from before its snapshot on; one segment beyond that is read, too. */
    static final Duration BEHIND_MOMENT = Duration.ofMinutes(5);

    /** How far before its snapshot. */
    static final Duration BEFORE_SNAPSHOT = Duration.ofMinutes(2);

    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final Repository repository;
    private final Map<String, SegmentTimes> times = new HashMap<>();

    public VerdictFinder(Repository repository) {
        this.repository = repository;
    }

    /**
     * A snapshot of all members of a period: the newest parts up to it.
     *
     * @param begun when its oldest part was begun
     * @param from the first moment that can be restored from it
     */
    private record Point(Map<String, ShardSnapshot> parts, Set<String> ids, long begun, long from) {}

    /** Moments from one up to, not including, another. */
    private record Lost(long from, long to, String because) {}

    /**
     * Finds it.
     *
     * @param damage what is known to be damaged; nothing is read to find more, and what is read again may turn out to be elsewhere, too
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
        try {
            return judge(new WalElsewhere(repository)
                    .only(damage)
                    .with(withoutTheirFile(repository.snapshots().readable().whole())));
        } catch (IOException e) {
            if (damage.objects().isEmpty()) {
                throw e;
            }
            return Verdict.unknown(String.valueOf(e.getMessage()));
        }
    }

    /** Snapshots of which WAL before their beginning is missing that a server asks for all the same, in the file in which replay begins. Nothing else shows that it ought to be there. */
    private Map<String, StoredName> withoutTheirFile(List<SnapshotInfo> snapshots) throws IOException {
        Map<String, StoredName> unusable = new HashMap<>();
        for (SnapshotInfo snapshot : snapshots) {
            for (ShardSnapshot part : snapshot.shards()) {
                long file = repository.cluster().shard(part.shard()).walSegmentSizeBytes();
                long from = part.startLsn() & -file;
                long reached = repository.wal().contiguousEnd(part.shard(), part.timeline(), from);
                if (Long.compareUnsigned(reached, part.startLsn()) < 0) {
                    unusable.put(
                            "wal of " + part.shard() + " from " + new Lsn(from) + " to " + new Lsn(part.startLsn()),
                            new StoredName.SnapshotPart(snapshot.id()));
                }
            }
        }
        return unusable;
    }

    /** @param found what is known; snapshots that cannot be told of are added */
    private Verdict judge(Damage found) throws IOException {
        Snapshots.Listing listing = repository.snapshots().readable();
        List<SnapshotInfo> snapshots = new ArrayList<>(listing.whole());
        Map<String, StoredName> unreadable = new HashMap<>();
        for (String id : listing.damaged().keySet()) {
            snapshots.add(new SnapshotTraces(repository, this::times).of(id));
            unreadable.put("snapshot/" + id, new StoredName.SnapshotPart(id));
        }
        snapshots.sort(Comparator.comparing(SnapshotInfo::created).thenComparing(SnapshotInfo::id));
        Damage damage = found.with(unreadable);
        Set<String> damagedSnapshots = new HashSet<>();
        for (StoredName name : damage.objects().values()) {
            if (name instanceof StoredName.SnapshotPart part) {
                damagedSnapshots.add(part.snapshot());
            }
        }
        ArchiveState state = ArchiveState.read(repository, snapshots);
        List<RecoverableRange> usable = damagedSnapshots.isEmpty()
                ? state.recoverable()
                : ArchiveState.read(repository, without(snapshots, damagedSnapshots))
                        .recoverable();
        long margin = micros(MARGIN) + 2 * uncertainty(state);
        List<Lost> lost = new ArrayList<>();
        for (Period period : repository.membership().periods()) {
            lost.addAll(lost(period, without(snapshots, damagedSnapshots), damage, margin));
            lost.addAll(unreached(period, snapshots, damage, state.recoverable(), usable));
        }
        List<Verdict.Moment> moments =
                new SingleMoments(repository, this::times).judge(listing.whole(), damage, margin);
        Set<Instant> single = new HashSet<>();
        moments.forEach(one -> single.add(one.moment()));
        // single moments are judged by the objects that they need, not by what lies around them
        List<RecoverableRange> ranges = state.recoverable().stream()
                .filter(range -> !isSingle(range, single))
                .toList();
        return without(ranges, lost).with(moments);
    }

    private static boolean isSingle(RecoverableRange range, Set<Instant> single) {
        return range.from().equals(range.to()) && single.contains(range.from());
    }

    private static List<SnapshotInfo> without(List<SnapshotInfo> snapshots, Set<String> ids) {
        return snapshots.stream()
                .filter(snapshot -> !ids.contains(snapshot.id()))
                .toList();
    }

    /** What could be restored if damaged snapshots were whole, and cannot. */
    private List<Lost> unreached(
            Period period,
            List<SnapshotInfo> snapshots,
            Damage damage,
            List<RecoverableRange> all,
            List<RecoverableRange> usable)
            throws IOException {
        List<Lost> lost = new ArrayList<>();
        if (all.equals(usable)) {
            return lost;
        }
        List<Point> points = points(period, snapshots);
        List<Lost> missing = minus(all, usable);
        for (Map.Entry<String, StoredName> damaged : damage.objects().entrySet()) {
            if (damaged.getValue() instanceof StoredName.SnapshotPart part) {
                long from = points.stream()
                        .filter(point -> point.ids().contains(part.snapshot()))
                        .mapToLong(Point::from)
                        .min()
                        .orElse(Long.MIN_VALUE);
                for (Lost one : missing) {
                    lost.add(new Lost(Math.max(from, one.from()), one.to(), damaged.getKey()));
                }
            }
        }
        return within(period, lost);
    }

    /** What some ranges hold and others do not. */
    private static List<Lost> minus(List<RecoverableRange> all, List<RecoverableRange> others) {
        List<Lost> left = new ArrayList<>();
        for (RecoverableRange range : all) {
            long from = micros(range.from());
            long end = micros(range.to()) + 1;
            for (RecoverableRange other : others) {
                if (micros(other.to()) < from || micros(other.from()) >= end) {
                    continue;
                }
                if (micros(other.from()) > from) {
                    left.add(new Lost(from, micros(other.from()), ""));
                }
                from = Math.max(from, micros(other.to()) + 1);
            }
            if (from < end) {
                left.add(new Lost(from, end, ""));
            }
        }
        return left;
    }

    /** @param snapshots those that are whole */
    private List<Lost> lost(Period period, List<SnapshotInfo> snapshots, Damage damage, long margin)
            throws IOException {
        List<Lost> lost = new ArrayList<>();
        List<Point> usable = points(period, snapshots);
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
                        Lsn at = SingleMoments.branch(repository, history);
                        long from = minus(times(history.shard()).notBefore(at), margin);
                        lost.add(new Lost(from, after(usable, history.shard(), at.value()), because));
                    }
                }
                case StoredName.Segment segment -> {
                    if (period.shards().contains(segment.shard())) {
                        SegmentTimes of = times(segment.shard());
                        long from = minus(of.notBefore(segment.sequence() - 1), micros(BEHIND_MOMENT) + margin);
                        long end = minus(of.notAfter(segment.sequence()), -margin - micros(BEFORE_SNAPSHOT));
                        lost.add(new Lost(from, takenAfter(usable, end), because));
                    }
                }
                case StoredName.SnapshotPart _, StoredName.Foundation _, StoredName.Other _ -> {}
            }
        }
        return within(period, lost);
    }

    private static List<Lost> within(Period period, List<Lost> lost) {
        long begin = bound(period.from());
        long end = bound(period.to());
        return lost.stream()
                .map(one -> new Lost(Math.max(one.from(), begin), Math.min(one.to(), end), one.because()))
                .filter(one -> one.from() < one.to())
                .toList();
    }

    /** When the first usable snapshot can be restored that needs nothing of a shard's WAL before a position. */
    private long after(List<Point> usable, String shard, long position) {
        // a server asks for WAL from the beginning of the file on in which replay begins
        long file = repository.cluster().shard(shard).walSegmentSizeBytes();
        return usable.stream()
                .filter(point -> Long.compareUnsigned(
                                Objects.requireNonNull(point.parts().get(shard)).startLsn() & -file, position)
                        >= 0)
                .mapToLong(Point::from)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** When the first usable snapshot can be restored that was begun after some time. */
    private static long takenAfter(List<Point> usable, long time) {
        return usable.stream()
                .filter(point -> point.begun() > time)
                .mapToLong(Point::from)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private List<Point> points(Period period, List<SnapshotInfo> snapshots) throws IOException {
        Map<String, ShardSnapshot> parts = new LinkedHashMap<>();
        Map<String, String> ids = new HashMap<>();
        Map<String, Long> begun = new HashMap<>();
        List<Point> points = new ArrayList<>();
        for (SnapshotInfo snapshot : snapshots) {
            boolean news = false;
            for (ShardSnapshot part : snapshot.shards()) {
                if (period.shards().contains(part.shard())) {
                    parts.put(part.shard(), part);
                    ids.put(part.shard(), snapshot.id());
                    begun.put(part.shard(), micros(snapshot.created()));
                    news = true;
                }
            }
            if (news && parts.size() == period.shards().size()) {
                long from = Long.MIN_VALUE;
                for (ShardSnapshot part : parts.values()) {
                    from = Math.max(from, times(part.shard()).complete(new Lsn(part.endLsn())));
                }
                long oldest =
                        begun.values().stream().mapToLong(Long::longValue).min().orElse(Long.MIN_VALUE);
                points.add(new Point(Map.copyOf(parts), Set.copyOf(ids.values()), oldest, from));
            }
        }
        return points;
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
        return new Verdict(restorable, except, List.of(), "");
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

    static long minus(long time, long margin) {
        return time == Long.MIN_VALUE || time == Long.MAX_VALUE ? time : time - margin;
    }

    private static long bound(Instant moment) {
        return moment.equals(Instant.MIN)
                ? Long.MIN_VALUE
                : moment.equals(Instant.MAX) ? Long.MAX_VALUE : micros(moment);
    }

    static long micros(Duration duration) {
        return duration.toNanos() / 1000;
    }

    static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
