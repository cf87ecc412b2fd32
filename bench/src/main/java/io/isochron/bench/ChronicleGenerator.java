package io.isochron.bench;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.DdlMessages;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.OpenPrepared;
import io.isochron.chronicle.RowCounts;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes one shard's chronicle: a segment for each half second, as capture writes them under load. Every tenth transaction is a branch of one that a second shard shares (XA), prepared 5 ms before it is
 * committed, so that at any moment some are in doubt. Each transaction writes two tables.
 */
final class ChronicleGenerator {
    static final long SEGMENT_MICROS = 500_000;
    private static final long PREPARED_MICROS = 5_000;
    private static final int ONE_XA_IN = 10;
    private static final long RECORD_BYTES = 64;
    private static final long TRANSACTION_BYTES = 900;

    private final Repository repository;
    private final String shard;
    private final int shardIndex;
    private final long startMicros;
    private final int perSegment;
    private final SplittableRandom random;
    /** Where this shard's clock is ahead of the reference. */
    private final long offsetMicros;

    private long sequence;
    private String sha256 = Segment.NO_PREVIOUS;
    private Lsn position = new Lsn(0x1_0000_0000L);
    private int nextXid = 1000;
    private final List<OpenPrepared> open = new ArrayList<>();

    ChronicleGenerator(Repository repository, String shard, int shardIndex, long startMicros, int rate, long seed) {
        this.repository = repository;
        this.shard = shard;
        this.shardIndex = shardIndex;
        this.startMicros = startMicros;
        this.perSegment = Math.max(1, (int) (rate * SEGMENT_MICROS / 1_000_000));
        this.random = new SplittableRandom(seed + shardIndex);
        this.offsetMicros = random.nextLong(-20_000, 20_000);
    }

    /** Goes on until there are so many segments. */
    void extendTo(long segments) throws IOException {
        while (sequence < segments) {
            byte[] encoded = SegmentCodec.encode(next());
            repository.chronicle().append(shard, sequence++, encoded);
            sha256 = SegmentCodec.sha256(encoded);
        }
    }

    private Segment next() {
        long from = startMicros + sequence * SEGMENT_MICROS;
        long to = from + SEGMENT_MICROS;
        long apart = SEGMENT_MICROS / perSegment;
        List<Event> events = new ArrayList<>();
        List<RowCounts> rows = new ArrayList<>();
        Lsn start = position;
        for (int i = 0; i < perSegment; i++) {
            long at = from + i * apart + random.nextLong(apart / 2 + 1);
            while (!open.isEmpty() && open.getFirst().timeMicros() - offsetMicros + PREPARED_MICROS <= at) {
                OpenPrepared done = open.removeFirst();
                long committed = Math.max(from, done.timeMicros() - offsetMicros + PREPARED_MICROS);
                events.add(event(Event.Kind.COMMIT_PREPARED, done.xid(), committed, done.gid()));
            }
            int xid = nextXid++;
            rows.add(new RowCounts(xid, table(xid % 40), 1, random.nextInt(2), 0, 0));
            rows.add(new RowCounts(xid, table((xid + 1) % 40), 0, 1, 0, 0));
            if (i % ONE_XA_IN == 0) {
                String gid = gid(i);
                Event prepare = event(Event.Kind.PREPARE, xid, at, gid);
                events.add(prepare);
                open.add(
                        new OpenPrepared(xid, gid, prepare.start(), prepare.end(), prepare.timeMicros(), 5, List.of()));
            } else {
                events.add(event(Event.Kind.COMMIT, xid, at, null));
            }
        }
        return segment(from, to, start, events, rows);
    }

    private Event event(Event.Kind kind, int xid, long referenceMicros, @org.jspecify.annotations.Nullable String gid) {
        Lsn begin = position.plus(TRANSACTION_BYTES);
        position = begin.plus(RECORD_BYTES);
        return new Event(kind, begin, begin, position, xid, referenceMicros + offsetMicros, gid, 5, List.of());
    }

    /** The same on both shards of a pair but for the branch. */
    private String gid(int number) {
        String global = "bench-" + shardIndex / 2 + "-" + sequence + "-" + number;
        return "131077_"
                + Base64.getEncoder().encodeToString(global.getBytes(StandardCharsets.US_ASCII))
                + "_" + (shardIndex % 2 == 0 ? "YQ==" : "Yg==");
    }

    private static RelationFile table(int number) {
        return new RelationFile(1663, 5, 16_400 + 3 * number);
    }

    private Segment segment(long from, long to, Lsn start, List<Event> events, List<RowCounts> rows) {
        Lsn end = position;
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
                new SafePoint(end, to - 1000 + offsetMicros, to - 1000),
                List.of(new ClockBounds(to, offsetMicros - 200, offsetMicros + 300)),
                List.of(),
                events,
                rows,
                List.of(),
                open,
                end,
                List.of(),
                List.of(),
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
