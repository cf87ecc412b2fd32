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

    /** The end of the WAL that is archived without a hole from {@code from} on; {@code from} itself if there is none. */
    public long contiguousEnd(String shard, int timeline, long from) throws IOException {
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
        try (Stream<WalRange> ranges = list(shard, timeline)) {
            long end = 0;
            boolean first = true;
            for (Iterator<WalRange> i = ranges.iterator(); i.hasNext(); ) {
                WalRange range = i.next();
                if (!first && Long.compareUnsigned(range.start(), end) > 0) {
                    gaps.add(new WalGap(shard, timeline, /* start= */ end, /* end= */ range.start()));
                }
                end = first || Long.compareUnsigned(range.end(), end) > 0 ? range.end() : end;
                first = false;
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        return gaps;
    }

    /** Reads a timeline's WAL from a position on as one sequence of bytes; nothing is read before the first call of the reader. */
    public WalArchiveReader openReader(String shard, int timeline, long from) {
        return new WalArchiveReader(this, shard, timeline, from);
    }

    private ObjectName name(WalRange range) {
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
