package io.isochron.wire;

import io.isochron.wal.Lsn;
import io.isochron.wal.TimelineHistory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** WAL out of the pg_wal directory of a server that runs (or ran), up to a limit that a test moves. */
final class DirectoryWalSource implements WalFeedSource {
    static final int SEGMENT_BYTES = 16 << 20;

    private final Path directory;
    private final String systemIdentifier;
    private final int versionNum;
    private final int timeline;
    private final Object moved = new Object();
    private volatile Lsn limit;
    volatile boolean broken;

    /** Counted down by the first read; while {@link #gate} is shut, reads wait. */
    final CountDownLatch reading = new CountDownLatch(1);

    volatile CountDownLatch gate = new CountDownLatch(0);

    DirectoryWalSource(Path pgWal, SystemIdentity identity, int versionNum, Lsn limit) {
        this.directory = pgWal;
        this.systemIdentifier = identity.systemIdentifier();
        this.timeline = identity.timeline();
        this.versionNum = versionNum;
        this.limit = limit;
    }

    void moveLimit(Lsn to) {
        synchronized (moved) {
            limit = to;
            moved.notifyAll();
        }
    }

    @Override
    public String systemIdentifier() {
        return systemIdentifier;
    }

    @Override
    public int serverVersionNum() {
        return versionNum;
    }

    @Override
    public int timeline() {
        return timeline;
    }

    @Override
    public Lsn limit() {
        return limit;
    }

    @Override
    public Optional<byte[]> timelineHistory(int tli) throws IOException {
        if (broken) {
            throw new IOException("the archive is on fire");
        }
        Path file = directory.resolve(TimelineHistory.fileName(tli));
        return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    @Override
    public Lsn endOfTimeline(int tli) throws IOException {
        String content = Files.readString(directory.resolve(TimelineHistory.fileName(timeline)));
        return TimelineHistory.parse(timeline, content).switchPoint(tli).orElseThrow();
    }

    @Override
    public int read(int tli, Lsn from, ByteBuffer into) throws IOException {
        reading.countDown();
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted while the gate was shut");
        }
        if (broken) {
            throw new IOException("the archive is on fire");
        }
        long offset = from.value() & (SEGMENT_BYTES - 1);
        Path file = segment(directory, tli, from);
        if (!Files.exists(file)) {
            // A server that was promoted in the middle of a segment has that segment under its new timeline only.
            file = segment(directory, timeline, from);
        }
        int limitBefore = into.limit();
        into.limit((int) Math.min(limitBefore, into.position() + SEGMENT_BYTES - offset));
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.read(into, offset);
        } finally {
            into.limit(limitBefore);
        }
    }

    static Path segment(Path pgWal, int tli, Lsn at) {
        return pgWal.resolve(
                String.format("%08X%08X%08X", tli, at.value() >>> 32, (at.value() & 0xFFFFFFFFL) / SEGMENT_BYTES));
    }

    @Override
    public void awaitMore(Lsn beyond, Duration atMost) throws InterruptedException {
        synchronized (moved) {
            if (!limit.isAfter(beyond)) {
                moved.wait(Math.max(1, atMost.toMillis()));
            }
        }
    }
}
