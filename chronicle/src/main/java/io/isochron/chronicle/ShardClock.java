package io.isochron.chronicle;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Corrects the times of one shard's events by the clock readings recorded beside them: the reading nearest in time among those from just
 * before the event's segment to just after it, widened by drift. Where the clock stepped in between, every reading that
 * agrees with what is known without clocks (the event was written after the last safe point before it and had arrived when its segment
 * was cut) counts, and the uncertainty covers them all. Where it was not read for a while ({@link ClockReadings#steppedUnread}) and stepped meanwhile, it may have shown anything between, and only what is known without clocks counts. Behind the last reading a step would show nowhere yet, so what may have been written there is
 * uncertain up to its arrival, until a later reading is archived. Before the first safe point nothing is known but that arrival.
 */
final class ShardClock {
    /** A record's time is read a little before it is inserted; more than this is not expected. */
    private static final long INSERT_DELAY_MICROS = 1_000_000;

    /** A probe's answer and the WAL written when it was given reach the segments at most this far apart, capture running. */
    private static final long READING_DELAY_MICROS = 2_000_000;

    private final List<Segment> segments;
    /** What the clock showed, whichever segment says so. */
    final ClockReadings readings;

    /** For each segment the last reading that was surely made before anything in it was written, if there is one. */
    private final int[] lastBefore;
    /** For each segment the first reading that was surely made after everything in it was written, if there is one. */
    private final int[] firstAfter;
    /** For each segment the reference time of the latest safe point before it. */
    private final long[] safeBefore;
    /** The reference time of the latest safe point: a reading was asked for then, so what no reading follows was written later. */
    private final long safeAtEnd;
    /** The first segment from which on none is surely followed by a reading. */
    private final int firstUnread;
    /**
     * The first segment with a safe point before it. What is in earlier ones may have been written long before it arrived, when the clock was another one: a capture that is started for the first time, or was away, makes segments of
     * what it finds.
     */
    private final int firstKnown;

    private final CutRules rules;

    ShardClock(List<Segment> segments, CutRules rules) {
        this.segments = segments;
        this.rules = rules;
        readings = new ClockReadings(segments);
        safeBefore = new long[segments.size()];
        long safe = Long.MIN_VALUE;
        for (int i = 0; i < segments.size(); i++) {
            safeBefore[i] = safe;
            SafePoint point = segments.get(i).safePoint();
            if (point != null) {
                safe = Math.max(safe, point.referenceMicros());
            }
        }
        safeAtEnd = safe;
        firstKnown = firstKnown();
        lastBefore = new int[segments.size()];
        firstAfter = new int[segments.size()];
        for (int i = 0; i < segments.size() && known(); i++) {
            Segment segment = segments.get(i);
            lastBefore[i] = Math.max(0, readings.firstFrom(writtenAfter(i)) - 1);
            firstAfter[i] = Math.min(
                    readings.size() - 1, readings.firstFrom(segment.referenceLastMicros() + READING_DELAY_MICROS));
        }
        firstUnread = firstUnread();
    }

    /** What is in a segment was written after this moment: WAL may arrive long after a reading of its time, so nothing but a safe point says so. */
    private long writtenAfter(int segment) {
        long opened = segments.get(segment).referenceFirstMicros() - READING_DELAY_MICROS;
        return rules.believesThatWalArrivesWithItsReadings() ? opened : Math.min(opened, written(segment));
    }

    private int firstKnown() {
        int first = 0;
        while (first < segments.size() && safeBefore[first] == Long.MIN_VALUE && !rules.believesFirstReadings()) {
            first++;
        }
        return first;
    }

    /** The end of what is not known of the segments from this one on for want of a safe point before them; {@code Long.MIN_VALUE} if there is none. */
    long unknownUntil(int segment) {
        return segment < firstKnown ? segments.get(firstKnown - 1).referenceLastMicros() : Long.MIN_VALUE;
    }

    private int firstUnread() {
        long readAfter = Long.MIN_VALUE;
        for (int i = segments.size() - 1; i >= 0; i--) {
            if (readAfter >= segments.get(i).referenceLastMicros()) {
                return i + 1;
            }
            readAfter = Math.max(readAfter, readAfter(segments.get(i)));
        }
        return 0;
    }

    /**
     * The latest reference time after which a segment surely shows a reading of the clock: the one of its safe point was asked for then, others arrived so late that they were.
     * {@code Long.MIN_VALUE} if it shows none.
     */
    static long readAfter(Segment segment) {
        SafePoint point = segment.safePoint();
        long latest = point == null ? Long.MIN_VALUE : point.referenceMicros();
        for (ClockBounds reading : segment.clocks()) {
            latest = Math.max(latest, reading.atReferenceMicros() - READING_DELAY_MICROS);
        }
        return latest;
    }

    /** Whether the clock was ever read. */
    boolean known() {
        return readings.size() > 0;
    }

    /** Corrects a time that stands in a record of the segment with this index; exact zero offset is assumed if the clock was never read. */
    Corrected correct(int segment, long shardMicros) {
        if (!known()) {
            return new Corrected(shardMicros, 0);
        }
        int low = lastBefore[segment];
        int high = firstAfter[segment];
        while (low > 0
                && readings.shardTime(low) > shardMicros
                && readings.shardTime(low - 1) < readings.shardTime(low)) {
            low--;
        }
        long written = written(segment);
        long arrived = segments.get(segment).referenceLastMicros();
        if (written > arrived) {
            // The reference clock itself was set back: only the readings tell.
            written = Long.MIN_VALUE;
            arrived = Long.MAX_VALUE;
        }
        if (segment < firstKnown && arrived != Long.MAX_VALUE) {
            return Corrected.notAfter(arrived);
        }
        Corrected read = correctBetween(low, high, shardMicros, written, arrived);
        return segment < firstUnread || arrived == Long.MAX_VALUE || rules.believesClocksThatAreNotReadAgain()
                ? read
                : untilArrival(read, written, arrived);
    }

    /** Corrects the times of a segment's events, as {@link #correct} does one by one; nearly always one reading is the nearest to many, and nothing about it is in question. */
    void correct(int segment, SegmentEvents events, long[] micros, long[] uncertaintyMicros) {
        boolean plain = known()
                && segment >= firstKnown
                && !readings.stepped(lastBefore[segment], firstAfter[segment])
                && (segment < firstUnread || rules.believesClocksThatAreNotReadAgain());
        long written = written(segment);
        long arrived = segments.get(segment).referenceLastMicros();
        int low = lastBefore[segment];
        for (int e = 0; e < micros.length; e++) {
            long shardMicros = events.timeMicros(e);
            if (plain && written <= arrived && readings.shardTime(low) <= shardMicros) {
                ClockBounds reading = readings.get(readings.nearest(low, firstAfter[segment], shardMicros));
                long drift = ClockBounds.driftMicros(
                        Math.abs(shardMicros - reading.offsetMicros() - reading.atReferenceMicros()));
                // widening by the drift leaves the middle where it is
                micros[e] = shardMicros - reading.offsetMicros();
                uncertaintyMicros[e] = reading.uncertaintyMicros() + drift;
                if (micros[e] + uncertaintyMicros[e] >= written && micros[e] - uncertaintyMicros[e] <= arrived) {
                    continue;
                }
            }
            Corrected one = correct(segment, shardMicros);
            micros[e] = one.micros();
            uncertaintyMicros[e] = one.uncertaintyMicros();
        }
    }

    /** No reading follows: the clock may have been set back since, or forward. */
    private Corrected untilArrival(Corrected read, long written, long arrived) {
        long from = safeAtEnd == Long.MIN_VALUE ? read.low() : Math.min(read.low(), safeAtEnd);
        return between(Math.min(Math.max(from, written), arrived), arrived);
    }

    private Corrected correctBetween(int low, int high, long shardMicros, long written, long arrived) {
        if (!readings.stepped(low, high)) {
            Corrected one = readings.correctBy(readings.nearest(low, high, shardMicros), shardMicros);
            if (one.high() >= written && one.low() <= arrived) {
                return one;
            }
        }
        return correctAcrossStep(low, high, shardMicros, written, arrived);
    }

    /**
     * No event of a segment happened after this moment, as {@link #correct} places and widens it, whatever its time; {@link Long#MAX_VALUE} if that cannot be said without looking. What is in a segment had
     * arrived when it was cut, and {@link #correct} keeps to that but for twice the uncertainty; an event from long before is more uncertain, but by less than it is older.
     */
    long noneAfter(int segment) {
        long arrived = segments.get(segment).referenceLastMicros();
        if (!known() || written(segment) > arrived) {
            return Long.MAX_VALUE;
        }
        return Math.max(arrived, readings.get(lastBefore[segment]).atReferenceMicros()) + slack(segment, arrived);
    }

    /** No event of a segment, with twice its uncertainty beyond the latest time that it may have, lies after this moment; {@link Long#MAX_VALUE} as in {@link #noneAfter}. */
    long noHorizonAfter(int segment) {
        long none = noneAfter(segment);
        long written = written(segment);
        if (none == Long.MAX_VALUE || written == Long.MIN_VALUE) {
            return Long.MAX_VALUE;
        }
        // of an event that a step of the clock displaced nothing may be known but that it was written and arrived
        long arrived = segments.get(segment).referenceLastMicros();
        return none + Math.max(slack(segment, arrived), arrived - written + 2);
    }

    /** No event of a segment happened before this moment, in the same sense; {@link Long#MIN_VALUE} if that cannot be said without looking. */
    long noneBefore(int segment) {
        long arrived = segments.get(segment).referenceLastMicros();
        long written = written(segment);
        if (!known() || written > arrived || written == Long.MIN_VALUE) {
            return Long.MIN_VALUE;
        }
        return written - Math.max(slack(segment, arrived), slack(segment, written));
    }

    /**
     * No less than twice the uncertainty of any event of a segment between the last reading before it and a moment, and what rounding takes. The reading that corrects an event is at most as far from it as that one, but for
     * their offsets; in that time clocks drift by half a thousandth, the other half covers the uncertainty's own part in the distance.
     */
    private long slack(int segment, long micros) {
        long distance = Math.abs(micros - readings.get(lastBefore[segment]).atReferenceMicros());
        return 2
                * (readings.widestReading()
                        + (readings.widestReading() + distance + readings.offsetRange()) / 1000
                        + 10);
    }

    /** What was written in a segment was written after the last safe point before it. */
    private long written(int segment) {
        return safeBefore[segment] == Long.MIN_VALUE ? Long.MIN_VALUE : safeBefore[segment] - INSERT_DELAY_MICROS;
    }

    /** Where the clock stepped, seen in the readings or by a time that cannot be: no reading has shown that step yet. */
    private Corrected correctAcrossStep(int low, int high, long shardMicros, long written, long arrived) {
        boolean onceAtMost = !readings.steppedUnread(low, high) || rules.believesClocksThatJumpedUnread();
        Corrected plausible = onceAtMost ? hull(low, high, shardMicros, written, arrived) : null;
        if (plausible != null) {
            return plausible;
        }
        if (arrived != Long.MAX_VALUE) {
            // of what was written before the first safe point nothing but its arrival is known: no moment before that
            // can be reached
            return written == Long.MIN_VALUE ? Corrected.notAfter(arrived) : between(written, arrived);
        }
        Corrected all = hull(low, high, shardMicros, Long.MIN_VALUE, Long.MAX_VALUE);
        return all != null ? all : readings.correctBy(high, shardMicros);
    }

    private @Nullable Corrected hull(int low, int high, long shardMicros, long written, long arrived) {
        long from = Long.MAX_VALUE;
        long to = Long.MIN_VALUE;
        for (int i = low; i <= high; i++) {
            Corrected one = readings.correctBy(i, shardMicros);
            if (one.high() >= written && one.low() <= arrived) {
                from = Math.min(from, Math.max(one.low(), written));
                to = Math.max(to, Math.min(one.high(), arrived));
            }
        }
        return from > to ? null : between(from, to);
    }

    private static Corrected between(long from, long to) {
        long middle = from + (to - from) / 2;
        return new Corrected(middle, Math.max(middle - from, to - middle));
    }
}
