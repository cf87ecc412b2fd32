package io.isochron.capture;

import io.isochron.chronicle.OpenPrepared;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentBuilder;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.Repository;
import io.isochron.store.WalArchiveReader;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import io.isochron.wal.TimelineHistory;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Where a shard's capture goes on, as the repository tells it: the end of the last chronicle segment, with a parser and a builder that stand exactly there.
 *
 * @param timeline PostgreSQL timeline of the position
 * @param position the next byte to be received
 * @param segments how many segments there are
 */
record StoredPosition(int timeline, Lsn position, long segments, WalIndexer indexer) {
    private static final int READ_BYTES = 64 * 1024;

    /** The position of a shard of which nothing was ever captured. */
    static StoredPosition first(
            String shard,
            WalFormat format,
            int segmentSizeBytes,
            int timeline,
            Lsn start,
            Collection<OpenPrepared> prepared) {
        return new StoredPosition(
                timeline,
                start,
                0,
                new WalIndexer(
                        reader(format, segmentSizeBytes, start),
                        new SegmentBuilder(shard, format, timeline, start, prepared)));
    }

    /**
     * Reads it; empty if nothing was ever captured of this shard.
     *
     * @throws WalDamagedException if what is archived right before the position is not sound WAL
     */
    static Optional<StoredPosition> load(Repository repository, String shard, WalFormat format, int segmentSizeBytes)
            throws IOException, WalDamagedException {
        OptionalLong sequence = repository.chronicle().lastSequence(shard);
        if (sequence.isEmpty()) {
            return Optional.empty();
        }
        byte[] encoded = repository.chronicle().read(shard, sequence.getAsLong());
        Segment last = decode(shard, sequence.getAsLong(), encoded);
        WalIndexer indexer = new WalIndexer(
                reader(format, segmentSizeBytes, last.parserRestart()), SegmentBuilder.after(format, last, encoded));
        feedArchived(repository, last, indexer);
        return Optional.of(new StoredPosition(last.timeline(), last.end(), last.sequence() + 1, indexer));
    }

    /**
     * Goes back to where another PostgreSQL timeline branched off. The segment that the branch point divides is indexed anew up to there; it and what follows supersede all that reaches beyond.
     *
     * @param branchPoint before this position, on this timeline
     * @param archive where the new segment goes
     */
    StoredPosition backTo(
            Lsn branchPoint,
            Repository repository,
            String shard,
            WalFormat format,
            int segmentSizeBytes,
            DurableArchive archive)
            throws IOException, WalDamagedException, InterruptedException {
        byte[] newestEncoded = repository.chronicle().read(shard, segments - 1);
        Segment newest = decode(shard, segments - 1, newestEncoded);
        Segment divided = newest;
        Segment before = newest;
        while (before.end().isAfter(branchPoint)) {
            divided = before;
            if (divided.sequence() == 0) {
                throw new CaptureException(
                        "the line of shard " + shard + " was left at " + branchPoint
                                + ", before or in the first segment of its chronicle",
                        "begin a new repository for the new line");
            }
            long sequence = divided.sequence() - 1;
            before = decode(shard, sequence, repository.chronicle().read(shard, sequence));
        }
        WalIndexer rewound = new WalIndexer(
                reader(format, segmentSizeBytes, before.parserRestart()),
                SegmentBuilder.branchingAfter(format, before, newest, newestEncoded));
        feedArchived(repository, before, rewound);
        if (before.timeline() != timeline) {
            rewound.builder().timeline(timeline);
        }
        if (!branchPoint.isAfter(before.end())) {
            return new StoredPosition(timeline, branchPoint, segments, rewound);
        }
        feedRange(repository, shard, timeline, rewound, branchPoint);
        if (!divided.clocks().isEmpty()) {
            rewound.builder().clock(divided.clocks().getLast());
        }
        archive.segment(rewound.cut(branchPoint, divided.referenceFirstMicros(), Micros.now()));
        return new StoredPosition(timeline, branchPoint, segments + 1, rewound);
    }

    private static Segment decode(String shard, long sequence, byte[] encoded) throws CaptureException {
        try {
            return SegmentCodec.decode(encoded);
        } catch (SegmentFormatException e) {
            throw new CaptureException(
                    "chronicle segment " + sequence + " of shard " + shard + " cannot be read: " + e.getMessage(),
                    "it was written by a newer version of isochron, or by a faulty one",
                    e);
        }
    }

    /** Whether another segment has appeared since this was read: another capture is, or was until a moment ago, at work. */
    boolean superseded(Repository repository, String shard) throws IOException {
        return repository.chronicle().find(shard, segments).isPresent();
    }

    /** The archived pieces that begin exactly here, longest last, and whether others reach beyond the position without continuing it. */
    Orphans orphans(Repository repository, String shard) throws IOException {
        WalRange longest = null;
        int strangers = 0;
        try (Stream<WalRange> ranges = repository.wal().list(shard, timeline, position.value())) {
            for (Iterator<WalRange> i = ranges.iterator(); i.hasNext(); ) {
                WalRange range = i.next();
                if (range.start() != position.value()) {
                    strangers++;
                } else if (longest == null || Long.compareUnsigned(range.end(), longest.end()) > 0) {
                    longest = range;
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return new Orphans(Optional.ofNullable(longest), strangers);
    }

    /**
     * Archived WAL without a segment.
     *
     * @param continuing the longest piece that begins exactly at the position
     * @param strangers number of pieces that reach beyond the position and do not begin there
     */
    record Orphans(Optional<WalRange> continuing, int strangers) {}

    /**
     * A new parser for {@code start}. At the start of a page it does not matter whether a record begins there: the page's header tells; everywhere else positions come from a parser that has seen a
     * record begin.
     */
    private static WalReader reader(WalFormat format, int segmentSizeBytes, Lsn start) {
        boolean pageStart = (start.value() & (WalFormat.PAGE_BYTES - 1)) == 0;
        return new WalReader(
                format,
                segmentSizeBytes,
                start,
                pageStart ? WalReader.StartMode.UNKNOWN : WalReader.StartMode.RECORD_BOUNDARY);
    }

    /** Brings the parser from the restart position to the segment's end with archived bytes. */
    private static void feedArchived(Repository repository, Segment last, WalIndexer indexer)
            throws IOException, WalDamagedException {
        Lsn at = indexer.fed();
        Lsn ownFrom = beginOf(repository, last.shard(), last.timeline());
        if (at.isBefore(ownFrom)
                && new Lsn(repository.wal().contiguousEnd(last.shard(), last.timeline(), at.value()))
                        .isBefore(last.end())) {
            // the record that the end cuts began on the timeline before
            int parent = history(repository, last.shard(), last.timeline()).timelineAt(at);
            feedRange(repository, last.shard(), parent, indexer, Lsn.min(ownFrom, last.end()));
        }
        feedRange(repository, last.shard(), last.timeline(), indexer, last.end());
    }

    private static void feedRange(Repository repository, String shard, int timeline, WalIndexer indexer, Lsn end)
            throws IOException, WalDamagedException {
        Lsn at = indexer.fed();
        try (WalArchiveReader archive = repository.wal().openReader(shard, timeline, at.value())) {
            while (at.isBefore(end)) {
                ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(READ_BYTES, end.minus(at)));
                if (archive.read(bytes) == 0) {
                    throw new CaptureException(
                            "the archive of shard " + shard + " lacks wal from " + at + " to " + end
                                    + " of PostgreSQL timeline " + timeline + ", which the chronicle has",
                            "an object was removed from the repository: bring it back from a copy");
                }
                bytes.flip();
                indexer.feed(at, bytes);
                at = indexer.fed();
            }
        }
    }

    private static Lsn beginOf(Repository repository, String shard, int timeline) throws IOException {
        List<TimelineHistory.Ancestor> ancestors =
                history(repository, shard, timeline).ancestors();
        return ancestors.isEmpty() ? Lsn.INVALID : ancestors.getLast().switchPoint();
    }

    private static TimelineHistory history(Repository repository, String shard, int timeline) throws IOException {
        Optional<byte[]> stored = repository.timelineHistories().get(shard, timeline);
        return stored.isEmpty()
                ? TimelineHistory.first(timeline)
                : TimelineHistory.parse(timeline, new String(stored.get(), StandardCharsets.UTF_8));
    }
}
