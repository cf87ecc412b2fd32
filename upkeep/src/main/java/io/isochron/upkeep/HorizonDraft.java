package io.isochron.upkeep;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.ShardBoundary;
import io.isochron.chronicle.Target;
import io.isochron.restore.CutFinder;
import io.isochron.restore.LedgerReader;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.PlanRefusedException;
import io.isochron.restore.ShardLedger;
import io.isochron.store.Repository;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.store.RetentionRecord.Sighting;
import io.isochron.store.SnapshotInfo;
import io.isochron.upkeep.RetentionDecision.Single;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes of a decision the record that says so: finds the moments, positions and numbers. Writes nothing. */
final class HorizonDraft {
    /** How much chronicle is kept before WAL: what a planner reads around a snapshot, and clocks. */
    private static final Duration CHRONICLE_BEFORE = Duration.ofMinutes(10);

    /** Where a moment is looked for after a snapshot became usable. */
    private static final List<Duration> AFTER = List.of(
            Duration.ofSeconds(1),
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Duration.ofHours(1));

    private final Repository repository;
    private final FactsReader reader;
    private final Dialect dialect;

    HorizonDraft(Repository repository, FactsReader reader, Dialect dialect) {
        this.repository = repository;
        this.reader = reader;
        this.dialect = dialect;
    }

    /**
     * The record of a decision.
     *
     * @param warnings is told what could not be kept as promised
     */
    RetentionRecord record(
            RetentionPromise promise,
            RetentionDecision decision,
            Map<String, Sighting> unpublished,
            Instant recorded,
            String by,
            List<String> warnings)
            throws IOException {
        Map<String, Long> walFloors = new TreeMap<>(decision.floors());
        List<KeptMoment> moments = new ArrayList<>();
        for (Single single : decision.singles()) {
            KeptMoment known = single.point().single();
            Optional<KeptMoment> kept = known == null
                    ? found(single)
                    : Optional.of(new KeptMoment(
                            known.moment(), single.rule(), known.snapshot(), known.parts(), known.wal()));
            if (kept.isPresent()) {
                moments.add(kept.get());
            } else {
                // better too much than a moment too few: the window reaches back to it until the moment is found
                warnings.add("no moment was found that can be reached from snapshot "
                        + single.point().id() + ", of " + single.point().usable()
                        + "; everything since then is kept");
                single.point()
                        .starts()
                        .forEach((shard, start) -> walFloors.merge(
                                shard, start, (one, other) -> Long.compareUnsigned(one, other) <= 0 ? one : other));
            }
        }
        List<String> dropped = new ArrayList<>(decision.dropped());
        dropped.removeIf(id -> stillStanding(id, walFloors));
        return new RetentionRecord(
                repository.horizon().nextNumber(),
                recorded.truncatedTo(ChronoUnit.MICROS),
                by,
                promise,
                decision.counted(),
                decision.continuous(),
                floors(walFloors, moments),
                moments,
                carried(dropped),
                unpublished);
    }

    private boolean stillStanding(String id, Map<String, Long> floors) {
        try {
            SnapshotInfo info = repository.snapshots().open(id).info();
            return info.shards().stream()
                    .anyMatch(part -> Long.compareUnsigned(
                                    part.startLsn()
                                            & -(long) repository
                                                    .cluster()
                                                    .shard(part.shard())
                                                    .walSegmentSizeBytes(),
                                    floors.getOrDefault(part.shard(), 0L))
                            >= 0);
        } catch (IOException e) {
            return true;
        }
    }

    /** What was dropped before stays so for as long as anything of it is there. */
    private List<String> carried(List<String> dropped) throws IOException {
        List<String> all = new ArrayList<>(dropped);
        for (String id :
                repository.horizon().record().map(RetentionRecord::dropped).orElse(List.of())) {
            if (!all.contains(id) && repository.snapshots().named(id)) {
                all.add(id);
            }
        }
        all.sort(null);
        return all;
    }

    /** The first moment that can be reached from a point, with what replay needs for it. */
    private Optional<KeptMoment> found(Single single) throws IOException {
        RetentionPoint point = single.point();
        SnapshotInfoStops stops = new SnapshotInfoStops(repository, point);
        for (Duration after : AFTER) {
            Instant moment = point.usable().plus(after).truncatedTo(ChronoUnit.MICROS);
            try {
                CutFinder.Found found =
                        new CutFinder(repository).find(new Target.Time(moment), new PlanOptions(dialect, false));
                Map<String, Positions> wal = new TreeMap<>();
                for (ShardBoundary boundary : found.cut().boundaries()) {
                    String shard = boundary.shard();
                    Long start = point.starts().get(shard);
                    if (start == null || boundary.lsn().isBefore(stops.stop(shard))) {
                        wal.clear();
                        break;
                    }
                    wal.put(shard, new Positions(start, boundary.lsn().value()));
                }
                if (wal.keySet().containsAll(single.shards())) {
                    return Optional.of(new KeptMoment(
                            moment,
                            single.rule(),
                            point.id(),
                            point.parts().values().stream().distinct().sorted().toList(),
                            wal));
                }
            } catch (PlanRefusedException e) {
                // a later moment may be reachable
            }
        }
        return Optional.empty();
    }

    /** Where the snapshots of a point end. */
    private record SnapshotInfoStops(Repository repository, RetentionPoint point) {
        Lsn stop(String shard) throws IOException {
            String id = point.parts().getOrDefault(shard, point.id());
            return new Lsn(repository.snapshots().open(id).info().shard(shard).endLsn());
        }
    }

    private Map<String, Floor> floors(Map<String, Long> wal, List<KeptMoment> moments) throws IOException {
        Map<String, Segment> oldest = new HashMap<>();
        Map<String, Floor> floors = new TreeMap<>();
        Instant earliest = Instant.MAX;
        for (String shard : wal.keySet()) {
            long lowest = wal.get(shard);
            for (KeptMoment kept : moments) {
                Positions range = kept.wal().get(shard);
                lowest = range != null && Long.compareUnsigned(range.from(), lowest) < 0 ? range.from() : lowest;
            }
            Segment newest = reader.segments(shard).newest().orElse(null);
            if (newest == null || lowest == 0) {
                floors.put(shard, new Floor(wal.get(shard), 0, 0, 0));
                continue;
            }
            Segment needed = lowest == RetentionDecision.NOTHING
                    ? newest
                    : reader.segments(shard).reaching(new Lsn(lowest)).orElse(newest);
            Segment from = reader.segments(shard)
                    .endingFrom(needed.referenceFirstMicros() - CHRONICLE_BEFORE.toNanos() / 1000, needed);
            oldest.put(shard, from);
            Instant at = FactsReader.instant(from.referenceFirstMicros());
            earliest = at.isBefore(earliest) ? at : earliest;
        }
        if (!oldest.isEmpty()) {
            Map<String, ShardLedger> ledgers =
                    new LedgerReader(repository).window(earliest, earliest, LedgerLevel.MINUTE);
            for (Map.Entry<String, Segment> entry : oldest.entrySet()) {
                floors.put(entry.getKey(), floor(wal, entry.getKey(), entry.getValue(), ledgers.get(entry.getKey())));
            }
        }
        Map<String, Floor> result = new TreeMap<>();
        floors.forEach((shard, floor) ->
                result.put(shard, floor.max(repository.horizon().floor(shard))));
        return result;
    }

    private Floor floor(Map<String, Long> wal, String shard, Segment oldest, @Nullable ShardLedger ledger)
            throws IOException {
        long minute = 0;
        long hour = 0;
        if (ledger != null && !ledger.entries().isEmpty()) {
            LedgerEntry first = ledger.entries().getFirst();
            minute = Math.max(0, first.cover().catalogEntry());
            hour = minute == 0 ? 0 : hour(shard, minute);
        }
        return new Floor(wal.getOrDefault(shard, 0L), oldest.sequence(), hour == 0 ? 0 : minute, hour);
    }

    private long hour(String shard, long minute) throws IOException {
        try {
            Optional<byte[]> encoded = repository.ledger().find(shard, minute);
            return encoded.isEmpty()
                    ? 0
                    : LedgerLevel.HOUR.period(
                            LedgerCodec.decode(encoded.get()).cover().toMicros());
        } catch (SegmentFormatException e) {
            // then nothing of the ledger is given up
            return 0;
        }
    }
}
