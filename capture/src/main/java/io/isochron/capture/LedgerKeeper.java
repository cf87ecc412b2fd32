package io.isochron.capture;

import io.isochron.chronicle.LedgerBuilder;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerPart;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentChain;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectExistsException;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes one shard's ledger beside its capture, on a thread of its own: reads every segment back from the repository once it is durable, holds it to the one before, and appends the minutes that are
 * over. What is missing when it starts it makes up for, so it needs no repair after a kill. It never stops capture: what it cannot do is a notice, and is tried again.
 */
final class LedgerKeeper implements Runnable {
    private static final long LOOK_MILLIS = 1000;

    /** Parts of minutes are for readers of the newest one: who catches up writes none that is over as good as at once. */
    private static final long BEHIND_MAX = 10;

    private final Repository repository;
    private final String shard;
    private final ShardMonitor monitor;
    private final Duration pauseMax;
    private volatile boolean stopping;

    private @Nullable LedgerBuilder builder;
    private @Nullable LedgerRollups rollups;
    private SegmentChain chain = new SegmentChain();
    private String expectedSha256 = "";
    private @Nullable Lsn lastEnd;
    private long next;

    LedgerKeeper(Repository repository, String shard, ShardMonitor monitor, Duration pauseMax) {
        this.repository = repository;
        this.shard = shard;
        this.monitor = monitor;
        this.pauseMax = pauseMax;
    }

    /** Ends it after what it is doing now. */
    void stop() {
        stopping = true;
        monitor.wake();
    }

    @Override
    public void run() {
        Backoff backoff = new Backoff(pauseMax);
        while (!stopping) {
            try {
                monitor.awaitSegments(next, LOOK_MILLIS, () -> stopping);
                catchUp();
                backoff.reset();
            } catch (SegmentFormatException e) {
                builder = null;
                monitor.notice("ALARM: the chronicle of shard " + shard + " is broken and its ledger stands still: "
                        + e.getMessage());
                pause(backoff);
            } catch (CaptureException e) {
                builder = null;
                monitor.notice("ALARM: " + e.getMessage());
                pause(backoff);
            } catch (IOException e) {
                builder = null;
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                monitor.notice("the ledger of shard " + shard + " cannot be written for now: " + e.getMessage());
                pause(backoff);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void pause(Backoff backoff) {
        try {
            Thread.sleep(backoff.next());
        } catch (InterruptedException e) {
            stopping = true;
        }
    }

    /** Takes all segments that are durable now. */
    void catchUp() throws IOException, SegmentFormatException {
        long durable = monitor.segments();
        if (durable == 0) {
            return;
        }
        LedgerBuilder now = builder;
        if (now == null) {
            now = load();
        }
        while (next < durable && !stopping) {
            Segment segment = chain.next(repository.chronicle().read(shard, next));
            if (!expectedSha256.isEmpty() && !segment.previousSha256().equals(expectedSha256)) {
                throw new CaptureException(
                        "segment " + next + " of shard " + shard + " was made after another segment " + (next - 1)
                                + " than the one that its ledger covers",
                        "objects of the repository were exchanged: bring them back from a copy");
            }
            alarmOnGap(segment);
            expectedSha256 = "";
            Optional<LedgerEntry> over = now.add(segment, chain.lastSha256());
            if (over.isPresent() && !append(over.get())) {
                builder = null;
                return;
            }
            Optional<LedgerPart> part = now.part();
            if (part.isPresent() && durable - next <= BEHIND_MAX) {
                append(part.get());
            }
            next++;
        }
    }

    private void alarmOnGap(Segment segment) {
        Lsn expected = lastEnd;
        if (expected != null && expected.isBefore(segment.start())) {
            monitor.notice("ALARM: wal of shard " + shard + " from " + expected + " to " + segment.start()
                    + " is missing in the chronicle");
        }
        lastEnd = segment.end();
    }

    private LedgerBuilder load() throws IOException, SegmentFormatException {
        LedgerStore ledger = repository.ledger();
        OptionalLong last = ledger.lastNumber(shard);
        chain = new SegmentChain();
        LedgerBuilder loaded;
        if (last.isEmpty()) {
            loaded = LedgerBuilder.first(shard);
            next = repository.chronicle().firstSequence(shard).orElse(0);
            expectedSha256 = "";
            lastEnd = null;
        } else {
            byte[] encoded = ledger.read(shard, last.getAsLong());
            LedgerEntry entry = LedgerCodec.decode(encoded);
            List<LedgerEntry> since = new ArrayList<>();
            for (long number = entry.cover().catalogEntry(); number < entry.number(); number++) {
                since.add(LedgerCodec.decode(ledger.read(shard, number)));
            }
            since.add(entry);
            loaded = LedgerBuilder.after(entry, encoded, since);
            next = entry.cover().lastSequence() + 1;
            expectedSha256 = entry.cover().lastSegmentSha256();
            lastEnd = entry.cover().end();
        }
        LedgerRollups made = new LedgerRollups(repository, shard);
        made.catchUp();
        rollups = made;
        builder = loaded;
        return loaded;
    }

    /** Appends what a minute holds so far. */
    private void append(LedgerPart part) throws IOException {
        try {
            repository
                    .ledger()
                    .appendPart(shard, part.entry().number(), part.sixth(), LedgerCodec.encode(part.entry()));
            CrashPoint.reached("ledger.part");
        } catch (ObjectExistsException e) {
            // made of the same segments, by this capture before it was killed or by another
        }
    }

    /** Appends a minute; false if another capture wrote the number with other bytes, so that all has to be read anew. */
    private boolean append(LedgerEntry entry) throws IOException, SegmentFormatException {
        byte[] encoded = LedgerCodec.encode(entry);
        try {
            repository.ledger().append(shard, entry.number(), encoded);
        } catch (ObjectExistsException e) {
            if (!Arrays.equals(repository.ledger().read(shard, entry.number()), encoded)) {
                monitor.notice("entry " + entry.number() + " of the ledger of shard " + shard
                        + " was written by another capture");
                return false;
            }
        }
        CrashPoint.reached("capture.ledger");
        LedgerRollups made = rollups;
        if (made != null) {
            made.minute(entry);
        }
        return true;
    }
}
