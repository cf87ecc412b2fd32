package io.isochron.capture;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Follows from outside, through the repository alone, how far a running capture has come with one shard. For one thread. */
final class ArchivePosition {
    private static final long LOOK_MILLIS = 100;

    private final Repository repository;
    private final String shard;
    private @Nullable Segment last;

    ArchivePosition(Repository repository, String shard) {
        this.repository = repository;
        this.shard = shard;
    }

    /** The newest segment; empty if capture has never run for this shard. */
    Optional<Segment> look() throws IOException {
        Segment known = last;
        if (known == null) {
            OptionalLong sequence = repository.chronicle().lastSequence(shard);
            if (sequence.isEmpty()) {
                return Optional.empty();
            }
            known = decode(repository.chronicle().read(shard, sequence.getAsLong()), sequence.getAsLong());
        }
        while (true) {
            Optional<byte[]> next = repository.chronicle().find(shard, known.sequence() + 1);
            if (next.isEmpty()) {
                last = known;
                return Optional.of(known);
            }
            known = decode(next.get(), known.sequence() + 1);
        }
    }

    /**
     * Waits until a newer segment than the one that is there now appears, which a running capture makes at least every few seconds.
     *
     * @throws CaptureException if none appears in time
     */
    void awaitMovement(Duration patience) throws IOException, InterruptedException {
        long start = System.nanoTime();
        long first = look().map(Segment::sequence).orElse(-1L);
        while (look().map(Segment::sequence).orElse(-1L) == first) {
            if (System.nanoTime() - start > patience.toNanos()) {
                throw new CaptureException(
                        first < 0
                                ? "nothing has ever been captured of shard " + shard
                                : "the archive of shard " + shard + " has stood still at " + end() + " for "
                                        + patience.toSeconds() + " s",
                        "is `isochron capture` running?");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /**
     * Waits until the chronicle reaches a position.
     *
     * @param patience how long it may stand still; as long as it moves the wait goes on
     * @throws CaptureException if it stands still for longer
     */
    void awaitEnd(Lsn wanted, Duration patience) throws IOException, InterruptedException {
        long movedNanos = System.nanoTime();
        Lsn reached = Lsn.INVALID;
        while (true) {
            Lsn now = look().map(Segment::end).orElse(Lsn.INVALID);
            if (!now.isBefore(wanted)) {
                return;
            }
            if (now.isAfter(reached)) {
                reached = now;
                movedNanos = System.nanoTime();
            } else if (System.nanoTime() - movedNanos > patience.toNanos()) {
                throw new CaptureException(
                        "the archive of shard " + shard + " has stood still at " + now + " for " + patience.toSeconds()
                                + " s, wal up to " + wanted + " is needed",
                        "is `isochron capture` running?");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private Lsn end() {
        Segment known = last;
        return known == null ? Lsn.INVALID : known.end();
    }

    private Segment decode(byte[] bytes, long sequence) throws IOException {
        try {
            return SegmentCodec.decode(bytes);
        } catch (SegmentFormatException e) {
            throw new CaptureException(
                    "chronicle segment " + sequence + " of shard " + shard + " cannot be read: " + e.getMessage(),
                    "it was written by a newer version of isochron, or by a faulty one",
                    e);
        }
    }
}
