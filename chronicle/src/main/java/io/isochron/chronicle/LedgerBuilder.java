package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes one shard's ledger of minutes from its segments. A minute is all segments that follow each other and end in the same minute of reference time (in the one before, if the reference clock was set
 * back), so it is known to be whole when the first segment of a later one is there. The same segments always give the same entries. Not thread-safe.
 */
public final class LedgerBuilder {
    private final String shard;
    /** The names as the stored entries tell them, and with what the minute that is being made adds. */
    private KnownNames settled = new KnownNames();

    private KnownNames names = new KnownNames();
    private OpenWork open;
    private OpenDdl ddl;
    private LargeRule rule = LargeRule.STORED;
    private long number;
    private String linkSha256;
    private long lastPeriod;
    private long closedPeriod = Long.MIN_VALUE;
    private long catalogEntry;
    private int timeline;
    private @Nullable Lsn lastEnd;
    private @Nullable ClockBounds clock;
    private @Nullable SafePoint safePoint;
    private @Nullable MinuteTally minute;
    private @Nullable Segment last;
    private String lastSha256 = Segment.NO_PREVIOUS;
    /** What was gone on from; null after {@link #first} and {@link #after}. */
    private @Nullable LedgerEntry begun;

    private int sixth;
    private boolean newSixth;
    private long eventsSincePart;

    private LedgerBuilder(String shard, @Nullable LedgerEntry after, String linkSha256) {
        this.shard = shard;
        this.linkSha256 = linkSha256;
        this.open = new OpenWork(after == null ? List.of() : after.carried());
        this.ddl = new OpenDdl(after == null ? List.of() : after.carriedDdl());
        this.lastPeriod = Long.MIN_VALUE;
        this.catalogEntry = -1;
        if (after != null) {
            number = after.number() + 1;
            lastPeriod = after.period();
            closedPeriod = after.period();
            catalogEntry = after.cover().catalogEntry();
            timeline = after.cover().timeline();
            lastEnd = after.cover().end();
            clock = after.cover().clock();
            safePoint = after.cover().safePoint();
        }
    }

    /** Begins a shard's ledger. */
    public static LedgerBuilder first(String shard) {
        return new LedgerBuilder(shard, null, Segment.NO_PREVIOUS);
    }

    /**
     * Goes on after a stored minute.
     *
     * @param last the last minute
     * @param lastEncoded its bytes as stored
     * @param since the minutes from {@link LedgerCover#catalogEntry} of the last one to itself, in order: they tell the names
     */
    public static LedgerBuilder after(LedgerEntry last, byte[] lastEncoded, Collection<LedgerEntry> since) {
        LedgerBuilder builder = new LedgerBuilder(last.shard(), last, SegmentCodec.sha256(lastEncoded));
        for (LedgerEntry entry : since) {
            builder.settled = builder.settled.with(entry);
        }
        builder.names = builder.settled.copy();
        return builder;
    }

    /**
     * Goes on within a minute that is not over. What is made so equals what the segments give as long as no limit of an entry is met, and is not to be stored.
     *
     * @param part the entry of a {@link LedgerPart} that goes on where this builder, which has taken nothing yet, stands
     * @throws IllegalArgumentException if it does not
     */
    public LedgerBuilder within(LedgerEntry part) {
        if (minute != null || part.number() != number || !part.linkSha256().equals(linkSha256)) {
            throw new IllegalArgumentException(
                    "ledger of shard '" + shard + "' cannot go on within the part of entry " + part.number());
        }
        names = names.with(part);
        minute = new MinuteTally(names, part, rule);
        open = new OpenWork(part.carried());
        ddl = new OpenDdl(part.carriedDdl());
        lastPeriod = part.period();
        timeline = part.cover().timeline();
        lastEnd = part.cover().end();
        clock = part.cover().clock();
        safePoint = part.cover().safePoint();
        lastSha256 = part.cover().lastSegmentSha256();
        begun = part;
        return this;
    }

    /** Lists other transactions than the ledger does; what is made so is not to be stored. */
    public LedgerBuilder keeping(LargeRule other) {
        rule = other;
        return this;
    }

    /**
     * Takes the next segment.
     *
     * @param sha256 SHA-256 of its bytes
     * @return the minute that it shows to be over, if it does; the segment itself is not in it
     */
    public Optional<LedgerEntry> add(Segment segment, String sha256) {
        Segment previous = last;
        if (previous != null && segment.sequence() <= previous.sequence()) {
            throw new IllegalArgumentException("ledger of shard '" + shard + "' cannot take segment "
                    + segment.sequence() + " after segment " + previous.sequence());
        }
        long period = Math.max(lastPeriod, LedgerLevel.MINUTE.period(segment.referenceLastMicros()));
        Optional<LedgerEntry> over = Optional.empty();
        if (minute != null && period > lastPeriod) {
            over = close();
        }
        MinuteTally now = minute;
        if (now == null) {
            now = new MinuteTally(names, segment, rule);
            minute = now;
            sixth = 0;
            eventsSincePart = 0;
        }
        lastPeriod = period;
        gaps(now, segment);
        List<ClockBounds> clocks = segment.clocks();
        if (!clocks.isEmpty()) {
            clock = clocks.getLast();
        }
        if (segment.safePoint() != null) {
            safePoint = segment.safePoint();
        }
        now.take(segment, open, ddl, clock == null ? 0 : clock.offsetMicros());
        if (!segment.running().isEmpty()) {
            open.running(segment.running().getLast(), segment.openPrepared());
            ddl.running(segment.running().getLast(), segment.openPrepared());
        }
        timeline = segment.timeline();
        lastEnd = segment.end();
        last = segment;
        lastSha256 = sha256;
        eventsSincePart += segment.events().size();
        int reached = (int)
                ((segment.referenceLastMicros() - period * LedgerLevel.MINUTE.micros()) / LedgerPart.SIXTH_MICROS);
        newSixth = reached > sixth;
        sixth = Math.max(reached, sixth);
        return over;
    }

    /**
     * The minute as it stands, if the last segment taken is the first that ends in another sixth of it and enough happened since the last part. The same segments always give the same parts. To be asked once
     * after each segment.
     */
    public Optional<LedgerPart> part() {
        MinuteTally now = minute;
        if (now == null || !newSixth || eventsSincePart < LedgerPart.EVENTS_MIN) {
            return Optional.empty();
        }
        eventsSincePart = 0;
        return Optional.of(new LedgerPart(sixth, entry(now, List.of(), open.carried(), ddl.carried())));
    }

    private void gaps(MinuteTally now, Segment segment) {
        Lsn expected = lastEnd;
        if (timeline != 0 && segment.timeline() != timeline) {
            now.notable(new Notable(
                    Notable.Kind.TIMELINE_SWITCH,
                    segment.start(),
                    segment.referenceFirstMicros(),
                    0,
                    null,
                    segment.timeline(),
                    timeline + " to " + segment.timeline()));
        }
        if (expected != null && expected.isBefore(segment.start())) {
            now.notable(new Notable(
                    Notable.Kind.GAP,
                    segment.start(),
                    segment.referenceFirstMicros(),
                    0,
                    null,
                    segment.start().minus(expected),
                    expected + " to " + segment.start()));
        }
    }

    /** What was taken since the last minute that was over, as an entry that no ledger has; empty if there is nothing. Changes nothing. */
    public Optional<LedgerEntry> unfinished() {
        return minute == null ? Optional.empty() : Optional.of(entry(minute, List.of(), List.of(), List.of()));
    }

    private Optional<LedgerEntry> close() {
        MinuteTally over = minute;
        if (over == null) {
            return Optional.empty();
        }
        boolean lists = closedPeriod == Long.MIN_VALUE
                || LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, lastPeriod)
                        != LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, closedPeriod);
        if (lists) {
            catalogEntry = number;
        }
        LedgerEntry entry =
                entry(over, lists ? LedgerLimits.names(names.all()) : List.of(), open.carried(), ddl.carried());
        linkSha256 = SegmentCodec.sha256(LedgerCodec.encode(entry));
        closedPeriod = lastPeriod;
        number++;
        minute = null;
        // what goes on must be what a builder knows that starts after this entry
        settled = settled.with(entry);
        names = settled.copy();
        return Optional.of(entry);
    }

    private LedgerEntry entry(
            MinuteTally tally,
            List<RelationObservation> catalog,
            List<CarriedWork> carried,
            List<DdlMessage> carriedDdl) {
        Segment end = last;
        if (end == null) {
            return java.util.Objects.requireNonNull(begun).with(catalog, carried, carriedDdl);
        }
        LedgerCover cover = new LedgerCover(
                number,
                number,
                catalogEntry < 0 ? number : catalogEntry,
                tally.firstSequence(),
                end.sequence(),
                lastSha256,
                end.timeline(),
                tally.start(),
                end.end(),
                tally.fromMicros(),
                end.referenceLastMicros(),
                safePoint,
                clock);
        return new LedgerEntry(
                LedgerLevel.MINUTE,
                shard,
                number,
                linkSha256,
                lastPeriod,
                cover,
                tally.digest(end),
                LedgerLimits.names(tally.names()),
                tally.forgotten(),
                catalog,
                carried,
                carriedDdl);
    }
}
