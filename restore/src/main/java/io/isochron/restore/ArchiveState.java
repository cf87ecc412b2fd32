package io.isochron.restore;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.Notable;
import io.isochron.chronicle.OpenPrepared;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord;
import io.isochron.store.SnapshotInfo;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How far a cluster's archive reaches now, and which moments can be restored: from the ledgers, the newest segment of each shard, and one segment for each snapshot that begins a range. What is in the
 * window is not read.
 *
 * @param shards all that ever were announced, by name
 * @param recoverable ranges in order, each of grade atomic; single moments that retention keeps are ranges of one moment; one begins when the segment that holds its snapshot's end was complete, so up to a segment's length later than the earliest moment
 * @param heldBackBy the present member whose safe time is the cluster's, or one that has none
 * @param breaks what is wrong with ledgers or WAL: {@link ShardLedger#breaks} and gaps
 */
public record ArchiveState(
        Map<String, Shard> shards,
        List<RecoverableRange> recoverable,
        @Nullable String heldBackBy,
        List<String> breaks) {
    /**
     * One shard.
     *
     * @param last its newest segment; null if nothing is known of it
     * @param safe its newest safe point; null if there is none
     * @param clock the newest bounds of its clock; null if it was never read
     * @param entries how many minutes its ledger has
     * @param stale transactions prepared for a minute and more
     */
    public record Shard(
            @Nullable Segment last,
            @Nullable SafePoint safe,
            @Nullable ClockBounds clock,
            long entries,
            List<OpenPrepared> stale) {
        /** Reference time up to which its WAL is known to be archived. */
        public Optional<Instant> safeTime() {
            return safe == null ? Optional.empty() : Optional.of(instant(safe.referenceMicros()));
        }
    }

    /** Segments of which the newest safe point is looked for. */
    private static final int LOOK_BACK = 200;

    /** Reads it. */
    public static ArchiveState read(Repository repository) throws IOException {
        return read(repository, repository.snapshots().readable().whole());
    }

    /**
     * The same as if there were other snapshots.
     *
     * @param snapshots those that may be restored from, oldest first; single moments that retention keeps are not judged by it
     */
    public static ArchiveState read(Repository repository, List<SnapshotInfo> snapshots) throws IOException {
        LedgerReader ledger = new LedgerReader(repository);
        Map<String, ShardLedger> ledgers = ledger.stored(null, LedgerLevel.DAY);
        Map<String, Shard> shards = new TreeMap<>();
        List<String> breaks = new ArrayList<>();
        for (ShardLedger one : ledgers.values()) {
            shards.put(one.shard(), shard(repository, one));
            breaks.addAll(one.breaks());
            gaps(one).forEach(gap -> breaks.add("wal of shard " + one.shard() + " is missing: " + gap.text()));
        }
        List<String> present = repository.membership().present().shards();
        String heldBack = shards.entrySet().stream()
                .filter(entry -> present.contains(entry.getKey()))
                .min(Comparator.comparing(entry -> entry.getValue().safeTime().orElse(Instant.MIN)))
                .map(Map.Entry::getKey)
                .orElse(null);
        List<RecoverableRange> ranges = new ArrayList<>();
        for (RetentionRecord.KeptMoment single : repository.horizon().moments()) {
            ranges.add(new RecoverableRange(single.moment(), single.moment()));
        }
        for (Period period : repository.membership().periods()) {
            ranges.addAll(ranges(repository, period, snapshots, members(ledgers, period), members(shards, period)));
        }
        return new ArchiveState(shards, List.copyOf(ranges), heldBack, breaks);
    }

    private static <T> Map<String, T> members(Map<String, T> all, Period period) {
        Map<String, T> members = new TreeMap<>(all);
        members.keySet().retainAll(period.shards());
        return members;
    }

    /** The cluster's safe time; empty until every shard has a safe point. */
    public Optional<Instant> safeTime() {
        Shard shard = heldBackBy == null ? null : shards.get(heldBackBy);
        return shard == null ? Optional.empty() : shard.safeTime();
    }

    private static List<Notable> gaps(ShardLedger ledger) {
        return ledger.entries().stream()
                .flatMap(entry -> entry.digest().notables().stream())
                .filter(notable -> notable.kind() == Notable.Kind.GAP)
                .toList();
    }

    private static Shard shard(Repository repository, ShardLedger ledger) throws IOException {
        OptionalLong last = repository.chronicle().lastSequence(ledger.shard());
        if (last.isEmpty()) {
            return new Shard(null, null, null, 0, List.of());
        }
        LedgerEntry entry = ledger.entries().isEmpty() ? null : ledger.entries().getLast();
        Segment newest = segment(repository, ledger.shard(), last.getAsLong());
        SafePoint safe = newest.safePoint();
        ClockBounds clock = newest.clocks().isEmpty() ? null : newest.clocks().getLast();
        long covered = entry == null ? -1 : entry.cover().lastSequence();
        long least = Math.max(covered + 1, last.getAsLong() - LOOK_BACK);
        for (long sequence = last.getAsLong() - 1; sequence >= least && (safe == null || clock == null); sequence--) {
            Segment older = wholeFrom(repository, ledger.shard(), sequence, sequence);
            if (older == null) {
                continue;
            }
            safe = safe == null ? older.safePoint() : safe;
            clock = clock == null && !older.clocks().isEmpty() ? older.clocks().getLast() : clock;
        }
        if (entry != null) {
            safe = safe == null ? entry.cover().safePoint() : safe;
            clock = clock == null ? entry.cover().clock() : clock;
        }
        long now = newest.referenceLastMicros();
        long offset = clock == null ? 0 : clock.offsetMicros();
        List<OpenPrepared> stale = newest.openPrepared().stream()
                .filter(open -> now - (open.timeMicros() - offset) >= LedgerLevel.MINUTE.micros())
                .toList();
        return new Shard(newest, safe, clock, entry == null ? 0 : entry.cover().lastEntry() + 1, stale);
    }

    /** What can be restored of a period in which the members were these. */
    private static List<RecoverableRange> ranges(
            Repository repository,
            Period period,
            List<SnapshotInfo> snapshots,
            Map<String, ShardLedger> ledgers,
            Map<String, Shard> shards)
            throws IOException {
        List<RecoverableRange> ranges = new ArrayList<>();
        long to = lastMoment(shards);
        if (to == Long.MIN_VALUE) {
            return ranges;
        }
        to = Math.min(to, MemberPeriods.toMicros(period) - 1);
        long uncertainty = uncertainty(shards);
        for (SnapshotPoint snapshot : new ChronicleReader(repository, period, snapshots).snapshotPoints()) {
            boolean whole = true;
            long until = to;
            for (ShardLedger ledger : ledgers.values()) {
                Lsn start = snapshot.start().get(ledger.shard());
                whole &= start != null && covers(repository, ledger, start) && kept(repository, ledger.shard(), start);
                for (Notable gap : gaps(ledger)) {
                    if (start != null && gap.at().isAfter(start)) {
                        until = Math.min(until, gap.atMicros() - LedgerLevel.MINUTE.micros() - 2 * uncertainty);
                    }
                }
            }
            boolean inside = !ranges.isEmpty() && ranges.getLast().to().equals(instant(until));
            if (!whole || inside) {
                continue;
            }
            long from = MemberPeriods.fromMicros(period);
            for (String shard : shards.keySet()) {
                from = Math.max(
                        from, complete(repository, shard, snapshot.stop().get(shard)));
            }
            if (from <= until) {
                ranges.add(new RecoverableRange(instant(from), instant(until)));
            }
        }
        ranges.sort(Comparator.comparing(RecoverableRange::from));
        return ranges;
    }

    /** Whether everything from a position on is kept; before that only single moments are. */
    private static boolean kept(Repository repository, String shard, Lsn start) {
        long segment = repository.cluster().shard(shard).walSegmentSizeBytes();
        return Long.compareUnsigned(
                        start.value() & -segment,
                        repository.horizon().floor(shard).wal())
                >= 0;
    }

    private static boolean covers(Repository repository, ShardLedger ledger, Lsn start) throws IOException {
        Lsn first;
        if (ledger.entries().isEmpty()) {
            OptionalLong sequence = repository.chronicle().firstSequence(ledger.shard());
            if (sequence.isEmpty()) {
                return false;
            }
            first = segment(repository, ledger.shard(), sequence.getAsLong()).start();
        } else {
            first = ledger.entries().getFirst().cover().start();
        }
        return !start.isBefore(first);
    }

    /** Reference time when everything up to a position had arrived; the greatest time if it has not. */
    private static long complete(Repository repository, String shard, @Nullable Lsn position) throws IOException {
        if (position == null) {
            return Long.MAX_VALUE;
        }
        try {
            return new SegmentByPosition(repository, shard)
                    .reaching(position)
                    .map(Segment::referenceLastMicros)
                    .orElse(Long.MAX_VALUE);
        } catch (ObjectDamagedException | ObjectNotFoundException | RestoreException e) {
            return completeBesideDamage(repository, shard, position);
        }
    }

    /** The same with segments stepped over that cannot be read, so later rather than earlier. */
    private static long completeBesideDamage(Repository repository, String shard, Lsn position) throws IOException {
        OptionalLong first = repository.chronicle().firstSequence(shard);
        if (first.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long low = first.getAsLong();
        long last = repository.chronicle().lastSequence(shard).orElseThrow();
        long high = last + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            Segment segment = wholeFrom(repository, shard, middle, high - 1);
            if (segment != null && segment.end().isBefore(position)) {
                low = segment.sequence() + 1;
            } else {
                high = middle;
            }
        }
        Segment holding = wholeFrom(repository, shard, low, last);
        return holding == null ? Long.MAX_VALUE : holding.referenceLastMicros();
    }

    /** The first segment of some that is whole; null if none is. A damaged one makes what can be restored begin later; whether a moment can be restored though it is damaged, is not said here. */
    private static @Nullable Segment wholeFrom(Repository repository, String shard, long first, long last)
            throws IOException {
        for (long sequence = first; sequence <= last; sequence++) {
            try {
                return segment(repository, shard, sequence);
            } catch (ObjectDamagedException | ObjectNotFoundException | RestoreException e) {
                // the next one may do
            }
        }
        return null;
    }

    /** The last moment whose horizon lies before the cluster's safe time, as far as the clocks are known now. */
    private static long lastMoment(Map<String, Shard> shards) {
        long safe = Long.MAX_VALUE;
        for (Shard shard : shards.values()) {
            SafePoint point = shard.safe();
            if (point == null || shard.clock() == null) {
                return Long.MIN_VALUE;
            }
            safe = Math.min(safe, point.referenceMicros());
        }
        return shards.isEmpty() ? Long.MIN_VALUE : safe - 2 * uncertainty(shards) - 1;
    }

    private static long uncertainty(Map<String, Shard> shards) {
        long uncertainty = 0;
        for (Shard shard : shards.values()) {
            ClockBounds clock = shard.clock();
            SafePoint safe = shard.safe();
            if (clock != null && safe != null) {
                uncertainty =
                        Math.max(uncertainty, clock.at(safe.referenceMicros()).uncertaintyMicros());
            }
        }
        return uncertainty;
    }

    private static Segment segment(Repository repository, String shard, long sequence) throws IOException {
        try {
            return SegmentCodec.decode(repository.chronicle().read(shard, sequence));
        } catch (SegmentFormatException e) {
            throw new RestoreException(
                    "chronicle segment " + sequence + " of shard " + shard + " is not sound: " + e.getMessage(),
                    "run verify to see what else is damaged",
                    e);
        }
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
