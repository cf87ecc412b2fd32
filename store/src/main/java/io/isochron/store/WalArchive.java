package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The shards' write-ahead log: pieces of any size up to a limit, named by shard, PostgreSQL timeline and range. Pieces may overlap; where they do
 * their bytes are equal. Positions are unsigned.
 */
public final class WalArchive {
    /** The longest piece. */
    public static final int MAX_OBJECT_BYTES = 64 << 20;

    private final SealedStore sealed;
    private final ClusterIdentity cluster;

    WalArchive(SealedStore sealed, ClusterIdentity cluster) {
        this.sealed = sealed;
        this.cluster = cluster;
    }

    /**
     * Archives a piece; durable on return.
     *
     * @param bytes buffers whose remaining bytes, joined, are the piece; all are taken
     * @throws ObjectExistsException if this very range is archived already
     * @throws IllegalArgumentException if the buffers are not as long as the range
     */
    public void write(WalRange range, ByteBuffer... bytes) throws IOException {
        long given = 0;
        for (ByteBuffer buffer : bytes) {
            given += buffer.remaining();
        }
        if (given != range.bytes()) {
            throw new IllegalArgumentException("wal of shard " + range.shard() + " at " + Names.lsn(range.start())
                    + " was given as " + given + " bytes, its range has " + range.bytes());
        }
        sealed.create(name(range), ObjectKind.WAL, bytes);
    }

    /**
     * Reads one piece whole.
     *
     * @throws ObjectNotFoundException if it is certain that it is not archived
     * @throws ObjectDamagedException if it is not what was written
     */
    public byte[] read(WalRange range) throws IOException {
        byte[] bytes = sealed.read(name(range), ObjectKind.WAL);
        if (bytes.length != range.bytes()) {
            throw new ObjectDamagedException(
                    name(range), "it holds " + bytes.length + " bytes, its name says " + range.bytes());
        }
        return bytes;
    }

    /** All pieces of a timeline by ascending start, lazily; to be closed; throws {@link UncheckedIOException} on the way. */
    public Stream<WalRange> list(String shard, int timeline) throws IOException {
        return list(shard, timeline, 0);
    }

    /**
     * The pieces of a timeline that reach beyond {@code from}, by ascending start, lazily; to be closed; throws {@link UncheckedIOException} on
     * the way.
     */
    public Stream<WalRange> list(String shard, int timeline, long from) throws IOException {
        int number = cluster.number(shard);
        // a piece that reaches beyond `from` starts at most one piece's length before it
        long lowest = Long.compareUnsigned(from, MAX_OBJECT_BYTES) <= 0 ? 0 : from - MAX_OBJECT_BYTES;
        return sealed.list(Names.walTimeline(number, timeline) + "/", Names.wal(number, timeline, lowest, 0))
                .map(info -> range(shard, timeline, info.name()))
                .filter(range -> Long.compareUnsigned(range.end(), from) > 0);
    }

    /** The PostgreSQL timelines of which a shard has WAL, ascending. */
    public List<Integer> timelines(String shard) throws IOException {
        int number = cluster.number(shard);
        String prefix = "wal/" + Names.shard(number) + "/";
        List<Integer> timelines = new ArrayList<>();
        int last = 0;
        while (true) {
            Optional<ObjectInfo> next;
            try (Stream<ObjectInfo> objects =
                    sealed.list(prefix, last == 0 ? null : Names.wal(number, last, -1L, -1L))) {
                next = objects.filter(info -> !info.name().value().endsWith(".history"))
                        .findFirst();
            } catch (UncheckedIOException e) {
                throw SealedStore.unwrap(e);
            }
            if (next.isEmpty()) {
                return timelines;
            }
            last = Integer.parseUnsignedInt(
                    next.get().name().value().substring(prefix.length(), prefix.length() + 8), 16);
            timelines.add(last);
        }
    }

    /**
     * The end of the WAL that is archived without a hole from {@code from} on; {@code from} itself if there is none.
     *
     * <p>Pieces that compaction replaced by a larger one while they were being listed may be missing from that listing together with the larger one, whose name comes first. So an end is believed
     * only when a listing that was begun after it was seen shows it too (docs/adr/0022).
     */
    public long contiguousEnd(String shard, int timeline, long from) throws IOException {
        long end = listedEnd(shard, timeline, from);
        while (true) {
            long again = listedEnd(shard, timeline, end);
            if (again == end) {
                return end;
            }
            end = again;
        }
    }

    private long listedEnd(String shard, int timeline, long from) throws IOException {
        long end = from;
        try (Stream<WalRange> ranges = list(shard, timeline, from)) {
            for (Iterator<WalRange> i = ranges.iterator(); i.hasNext(); ) {
                WalRange range = i.next();
                if (Long.compareUnsigned(range.start(), end) > 0) {
                    break;
                }
                end = Long.compareUnsigned(range.end(), end) > 0 ? range.end() : end;
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        return end;
    }

    /** The holes between a timeline's first and last piece, ascending. */
    public List<WalGap> gaps(String shard, int timeline) throws IOException {
        List<WalGap> gaps = new ArrayList<>();
        Optional<WalRange> next = firstBeyond(shard, timeline, 0);
        while (next.isPresent()) {
            long end = contiguousEnd(shard, timeline, next.get().start());
            next = firstBeyond(shard, timeline, end);
            if (next.isPresent() && Long.compareUnsigned(next.get().start(), end) > 0) {
                gaps.add(new WalGap(
                        shard, timeline, /* start= */ end, /* end= */ next.get().start()));
            }
        }
        return gaps;
    }

    /**
     * From where on the WAL up to a position is archived without a hole.
     *
     * @param from how far back it is looked for
     * @param to the position
     * @return at or after {@code from}, at or before {@code to}; empty if nothing ends at or reaches beyond {@code to}
     */
    public OptionalLong contiguousBegin(String shard, int timeline, long from, long to) throws IOException {
        // what compaction replaced during the first listing is in the second
        OptionalLong one = listedBegin(shard, timeline, from, to);
        OptionalLong other = listedBegin(shard, timeline, from, to);
        return one.isEmpty()
                ? other
                : other.isEmpty() || Long.compareUnsigned(one.getAsLong(), other.getAsLong()) < 0 ? one : other;
    }

    private OptionalLong listedBegin(String shard, int timeline, long from, long to) throws IOException {
        boolean any = false;
        long begin = 0;
        long end = 0;
        try (Stream<WalRange> ranges = list(shard, timeline, from)) {
            for (Iterator<WalRange> i = ranges.iterator(); i.hasNext(); ) {
                WalRange range = i.next();
                if (Long.compareUnsigned(range.start(), to) > 0) {
                    break;
                }
                if (!any || Long.compareUnsigned(range.start(), end) > 0) {
                    begin = range.start();
                    end = range.end();
                } else if (Long.compareUnsigned(range.end(), end) > 0) {
                    end = range.end();
                }
                any = true;
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        if (!any || Long.compareUnsigned(end, to) < 0) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Long.compareUnsigned(begin, from) < 0 ? from : begin);
    }

    /** The piece with the lowest start among those that reach beyond a position. */
    private Optional<WalRange> firstBeyond(String shard, int timeline, long position) throws IOException {
        Optional<WalRange> lowest = Optional.empty();
        for (int listing = 0; listing < 2; listing++) {
            try (Stream<WalRange> ranges = list(shard, timeline, position)) {
                Optional<WalRange> first = ranges.findFirst();
                if (first.isPresent()
                        && (lowest.isEmpty()
                                || Long.compareUnsigned(
                                                first.get().start(),
                                                lowest.get().start())
                                        < 0)) {
                    lowest = first;
                }
            } catch (UncheckedIOException e) {
                throw SealedStore.unwrap(e);
            }
        }
        return lowest;
    }

    /** Puts larger pieces in the place of small ones. */
    public WalMerging merging() {
        return new WalMerging(this);
    }

    /** Reads a piece in every copy that answers, and puts it right where it is missing or damaged; then as {@link #read}. */
    byte[] readEverywhere(WalRange range) throws IOException {
        sealed.readEverywhere(name(range));
        return read(range);
    }

    /** Removes a piece; not for what no other piece holds. */
    void remove(WalRange range) throws IOException {
        sealed.delete(name(range));
    }

    /** Reads a timeline's WAL from a position on as one sequence of bytes; nothing is read before the first call of the reader. */
    public WalArchiveReader openReader(String shard, int timeline, long from) {
        return new WalArchiveReader(this, shard, timeline, from);
    }

    String describe() {
        return sealed.describe();
    }

    ObjectName name(WalRange range) {
        return Names.wal(cluster.number(range.shard()), range.timeline(), range.start(), range.end());
    }

    static WalRange range(String shard, int timeline, ObjectName name) {
        String text = name.lastSegment();
        if (text.length() != 33 || text.charAt(16) != '-') {
            throw new UncheckedIOException(new ObjectDamagedException(name, "its name is not one of a wal object"));
        }
        try {
            return new WalRange(
                    shard, timeline, Long.parseUnsignedLong(text, 0, 16, 16), Long.parseUnsignedLong(text, 17, 33, 16));
        } catch (IllegalArgumentException e) {
            throw new UncheckedIOException(new ObjectDamagedException(name, "its name is not one of a wal object", e));
        }
    }
}
