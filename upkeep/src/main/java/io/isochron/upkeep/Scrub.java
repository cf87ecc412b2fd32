package io.isochron.upkeep;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.ScrubRecord;
import io.isochron.store.ScrubSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a repository little by little, in the order of its objects' names and round and round, so that what comes next is what was read longest ago. Where it stopped is recorded in the repository; the next
 * one, on whatever host, goes on from there. Holds one object at a time.
 */
public final class Scrub {
    private static final Duration PAUSE_MAX = Duration.ofMillis(200);

    /** Waits. */
    public interface Sleeper {
        void sleep(Duration time) throws InterruptedException;
    }

    /**
     * What a run read.
     *
     * @param objects in every copy
     * @param bytes stored length of what was read, all copies together
     * @param problems what was not whole
     * @param findings the first of these
     * @param records how many records were made
     * @param cancelled whether it was asked to stop
     */
    public record Result(
            long objects, long bytes, long problems, List<CopyFinding> findings, int records, boolean cancelled) {}

    private final Repository repository;
    private final ScrubSource source;
    private final InstantSource clock;
    private final Sleeper sleeper;
    private final BooleanSupplier cancelled;
    private final LongConsumer progress;

    private ScrubOptions options = ScrubOptions.everything();
    private Instant start = Instant.EPOCH;
    private long runObjects;
    private long runBytes;
    private long runProblems;
    private final List<CopyFinding> runFindings = new ArrayList<>();
    private int records;

    /**
     * @param clock tells the time that is recorded, and by which limits are kept
     * @param cancelled asked between objects whether to stop
     * @param progress is told how many bytes this run has read
     */
    public Scrub(
            Repository repository,
            ScrubSource source,
            InstantSource clock,
            Sleeper sleeper,
            BooleanSupplier cancelled,
            LongConsumer progress) {
        this.repository = repository;
        this.source = source;
        this.clock = clock;
        this.sleeper = sleeper;
        this.cancelled = cancelled;
        this.progress = progress;
    }

    /** What is read until it is recorded. */
    private static final class Stretch {
        private final long pass;
        private final String after;
        private final Instant begun;
        private String through;
        private long objects;
        private long bytes;
        private long problems;
        private final List<CopyFinding> findings = new ArrayList<>();

        Stretch(long pass, String after, Instant begun) {
            this.pass = pass;
            this.after = after;
            this.through = after;
            this.begun = begun;
        }
    }

    /**
     * Reads within the limits; what was read is recorded when this returns, also if it was cancelled.
     *
     * @throws IOException if the store cannot be listed, or takes no record, or another scrub runs; what was recorded before stays
     */
    public Result run(ScrubOptions limits) throws IOException, InterruptedException {
        options = limits;
        start = now();
        ScrubRecord last = newest();
        long number = last == null ? 0 : last.number() + 1;
        long pass = last == null ? 1 : last.ended() ? last.pass() + 1 : last.pass();
        String origin = last == null ? "" : last.through();
        boolean wrapped = origin.isEmpty();
        Stretch stretch = new Stretch(pass, origin, start);
        Ending ending = Ending.RECORD;
        while (ending != Ending.STOP) {
            // a listing for each record: what came after it was begun may not be in it
            ending = read(stretch, wrapped ? origin : "");
            if (ending == Ending.END) {
                record(number++, stretch, "");
                if (wrapped) {
                    break;
                }
                wrapped = true;
                pass++;
                stretch = new Stretch(pass, "", now());
            } else if (!stretch.through.equals(stretch.after)) {
                record(number++, stretch, stretch.through);
                stretch = new Stretch(pass, stretch.through, now());
            }
        }
        return new Result(
                runObjects, runBytes, runProblems, List.copyOf(runFindings), records, cancelled.getAsBoolean());
    }

    private enum Ending {
        /** It is time to record what was read. */
        RECORD,
        /** There are no more names. */
        END,
        /** A limit was reached, or everything was read once. */
        STOP
    }

    /** Reads from where a stretch has come to, if there is one no further than a name. */
    private Ending read(Stretch stretch, String last) throws IOException, InterruptedException {
        try (Stream<ObjectInfo> listing = source.objects(stretch.after)) {
            for (Iterator<ObjectInfo> i = listing.iterator(); i.hasNext(); ) {
                if (over()) {
                    return Ending.STOP;
                }
                ObjectInfo info = i.next();
                if (!last.isEmpty() && info.name().value().compareTo(last) > 0) {
                    return Ending.STOP;
                }
                read(stretch, info);
                if (stretch.bytes >= options.recordBytes() || due(stretch)) {
                    return Ending.RECORD;
                }
            }
            return Ending.END;
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
    }

    private @Nullable ScrubRecord newest() throws IOException {
        try {
            return repository.scrubs().newest().orElse(null);
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            throw new StoreException(
                    "where the last scrub stopped cannot be told: " + e.getMessage()
                            + "\nhint: `isochron verify` reads everything whatever scrubs recorded; `--repair` puts the record right from another copy.",
                    e);
        }
    }

    private boolean over() {
        if (cancelled.getAsBoolean() || runBytes >= options.bytes()) {
            return true;
        }
        Duration time = options.time();
        return time != null && Duration.between(start, now()).compareTo(time) >= 0;
    }

    private boolean due(Stretch stretch) {
        return Duration.between(stretch.begun, now()).compareTo(options.recordEvery()) >= 0;
    }

    private void read(Stretch stretch, ObjectInfo info) throws InterruptedException {
        for (String copy : source.copies()) {
            Optional<Finding> found = source.read(copy, info.name());
            if (found.isPresent()) {
                CopyFinding finding = new CopyFinding(copy, found.get());
                stretch.problems++;
                runProblems++;
                keep(stretch.findings, finding);
                keep(runFindings, finding);
            }
            stretch.bytes += info.bytes();
            runBytes += info.bytes();
        }
        stretch.objects++;
        runObjects++;
        stretch.through = info.name().value();
        progress.accept(runBytes);
        pace();
    }

    private static void keep(List<CopyFinding> findings, CopyFinding finding) {
        if (findings.size() < ScrubRecord.MAX_FINDINGS) {
            findings.add(finding);
        }
    }

    /** Waits until what was read is no more than the rate allows since the start. */
    private void pace() throws InterruptedException {
        if (options.bytesPerSecond() == Long.MAX_VALUE) {
            return;
        }
        while (!over()) {
            double due = (double) runBytes / options.bytesPerSecond() * 1000;
            long wait = (long) due - Duration.between(start, now()).toMillis();
            if (wait <= 0) {
                return;
            }
            sleeper.sleep(Duration.ofMillis(Math.min(wait, PAUSE_MAX.toMillis())));
        }
    }

    private void record(long number, Stretch stretch, String through) throws IOException {
        CrashPoint.reached("scrub.read");
        repository
                .scrubs()
                .append(new ScrubRecord(
                        number,
                        stretch.pass,
                        stretch.begun,
                        now(),
                        stretch.after,
                        through,
                        source.copies(),
                        stretch.objects,
                        stretch.bytes,
                        stretch.problems,
                        stretch.findings));
        records++;
        CrashPoint.reached("scrub.recorded");
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }
}
