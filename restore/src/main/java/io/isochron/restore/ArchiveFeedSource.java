package io.isochron.restore;

import io.isochron.store.Repository;
import io.isochron.store.WalArchiveReader;
import io.isochron.wal.Lsn;
import io.isochron.wire.WalFeedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Archived WAL of one shard as a primary would send it, up to a position that this program moves and never beyond. Thread-safe.
 */
final class ArchiveFeedSource implements WalFeedSource, AutoCloseable {

    private static final int READERS_KEPT = 4;

    private final Repository repository;
    private final ShardPlan plan;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private final Deque<Reader> idle = new ArrayDeque<>();
    private Lsn limit;
    private boolean closed;
    private volatile @Nullable IOException failure;

    /** Nothing is given out before {@link #advance}. */
    ArchiveFeedSource(Repository repository, ShardPlan plan) {
        this.repository = repository;
        this.plan = plan;
        this.limit = plan.walStart();
    }

    private record Reader(int timeline, WalArchiveReader archive) {}

    /** Allows WAL up to a position; never takes anything back. */
    void advance(Lsn to) {
        lock.lock();
        try {
            limit = Lsn.max(limit, to);
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String systemIdentifier() {
        return plan.systemIdentifier();
    }

    @Override
    public int serverVersionNum() {
        return plan.serverVersionNum();
    }

    @Override
    public int walSegmentSizeBytes() {
        return plan.walSegmentBytes();
    }

    @Override
    public int timeline() {
        return plan.timeline();
    }

    @Override
    public Lsn limit() {
        lock.lock();
        try {
            return limit;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<byte[]> timelineHistory(int timeline) throws IOException {
        return timeline > plan.timeline()
                ? Optional.empty()
                : repository.timelineHistories().get(plan.shard(), timeline);
    }

    @Override
    public Lsn endOfTimeline(int timeline) throws IOException {
        for (TimelineStep step : plan.steps()) {
            if (step.timeline() == timeline) {
                return step.end();
            }
        }
        throw new RestoreException(
                "timeline " + timeline + " of shard " + plan.shard() + " is not part of the plan",
                "a server that asks for it is not a restored copy of this shard");
    }

    /** What went wrong the last time WAL was read, if that was the last reading; the server that asked only hears that it should ask again. */
    @Nullable
    IOException failure() {
        return failure;
    }

    @Override
    public int read(int timeline, Lsn from, ByteBuffer into) throws IOException {
        try {
            int count = readPlanned(timeline, from, into);
            failure = null;
            return count;
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    private int readPlanned(int timeline, Lsn from, ByteBuffer into) throws IOException {
        TimelineStep step = stepOf(timeline, from);
        // the WAL before a timeline's beginning is that of the timeline it came from
        if (step.timeline() != timeline && into.remaining() > step.end().minus(from)) {
            into.limit(into.position() + (int) step.end().minus(from));
        }
        Reader reader = take(step.timeline(), from);
        boolean sound = false;
        try {
            int count = reader.archive().read(into);
            if (count == 0) {
                throw new RestoreException(
                        "WAL of shard " + plan.shard() + " on timeline " + step.timeline() + " ends at " + from
                                + " in the repository",
                        "it was there when the plan was made; run verify");
            }
            sound = true;
            return count;
        } finally {
            if (sound) {
                giveBack(reader);
            } else {
                reader.archive().close();
            }
        }
    }

    /** The stretch that holds a position as seen from a timeline; what lies before all stretches belongs to the first. */
    private TimelineStep stepOf(int timeline, Lsn from) throws IOException {
        List<TimelineStep> steps = plan.steps();
        for (int i = steps.size() - 1; i >= 0; i--) {
            TimelineStep step = steps.get(i);
            if (step.timeline() <= timeline && (i == 0 || !from.isBefore(step.start()))) {
                return step;
            }
        }
        throw new RestoreException(
                "WAL of shard " + plan.shard() + " on timeline " + timeline + " at " + from
                        + " is not part of the plan",
                "a server that asks for it is not a restored copy of this shard");
    }

    private Reader take(int timeline, Lsn from) {
        lock.lock();
        try {
            for (Iterator<Reader> i = idle.iterator(); i.hasNext(); ) {
                Reader reader = i.next();
                if (reader.timeline() == timeline && reader.archive().position() == from.value()) {
                    i.remove();
                    return reader;
                }
            }
        } finally {
            lock.unlock();
        }
        return new Reader(timeline, repository.wal().openReader(plan.shard(), timeline, from.value()));
    }

    private void giveBack(Reader reader) {
        Reader surplus = null;
        lock.lock();
        try {
            if (closed) {
                surplus = reader;
            } else {
                idle.addFirst(reader);
                surplus = idle.size() > READERS_KEPT ? idle.removeLast() : null;
            }
        } finally {
            lock.unlock();
        }
        if (surplus != null) {
            surplus.archive().close();
        }
    }

    @Override
    public void awaitMore(Lsn beyond, Duration atMost) throws InterruptedException {
        long nanos = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (!closed && nanos > 0 && !limit.isAfter(beyond)) {
                nanos = moved.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            moved.signalAll();
            idle.forEach(reader -> reader.archive().close());
            idle.clear();
        } finally {
            lock.unlock();
        }
    }
}
