package io.isochron.capture;

import io.isochron.chronicle.EncodedSegment;
import io.isochron.chronicle.Segment;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.StoreException;
import io.isochron.objects.StoreFullException;
import io.isochron.store.Repository;
import io.isochron.store.WalRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/**
 * Makes one shard's WAL and segments durable, however long that takes. A repository that cannot be written for now (no space, not reachable) is asked again with growing pauses; a write whose effect
 * is not known is repeated, and counts as done if the same bytes are there.
 */
final class DurableArchive {
    private final Repository repository;
    private final String shard;
    private final ShardMonitor monitor;
    private final Duration pauseMax;

    DurableArchive(Repository repository, String shard, ShardMonitor monitor, Duration pauseMax) {
        this.repository = repository;
        this.shard = shard;
        this.monitor = monitor;
        this.pauseMax = pauseMax;
    }

    /** Another capture writes this shard's chronicle. */
    static final class ConflictException extends IOException {
        private static final long serialVersionUID = 1;

        ConflictException(String message) {
            super(message);
        }
    }

    @FunctionalInterface
    private interface Write {
        void run() throws IOException;
    }

    /**
     * Archives a piece of WAL; durable on return.
     *
     * @throws CaptureException if other bytes are archived under this very range
     */
    void wal(WalRange range, ByteBuffer... bytes) throws IOException, InterruptedException {
        persist(() -> writeOrCompare(range, bytes));
    }

    private void writeOrCompare(WalRange range, ByteBuffer... bytes) throws IOException {
        try {
            repository.wal().write(range, duplicates(bytes));
        } catch (ObjectExistsException e) {
            sameOrSplit(range, bytes, e);
        }
    }

    private void sameOrSplit(WalRange range, ByteBuffer[] bytes, ObjectExistsException exists) throws IOException {
        byte[] mine = joined(bytes, range.bytes());
        byte[] theirs;
        try {
            theirs = repository.wal().read(range);
        } catch (ObjectDamagedException e) {
            if (range.bytes() < 2) {
                throw e;
            }
            // the damaged piece stays, as evidence; two others with names of their own hold its bytes. One of them may
            // be there already, from an attempt that ended between the two
            monitor.notice("a damaged piece of wal of shard " + shard + " was archived again under other names: "
                    + e.getMessage());
            int half = range.bytes() / 2;
            long middle = range.start() + half;
            writeOrCompare(
                    new WalRange(shard, range.timeline(), range.start(), middle), ByteBuffer.wrap(mine, 0, half));
            writeOrCompare(
                    new WalRange(shard, range.timeline(), middle, range.end()),
                    ByteBuffer.wrap(mine, half, mine.length - half));
            return;
        }
        if (!Arrays.equals(mine, theirs)) {
            throw new CaptureException(
                    "the repository holds other wal of shard " + shard + " under " + exists.getMessage(),
                    "two servers wrote different histories of one timeline: is an old primary still running?",
                    exists);
        }
    }

    /**
     * Appends a segment to the chronicle; durable on return.
     *
     * @throws ConflictException if another segment has this number: somebody else captures this shard too
     */
    void segment(EncodedSegment cut) throws IOException, InterruptedException {
        Segment segment = cut.segment();
        byte[] encoded = cut.bytes();
        persist(() -> {
            try {
                repository.chronicle().append(shard, segment.sequence(), encoded);
            } catch (ObjectExistsException e) {
                if (!Arrays.equals(repository.chronicle().read(shard, segment.sequence()), encoded)) {
                    throw new ConflictException(
                            "segment " + segment.sequence() + " of shard " + shard + " was written by another capture");
                }
            }
        });
    }

    private void persist(Write write) throws IOException, InterruptedException {
        Backoff backoff = new Backoff(pauseMax);
        boolean stalled = false;
        while (true) {
            try {
                write.run();
                if (stalled) {
                    monitor.streaming();
                }
                return;
            } catch (CaptureException | ConflictException e) {
                throw e;
            } catch (StoreException e) {
                if (!(e instanceof StoreFullException)) {
                    throw e;
                }
                monitor.error(CaptureState.STALLED, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                monitor.error(
                        CaptureState.STALLED,
                        "the repository at " + repository.describe() + " cannot be written: " + e.getMessage());
            }
            stalled = true;
            Thread.sleep(backoff.next());
        }
    }

    private static ByteBuffer[] duplicates(ByteBuffer[] bytes) {
        return Arrays.stream(bytes).map(ByteBuffer::duplicate).toArray(ByteBuffer[]::new);
    }

    private static byte[] joined(ByteBuffer[] bytes, int length) {
        ByteBuffer all = ByteBuffer.allocate(length);
        for (ByteBuffer one : bytes) {
            all.put(one.duplicate());
        }
        return all.array();
    }
}
