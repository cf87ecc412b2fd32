package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of one shard's capture now; written by its threads, read by anybody. */
final class ShardMonitor {
    private static final Logger LOG = LoggerFactory.getLogger(ShardMonitor.class);
    private static final int NOTICES_MAX = 20;

    private final String shard;
    private CaptureState state = CaptureState.NEW;
    private int timeline;
    private Lsn received = Lsn.INVALID;
    private Lsn archived = Lsn.INVALID;
    private Lsn serverEnd = Lsn.INVALID;
    private long safeClockMicros = -1;
    private long safeReferenceMicros = -1;
    private long segments;
    private @Nullable String lastError;
    private final List<String> notices = new ArrayList<>();

    ShardMonitor(String shard) {
        this.shard = shard;
    }

    synchronized void state(CaptureState now) {
        state = now;
        notifyAll();
    }

    synchronized void error(CaptureState now, String message) {
        state = now;
        lastError = message;
        notifyAll();
    }

    synchronized void streaming() {
        state = CaptureState.STREAMING;
        lastError = null;
        notifyAll();
    }

    synchronized void position(int timelineNow, Lsn position, long segmentsNow) {
        timeline = timelineNow;
        received = position;
        archived = position;
        segments = segmentsNow;
        notifyAll();
    }

    synchronized void received(Lsn end) {
        received = end;
    }

    synchronized void serverEnd(Lsn end) {
        serverEnd = Lsn.max(serverEnd, end);
    }

    synchronized Lsn serverEnd() {
        return serverEnd;
    }

    synchronized void archived(Lsn end, long segmentsNow) {
        archived = end;
        segments = segmentsNow;
        notifyAll();
    }

    /** How many segments of the shard are durable, as far as known. */
    synchronized long segments() {
        return segments;
    }

    /** Waits until there are more than so many segments, it is to end, or the time is over. */
    synchronized void awaitSegments(long count, long millis, BooleanSupplier end) throws InterruptedException {
        long until = System.nanoTime() + millis * 1_000_000;
        while (segments <= count && !end.getAsBoolean()) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    /** Wakes whoever waits. */
    synchronized void wake() {
        notifyAll();
    }

    synchronized void safe(long shardClockMicros, long referenceMicros) {
        safeClockMicros = shardClockMicros;
        safeReferenceMicros = referenceMicros;
        notifyAll();
    }

    synchronized void notice(String text) {
        if (!notices.contains(text) && notices.size() < NOTICES_MAX) {
            notices.add(text);
        }
    }

    /** Something that a person must know at once, though capture goes on: a notice, and a line in the log. */
    void alarm(String text) {
        LOG.error("{}", text);
        notice(text);
    }

    synchronized CaptureStatus status(long nowMicros) {
        long lagBytes = archived.equals(Lsn.INVALID)
                ? 0
                : Math.max(0, Lsn.max(serverEnd, received).minus(archived));
        return new CaptureStatus(
                shard,
                state,
                timeline,
                received,
                archived,
                serverEnd,
                lagBytes,
                safeReferenceMicros < 0 ? -1 : Math.max(0, nowMicros - safeReferenceMicros),
                safeClockMicros < 0 ? null : Instant.EPOCH.plus(safeClockMicros, ChronoUnit.MICROS),
                lastError,
                notices,
                segments);
    }
}
