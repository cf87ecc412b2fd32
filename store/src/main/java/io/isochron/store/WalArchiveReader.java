package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A timeline's WAL as one sequence of bytes from a position on. Pieces are fetched and verified ahead on other threads: up to
 * {@value #AHEAD_PIECES} of them and about 32 MiB, but always one. For one thread at a time.
 */
public final class WalArchiveReader implements AutoCloseable {
    private static final int AHEAD_PIECES = 16;
    private static final long AHEAD_BYTES = 32 << 20;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 1000;

    private final WalArchive archive;
    private final String shard;
    private final int timeline;
    private final Deque<Piece> ahead = new ArrayDeque<>();
    private @Nullable Stream<WalRange> listing;
    private @Nullable Iterator<WalRange> listed;
    private byte[] current = new byte[0];
    private int currentOffset;
    private long position;
    /** The end of the last piece in {@link #ahead}. */
    private long frontier;
    /** Where WAL goes on behind a hole at the frontier, if it is known that there is one. */
    private @Nullable Long beyondGap;
    /** Pieces around the position that turned out damaged: their bytes may be in others, since capture archives what it finds damaged again. */
    private final Map<WalRange, ObjectDamagedException> damaged = new HashMap<>();

    private record Piece(WalRange range, FutureTask<byte[]> bytes) {}

    WalArchiveReader(WalArchive archive, String shard, int timeline, long from) {
        this.archive = archive;
        this.shard = shard;
        this.timeline = timeline;
        this.position = from;
        this.frontier = from;
    }

    /** The position of the next byte that {@link #read} gives. */
    public long position() {
        return position;
    }

    /**
     * Gives the next bytes: at least one and at most as many as fit, or none if the archive ends here for now.
     *
     * @return how many bytes were put; 0 if there are no more at this moment (or no room)
     * @throws WalGapException if the next bytes are missing while later ones are archived
     * @throws ObjectDamagedException if every piece that holds the next byte is damaged
     */
    public int read(ByteBuffer into) throws IOException {
        if (!into.hasRemaining() || !ready()) {
            return 0;
        }
        int count = Math.min(into.remaining(), current.length - currentOffset);
        into.put(current, currentOffset, count);
        currentOffset += count;
        position += count;
        return count;
    }

    /** The end of what is archived without a hole from {@link #position} on, looked up now. */
    public long available() throws IOException {
        return archive.contiguousEnd(shard, timeline, position);
    }

    /**
     * Waits until there is something to read at {@link #position}, looking again every 100 ms at first, then every second.
     *
     * @return true if there is, false if the time is up
     * @throws WalGapException if the next bytes are missing while later ones are archived
     */
    public boolean awaitMore(Duration timeout) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        long pause = FIRST_PAUSE_MILLIS;
        while (!ready()) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            Thread.sleep(Math.min(pause, leftMillis));
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
        return true;
    }

    /** True if {@link #current} holds the byte at the position, which it arranges if it can. */
    private boolean ready() throws IOException {
        Set<WalRange> gone = new HashSet<>();
        while (currentOffset == current.length) {
            fetchAhead();
            Piece next = ahead.poll();
            if (next == null) {
                throwDamaged();
                if (beyondGap != null) {
                    throw new WalGapException(shard, timeline, position, beyondGap);
                }
                return false;
            }
            try {
                current = await(next);
                currentOffset = (int) (position - next.range().start());
                damaged.keySet().removeIf(piece -> Long.compareUnsigned(piece.end(), position) <= 0);
            } catch (ObjectNotFoundException e) {
                // listed and then gone: compaction put a larger piece in its place, which a new listing shows
                restart();
                if (!gone.add(next.range())) {
                    throw e;
                }
            } catch (ObjectDamagedException e) {
                restart();
                damaged.put(next.range(), e);
            } catch (IOException e) {
                // a later call tries the same bytes again
                restart();
                throw e;
            }
        }
        return true;
    }

    /** If nothing else holds the byte at the position. A later call tries the same pieces again. */
    private void throwDamaged() throws ObjectDamagedException {
        Optional<ObjectDamagedException> here = damaged.entrySet().stream()
                .filter(piece -> Long.compareUnsigned(piece.getKey().start(), position) <= 0
                        && Long.compareUnsigned(piece.getKey().end(), position) > 0)
                .map(Map.Entry::getValue)
                .findFirst();
        if (here.isPresent()) {
            damaged.clear();
            throw here.get();
        }
    }

    private static byte[] await(Piece piece) throws IOException {
        try {
            return piece.bytes().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException("reading " + piece.range() + " failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("reading wal was interrupted");
        }
    }

    private void fetchAhead() throws IOException {
        long bytes = ahead.stream().mapToLong(piece -> piece.range().bytes()).sum();
        while (ahead.isEmpty() || (ahead.size() < AHEAD_PIECES && bytes < AHEAD_BYTES)) {
            WalRange next = nextPiece();
            if (next == null) {
                return;
            }
            FutureTask<byte[]> task = new FutureTask<>(() -> archive.read(next));
            Thread.ofVirtual().name("isochron-wal-ahead").start(task);
            ahead.add(new Piece(next, task));
            frontier = next.end();
            bytes += next.bytes();
        }
    }

    /**
     * The next piece that holds the byte at the frontier. A listing is kept until it is used up. It may lack what was added while it was made, and what compaction replaced meanwhile together with the
     * larger piece, so a hole or an end is believed only when a listing begun after it was seen shows it too.
     */
    private @Nullable WalRange nextPiece() throws IOException {
        beyondGap = null;
        boolean seen = false;
        try {
            while (true) {
                if (listed == null) {
                    listing = archive.list(shard, timeline, frontier);
                    listed = listing.iterator();
                }
                if (!listed.hasNext()) {
                    endListing();
                    if (seen) {
                        return null;
                    }
                    seen = true;
                    continue;
                }
                WalRange range = listed.next();
                if (Long.compareUnsigned(range.end(), frontier) <= 0 || damaged.containsKey(range)) {
                    continue;
                }
                if (Long.compareUnsigned(range.start(), frontier) <= 0) {
                    return range;
                }
                endListing();
                if (seen) {
                    beyondGap = range.start();
                    return null;
                }
                seen = true;
            }
        } catch (UncheckedIOException e) {
            endListing();
            throw SealedStore.unwrap(e);
        }
    }

    private void endListing() {
        if (listing != null) {
            listing.close();
        }
        listing = null;
        listed = null;
    }

    private void restart() {
        endListing();
        ahead.forEach(piece -> piece.bytes().cancel(true));
        ahead.clear();
        frontier = position;
    }

    /** Stops reading ahead. */
    @Override
    public void close() {
        restart();
    }
}
