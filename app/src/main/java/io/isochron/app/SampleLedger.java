package io.isochron.app;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.DdlMessages;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.LedgerBuilder;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerPart;
import io.isochron.chronicle.LedgerRollup;
import io.isochron.chronicle.RelationObservation;
import io.isochron.chronicle.RowCounts;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes up one shard's ledger for a long time, and the segments of its last minute, by the real builders and codecs: for {@link Rehearsal} and for benchmarks. Of a stored minute only {@link #SAMPLE} transactions are made, which write all tables and
 * are large as often as those of a busy day, so that entries have realistic sizes; the last minute, which a reader takes from segments, has all of them.
 */
public final class SampleLedger {
    /** Transactions made of a stored minute. */
    static final int SAMPLE = 600;

    static final int TABLES = 40;
    private static final long MINUTE = 60_000_000L;
    private static final int SEGMENTS_A_MINUTE = 120;

    private final Repository repository;
    private final String shard;
    private final int shardIndex;
    private final long startMicros;
    private final int rate;
    private final SplittableRandom random;
    private long sequence;
    private String sha256 = Segment.NO_PREVIOUS;
    private Lsn position = new Lsn(0x1_0000_0000L);
    private int xid = 1000;
    private long bytes;
    private long objects;
    private @Nullable LedgerEntry lastMinuteEntry;
    private @Nullable LedgerRollup hour;
    private @Nullable LedgerRollup day;
    private byte[] lastMinute = {};

    /**
     * @param shardIndex tells shards apart
     * @param startMicros beginning of an hour, in microseconds since the Unix epoch
     * @param rate transactions a second in the last minute, at least 2
     */
    public SampleLedger(Repository repository, String shard, int shardIndex, long startMicros, int rate, long seed) {
        this.repository = repository;
        this.shard = shard;
        this.shardIndex = shardIndex;
        this.startMicros = startMicros;
        this.rate = rate;
        this.random = new SplittableRandom(seed + shardIndex);
    }

    /** Bytes of all entries, as they are before sealing. */
    public long bytes() {
        return bytes;
    }

    /** Entries, roll-ups and parts. */
    public long objects() {
        return objects;
    }

    /**
     * Makes everything.
     *
     * @param minutes stored ones
     * @param accident the minute in which all shards lose rows in one transaction
     */
    public void make(int minutes, int accident) throws IOException {
        LedgerBuilder builder = LedgerBuilder.first(shard);
        for (int minute = 0; minute < minutes; minute++) {
            long from = startMicros + minute * MINUTE;
            Segment segment = segment(from, from + MINUTE - 1, SAMPLE, minute == 0, minute == accident);
            add(builder, segment);
        }
        for (int i = 0; i < SEGMENTS_A_MINUTE; i++) {
            long from = startMicros + minutes * MINUTE + i * (MINUTE / SEGMENTS_A_MINUTE);
            Segment segment =
                    segment(from, from + MINUTE / SEGMENTS_A_MINUTE - 1, rate / 2, false, /* accident= */ false);
            byte[] encoded = SegmentCodec.encode(segment);
            repository.chronicle().append(shard, segment.sequence(), encoded);
            add(builder, segment);
            Optional<LedgerPart> part = builder.part();
            if (part.isPresent()) {
                byte[] encodedPart = LedgerCodec.encode(part.get().entry());
                repository
                        .ledger()
                        .appendPart(
                                shard, part.get().entry().number(), part.get().sixth(), encodedPart);
                count(encodedPart);
            }
        }
    }

    private void add(LedgerBuilder builder, Segment segment) throws IOException {
        sha256 = SegmentCodec.sha256(SegmentCodec.encode(segment));
        Optional<LedgerEntry> over = builder.add(segment, sha256);
        if (over.isEmpty()) {
            return;
        }
        LedgerEntry entry = over.get();
        rollUp(entry);
        lastMinute = LedgerCodec.encode(entry);
        repository.ledger().append(shard, entry.number(), lastMinute);
        count(lastMinute);
    }

    private void rollUp(LedgerEntry minute) throws IOException {
        long period = LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, minute.period());
        LedgerEntry before = lastMinuteEntry;
        LedgerRollup hourly = hour;
        if (before != null
                && hourly != null
                && LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, before.period()) != period) {
            hourOver(hourly.finish(SegmentCodec.sha256(lastMinute)), period);
            hourly = null;
        }
        hourly = hourly == null ? new LedgerRollup(LedgerLevel.HOUR) : hourly;
        hourly.add(minute);
        hour = hourly;
        lastMinuteEntry = minute;
    }

    private void hourOver(LedgerEntry made, long nextHour) throws IOException {
        LedgerRollup daily = day == null ? new LedgerRollup(LedgerLevel.DAY) : day;
        daily.add(made);
        byte[] encoded = LedgerCodec.encode(made);
        repository.ledger().appendRollup(shard, LedgerStore.Rollup.HOUR, made.period(), encoded);
        count(encoded);
        day = daily;
        if (LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, nextHour)
                != LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, made.period())) {
            LedgerEntry whole = daily.finish(SegmentCodec.sha256(encoded));
            byte[] bytesOfDay = LedgerCodec.encode(whole);
            repository.ledger().appendRollup(shard, LedgerStore.Rollup.DAY, whole.period(), bytesOfDay);
            count(bytesOfDay);
            day = null;
        }
    }

    private void count(byte[] encoded) {
        bytes += encoded.length;
        objects++;
    }

    private Segment segment(long from, long to, int transactions, boolean first, boolean accident) {
        List<Event> events = new ArrayList<>();
        List<RowCounts> rows = new ArrayList<>();
        Lsn start = position;
        Lsn at = start;
        for (int i = 0; i < transactions; i++) {
            int id = ++xid;
            boolean wrong = accident && i == transactions / 2;
            int tables = 1 + random.nextInt(3);
            for (int t = 0; t < (wrong ? 1 : tables); t++) {
                rows.add(wrong ? new RowCounts(id, table(7), 0, 0, 5_000, 0) : ordinary(id, (id + t) % TABLES));
            }
            String gid = wrong
                    ? "131077_YWNjaWRlbnQ=_" + shardIndex
                    : random.nextInt(5) == 0 ? "131077_" + Long.toHexString(id * 7919L) + "==_" + shardIndex : null;
            Lsn end = at.plus(64 + 400L * tables);
            events.add(new Event(
                    gid == null ? Event.Kind.COMMIT : Event.Kind.COMMIT_PREPARED,
                    end.plus(-48),
                    end.plus(-48),
                    end,
                    id,
                    from + (to - from) * i / transactions,
                    gid,
                    5,
                    List.of()));
            at = end;
        }
        position = at;
        Segment segment = new SegmentOf(shard, sequence++, sha256, start, at)
                .make(from, to, events, rows, first ? names() : List.of());
        return segment;
    }

    /** Mostly a row or two; a twentieth deletes or updates some dozens, as jobs that clean up do. */
    private RowCounts ordinary(int id, int table) {
        boolean job = random.nextInt(20) == 0;
        int most = job ? 300 : 2;
        return new RowCounts(
                id, table(table), 1 + random.nextInt(most), random.nextInt(most), job ? random.nextInt(60) : 0, 0);
    }

    private static RelationFile table(int number) {
        return new RelationFile(1663, 5, 16_400 + 3 * number);
    }

    private List<RelationObservation> names() {
        List<RelationObservation> names = new ArrayList<>();
        for (int i = 0; i < TABLES; i++) {
            names.add(new RelationObservation(
                    position, 5, "shop", 16_390 + 3 * i, "public", "table_" + i, 'r', table(i), 0, true));
        }
        return names;
    }

    /** The fields of a segment that are of no interest here. */
    private record SegmentOf(String shard, long sequence, String sha256, Lsn start, Lsn end) {
        Segment make(long from, long to, List<Event> events, List<RowCounts> rows, List<RelationObservation> names) {
            return new Segment(
                    shard,
                    sequence,
                    sha256,
                    1,
                    start,
                    end,
                    end,
                    end,
                    4L * events.size(),
                    0,
                    from,
                    to,
                    new SafePoint(end, to - 1000, to - 1000),
                    List.of(new ClockBounds(to, -200, 300)),
                    List.of(),
                    events,
                    rows,
                    List.of(),
                    List.of(),
                    end,
                    List.of(),
                    names,
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    DdlMessages.NONE);
        }
    }
}
