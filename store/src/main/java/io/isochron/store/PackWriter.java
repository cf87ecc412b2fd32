package io.isochron.store;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into frames and frames into packs. While one pack is being sealed and stored on a thread of its own, the next fills.
 */
final class PackWriter implements AutoCloseable {
    /** The uncompressed length of every frame of a pack but its last. */
    static final int FRAME_BYTES = 1 << 20;
    /** The most uncompressed bytes in a pack: what compresses very well does not make packs that unpack without end. */
    static final int MAX_RAW_BYTES = 32 << 20;
    /** The most pieces of files in a pack, so that a reader may hold what lies in one. */
    static final int MAX_PIECES = 16 << 10;

    private static final int MAX_FRAMES = MAX_RAW_BYTES / FRAME_BYTES + 1;

    private final SealedStore sealed;
    private final String snapshot;
    private final int shard;
    private final int packBytes;
    private final ZstdCompressCtx compressor;
    private final ExecutorService storing;
    private final byte[] raw = new byte[FRAME_BYTES];
    private int rawCount;
    private ByteBuffer pack;
    private ByteBuffer spare;
    private final List<int[]> frames = new ArrayList<>();
    private long number;
    private long flushedRaw;
    private int pieces;
    private @Nullable Future<Long> underWay;
    private final AtomicLong storedBytes = new AtomicLong();

    PackWriter(SealedStore sealed, String snapshot, int shard, SnapshotOptions options) {
        this.sealed = sealed;
        this.snapshot = snapshot;
        this.shard = shard;
        this.packBytes = options.packBytes();
        this.compressor = new ZstdCompressCtx().setLevel(options.compressionLevel());
        this.storing = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .daemon()
                .name("isochron-pack-" + Names.shard(shard))
                .factory());
        int capacity = Payload.HEADER_BYTES
                + packBytes
                + (int) Zstd.compressBound(FRAME_BYTES)
                + PackContent.trailerBytes(MAX_FRAMES);
        this.pack = ByteBuffer.allocate(capacity).position(Payload.HEADER_BYTES);
        this.spare = ByteBuffer.allocate(capacity).position(Payload.HEADER_BYTES);
    }

    /** Takes up to {@code limit} bytes from a stream; returns where they lie, or null at the stream's end. */
    SnapshotEntry.@Nullable Extent take(InputStream in, long limit) throws IOException {
        int count = in.read(raw, rawCount, (int) Math.min(limit, FRAME_BYTES - rawCount));
        if (count <= 0) {
            return null;
        }
        SnapshotEntry.Extent extent =
                new SnapshotEntry.Extent(Names.pack(snapshot, shard, number), flushedRaw + rawCount, count);
        rawCount += count;
        return extent;
    }

    /** The bytes that the last {@link #take} took. */
    ByteBuffer lastTaken(long count) {
        return ByteBuffer.wrap(raw, rawCount - (int) count, (int) count);
    }

    /** To be called after the bytes of {@link #take} have been looked at: ends frame and pack if they are full. */
    void settle() throws IOException {
        if (rawCount == FRAME_BYTES) {
            endFrame();
            if (pack.position() - Payload.HEADER_BYTES >= packBytes || flushedRaw >= MAX_RAW_BYTES) {
                endPack();
            }
        }
    }

    /** Counts a piece of a file that ends in this pack. */
    void endPiece() throws IOException {
        if (++pieces >= MAX_PIECES) {
            endFrame();
            endPack();
        }
    }

    private void endFrame() {
        if (rawCount == 0) {
            return;
        }
        int length = compressor.compressByteArray(pack.array(), pack.position(), pack.remaining(), raw, 0, rawCount);
        pack.position(pack.position() + length);
        frames.add(new int[] {length, rawCount});
        flushedRaw += rawCount;
        rawCount = 0;
    }

    private void endPack() throws IOException {
        if (frames.isEmpty()) {
            return;
        }
        PackContent.putTrailer(pack, frames);
        pack.flip();
        Payload.putHeader(pack, ObjectKind.PACK, false, flushedRaw);
        ByteBuffer payload = pack.rewind();
        ObjectName name = Names.pack(snapshot, shard, number);
        awaitUnderWay();
        pack = spare.clear().position(Payload.HEADER_BYTES);
        spare = payload;
        Callable<Long> store = () -> {
            long stored = sealed.createEncoded(name, payload.duplicate());
            CrashPoint.reached("backup.pack");
            return stored;
        };
        underWay = storing.submit(store);
        number++;
        frames.clear();
        flushedRaw = 0;
        pieces = 0;
    }

    private void awaitUnderWay() throws IOException {
        Future<Long> waited = underWay;
        if (waited == null) {
            return;
        }
        try {
            storedBytes.addAndGet(waited.get());
            underWay = null;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException("storing a pack failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("storing a pack was interrupted");
        }
    }

    /** Stores what is left; returns how many packs there are, all durable. */
    long finish() throws IOException {
        endFrame();
        endPack();
        awaitUnderWay();
        return number;
    }

    long storedBytes() {
        return storedBytes.get();
    }

    @Override
    public void close() {
        storing.shutdownNow();
        storing.close(); // waits: nothing may be written any more when this returns
        compressor.close();
    }
}
