package io.isochron.upkeep;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.restore.ArchiveState;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.SegmentByPosition;
import io.isochron.store.Membership;
import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.upkeep.RetentionFacts.PeriodFacts;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads what retention decides from: a few segments for each snapshot of the window. */
final class FactsReader {
    private final Repository repository;
    private final InstantSource clock;
    private final Map<String, SegmentByPosition> segments = new HashMap<>();

    FactsReader(Repository repository, InstantSource clock) {
        this.repository = repository;
        this.clock = clock;
    }

    SegmentByPosition segments(String shard) throws IOException {
        SegmentByPosition known = segments.get(shard);
        if (known == null) {
            known = new SegmentByPosition(repository, shard);
            segments.put(shard, known);
        }
        return known;
    }

    /**
     * What clocks say of now.
     *
     * @param host this host's
     * @param capture capture's at the cluster's safe time; {@link Instant#MIN} if a shard has none
     * @param shards the members' own at their safe points; {@link Instant#MIN} for one that has none
     */
    record Readings(Instant host, Instant capture, List<Instant> shards) {
        Instant now() {
            return Clocks.now(host, capture, shards);
        }

        List<Instant> all() {
            List<Instant> all = new ArrayList<>(shards);
            all.add(host);
            all.add(capture);
            return all;
        }
    }

    /** What the archive and this host say of now; the archive's time stands still while nothing is archived. */
    Readings clocks() throws IOException {
        List<Instant> own = new ArrayList<>();
        ArchiveState state = ArchiveState.read(repository);
        Instant reference = Instant.MAX;
        for (String shard : repository.membership().present().shards()) {
            ArchiveState.Shard known = state.shards().get(shard);
            SafePoint safe = known == null ? null : known.safe();
            Instant at = safe == null ? Instant.MIN : instant(safe.referenceMicros());
            reference = at.isBefore(reference) ? at : reference;
            own.add(safe == null ? Instant.MIN : instant(safe.shardClockMicros()));
        }
        return new Readings(clock.instant(), reference, own);
    }

    /** @param now the moment from which promises count back */
    RetentionFacts read(Instant now) throws IOException {
        List<SnapshotInfo> snapshots = repository.snapshots().list();
        Map<String, Map<String, Long>> starts = new LinkedHashMap<>();
        for (SnapshotInfo snapshot : snapshots) {
            Map<String, Long> of = new TreeMap<>();
            for (ShardSnapshot part : snapshot.shards()) {
                of.put(part.shard(), aligned(part.shard(), part.startLsn()));
            }
            starts.put(snapshot.id(), of);
        }
        Membership membership = repository.membership();
        List<PeriodFacts> periods = new ArrayList<>();
        for (Membership.Period period : membership.periods()) {
            periods.add(new PeriodFacts(period.from(), period.to(), period.shards(), points(period, snapshots)));
        }
        List<String> shards =
                membership.cluster().shards().stream().map(ShardIdentity::name).toList();
        Set<String> undecided = shards.stream()
                .filter(shard -> membership.state(shard).orElseThrow() == Membership.State.JOINING)
                .collect(Collectors.toSet());
        return new RetentionFacts(now, periods, starts, undecided, shards, repository.horizon());
    }

    private long aligned(String shard, long position) {
        return position & -(long) repository.cluster().shard(shard).walSegmentSizeBytes();
    }

    private List<RetentionPoint> points(Membership.Period period, List<SnapshotInfo> snapshots) throws IOException {
        Map<String, KeptMoment> singles = new HashMap<>();
        repository.horizon().moments().forEach(kept -> singles.put(kept.snapshot(), kept));
        List<RetentionPoint> points = new ArrayList<>();
        Instant latest = Instant.MIN;
        for (SnapshotPoint point : new ChronicleReader(repository, period, snapshots).snapshotPoints()) {
            Map<String, Long> starts = new HashMap<>();
            boolean whole = true;
            for (String shard : period.shards()) {
                long start = aligned(
                        shard, Objects.requireNonNull(point.start().get(shard)).value());
                starts.put(shard, start);
                whole &= Long.compareUnsigned(
                                start, repository.horizon().floor(shard).wal())
                        >= 0;
            }
            KeptMoment single = whole ? null : singles.get(point.id());
            if (!whole && (single == null || !single.wal().keySet().equals(Set.copyOf(period.shards())))) {
                continue;
            }
            Optional<Instant> usable = single != null ? Optional.of(single.moment()) : usable(period, point);
            if (usable.isEmpty()) {
                // its end is not archived yet: nothing can be reached from it
                continue;
            }
            latest = usable.get().isAfter(latest) ? usable.get() : latest;
            points.add(new RetentionPoint(point.id(), latest, parts(period, snapshots, point.id()), starts, single));
        }
        return points;
    }

    private static Map<String, String> parts(Membership.Period period, List<SnapshotInfo> snapshots, String newest) {
        Map<String, String> parts = new HashMap<>();
        for (SnapshotInfo snapshot : snapshots) {
            for (ShardSnapshot part : snapshot.shards()) {
                if (period.shards().contains(part.shard())) {
                    parts.put(part.shard(), snapshot.id());
                }
            }
            if (snapshot.id().equals(newest)) {
                break;
            }
        }
        return parts;
    }

    /** When everything that a point needs had arrived, as most clocks say; empty if it has not. */
    private Optional<Instant> usable(Membership.Period period, SnapshotPoint point) throws IOException {
        Instant reference = Instant.MIN;
        List<Instant> readings = new ArrayList<>();
        for (String shard : period.shards()) {
            Lsn stop = Objects.requireNonNull(point.stop().get(shard));
            Optional<Segment> reaching = segments(shard).reaching(stop);
            if (reaching.isEmpty()) {
                return Optional.empty();
            }
            Instant at = instant(reaching.get().referenceLastMicros());
            reference = at.isAfter(reference) ? at : reference;
            ClockBounds bounds = clock(shard, reaching.get());
            readings.add(bounds == null ? at : at.plus(bounds.offsetHighMicros(), ChronoUnit.MICROS));
        }
        readings.add(reference);
        return Optional.of(Clocks.past(readings));
    }

    /** The last reading of a shard's clock at or shortly before a segment. */
    private @Nullable ClockBounds clock(String shard, Segment segment) throws IOException {
        long least = Math.max(segment.sequence() - 200, 0);
        for (long sequence = segment.sequence(); sequence >= least; sequence--) {
            if (sequence < repository.chronicle().firstSequence(shard).orElse(0)) {
                return null;
            }
            Segment one = segments(shard).segment(sequence);
            if (!one.clocks().isEmpty()) {
                return one.clocks().getLast();
            }
        }
        return null;
    }

    static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
