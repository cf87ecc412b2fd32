package io.isochron.restore;

import io.isochron.chronicle.OpenPrepared;
import io.isochron.chronicle.RecordedParts;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalArchiveReader;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Makes the segments of one shard again from its archived WAL, without the chronicle. */
final class WalRebuild {
    private static final long LEAST_BACK_BYTES = 1L << 20;
    private static final long MOST_BACK_BYTES = 1L << 30;
    private static final int READ_BYTES = 1 << 20;

    /**
     * What the WAL gave.
     *
     * @param segments filled again
     * @param walBytes how much was read at last
     * @param preparedTaken how many transactions prepared before the WAL that was read had to be taken from the certificate; 0 if the WAL itself shows that none was
     */
    record Rebuilt(List<Segment> segments, long walBytes, int preparedTaken) {}

    private final Repository repository;
    private final String shard;
    private final ShardIdentity identity;
    private final WalFormat format;

    WalRebuild(Repository repository, String shard) {
        this.repository = repository;
        this.shard = shard;
        this.identity = repository.cluster().shard(shard);
        this.format = WalFormat.of(identity.postgresMajor());
    }

    /**
     * Fills bare segments. Reads further and further back before the first one until PostgreSQL's own records of running transactions show that nothing older is open, at most 1 GiB.
     *
     * @param bare segments of this shard that follow each other, the first with what was prepared before it
     */
    Rebuilt rebuild(List<Segment> bare) throws IOException {
        Segment first = bare.getFirst();
        for (long back = LEAST_BACK_BYTES; ; back *= 16) {
            Lsn archived = archivedFrom(first, back);
            Lsn begin = behindSwitch(first, archived);
            Attempt attempt = new Attempt(begin, first, List.of());
            boolean known = attempt.before.oldestOpenStart() != null;
            boolean edge = first.start().minus(archived) < back - 2L * WalFormat.PAGE_BYTES;
            if (known) {
                return new Rebuilt(attempt.fill(bare), attempt.bytes(), 0);
            }
            if (edge || back >= MOST_BACK_BYTES) {
                List<OpenPrepared> before = first.openPrepared();
                Attempt last = new Attempt(begin, first, before);
                return new Rebuilt(last.fill(bare), last.bytes(), before.size());
            }
        }
    }

    /** The beginning of a page, at most so many bytes before the first segment, from which on all is archived. */
    private Lsn archivedFrom(Segment first, long back) throws IOException {
        long start = first.start().value();
        long wanted = Long.compareUnsigned(start, back) < 0 ? 0 : start - back;
        OptionalLong begin = repository.wal().contiguousBegin(shard, first.timeline(), wanted, start);
        long from = begin.orElse(start);
        long page = Math.ceilDiv(from, (long) WalFormat.PAGE_BYTES) * WalFormat.PAGE_BYTES;
        if (begin.isEmpty() || Long.compareUnsigned(page, start) > 0) {
            throw new RestoreException(
                    "WAL of shard " + shard + " at " + first.start() + " on timeline " + first.timeline()
                            + " is not in the repository",
                    "the certificate cannot be checked without it; run verify to see what else is missing");
        }
        return new Lsn(page);
    }

    /**
     * What follows XLOG_SWITCH in its WAL file is zero and has no page headers (a base backup ends with one): a reader that begins there begins with the next file instead, or, if that lies behind the first segment, with this one.
     */
    private Lsn behindSwitch(Segment first, Lsn begin) throws IOException {
        ByteBuffer magic = ByteBuffer.allocate(2);
        try (WalArchiveReader archive = repository.wal().openReader(shard, first.timeline(), begin.value())) {
            archive.read(magic);
        }
        if (magic.position() < 2 || magic.getShort(0) != 0) {
            return begin;
        }
        long size = identity.walSegmentSizeBytes();
        long file = begin.value() & -size;
        Lsn next = new Lsn(file + size);
        return next.isAfter(first.start()) ? new Lsn(file) : next;
    }

    /** One reading, from a beginning to the first segment and then on. */
    private final class Attempt {
        private final WalReader reader;
        private final SegmentBuilder builder;
        private final Lsn begin;
        private final Segment before;

        Attempt(Lsn begin, Segment first, List<OpenPrepared> prepared) throws IOException {
            this.begin = begin;
            this.reader = new WalReader(format, identity.walSegmentSizeBytes(), begin, WalReader.StartMode.UNKNOWN);
            this.builder = new SegmentBuilder(shard, format, first.timeline(), begin, prepared);
            feed(first.timeline(), first.start());
            this.before =
                    builder.cut(first.start(), reader.pendingStart(), 0, 0).segment();
        }

        List<Segment> fill(List<Segment> bare) throws IOException {
            List<Segment> filled = new ArrayList<>();
            int timeline = bare.getFirst().timeline();
            for (Segment segment : bare) {
                if (segment.timeline() != timeline) {
                    timeline = segment.timeline();
                    builder.timeline(timeline);
                }
                feed(timeline, segment.end());
                filled.add(RecordedParts.filled(
                        segment,
                        builder.cut(segment.end(), reader.pendingStart(), 0, 0).segment()));
            }
            return filled;
        }

        long bytes() {
            return reader.fed().minus(begin);
        }

        private void feed(int timeline, Lsn end) throws IOException {
            Lsn at = reader.fed();
            try (WalArchiveReader archive = repository.wal().openReader(shard, timeline, at.value())) {
                while (at.isBefore(end)) {
                    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(READ_BYTES, end.minus(at)));
                    if (archive.read(bytes) == 0) {
                        throw new RestoreException(
                                "WAL of shard " + shard + " from " + at + " to " + end + " on timeline " + timeline
                                        + " is not in the repository",
                                "the certificate cannot be checked without it; run verify to see what else is missing");
                    }
                    reader.feed(at, bytes.flip(), builder);
                    at = reader.fed();
                }
            } catch (WalDamagedException e) {
                throw new RestoreException(
                        "the archived WAL of shard " + shard + " is damaged: " + e.getMessage(),
                        "run verify to see what else is damaged",
                        e);
            }
        }
    }
}
