package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Corrects the times of one shard's events by the clock readings recorded beside them: the reading nearest in time among those from just
 * before the event's segment to just after it, widened by drift. Where the clock stepped in between, every reading that
 * agrees with what is known without clocks (the event was written after the last safe point before it and had arrived when its segment
 * was cut) counts, and the uncertainty covers them all. Where it was not read for a while ({@value #UNREAD_MICROS} µs) and stepped meanwhile, it may have shown anything between, and only what is known without clocks counts. Behind the last reading a step would show nowhere yet, so what may have been written there is
 * uncertain up to its arrival, until a later reading is archived.
 */
final class ShardClock {
    /** A record's time is read a little before it is inserted; more than this is not expected. */
    private static final long INSERT_DELAY_MICROS = 1_000_000;

    /** A probe's answer and the WAL written when it was given reach the segments at most this far apart, capture running. */
    private static final long READING_DELAY_MICROS = 2_000_000;

    /**
     * A clock that stepped between two readings is taken to have stepped once if they lie no further apart. Capture reads it several times a second; that a standby's clock
     * differs from the one of the primary that it succeeds is one step, however long the shard was away.
     */
    private static final long UNREAD_MICROS = 3_000_000;

    private final List<Segment> segments;
    private final ClockBounds[] readings;
    /** For each reading what the shard's clock showed then, by the middle of its bounds. */
    private final long[] shardTimes;
    /** For each segment the last reading that was surely made before anything in it was written, if there is one. */
    private final int[] lastBefore;
    /** For each segment the first reading that was surely made after everything in it was written, if there is one. */
    private final int[] firstAfter;
    /** For each reading the number of steps up to it. */
    private final int[] steps;
    /** For each reading the number of steps up to it of which nobody knows that they were single ones. */
    private final int[] unread;
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
    /** No less than the uncertainty of any reading. */
    private final long widestReading;
    /** How far the offsets of all readings lie apart. */
    private final long offsetRange;

    private final CutRules rules;

    ShardClock(List<Segment> segments, CutRules rules) {
        this.segments = segments;
        this.rules = rules;
        List<ClockBounds> all = new ArrayList<>();
        List<Integer> timelines = new ArrayList<>();
        safeBefore = new long[segments.size()];
        long safe = Long.MIN_VALUE;
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            safeBefore[i] = safe;
            for (ClockBounds reading : segment.clocks()) {
                all.add(reading);
                timelines.add(segment.timeline());
            }
            SafePoint point = segment.safePoint();
            if (point != null) {
                safe = Math.max(safe, point.referenceMicros());
            }
        }
        safeAtEnd = safe;
        firstKnown = firstKnown();
        readings = all.toArray(new ClockBounds[0]);
        shardTimes = new long[readings.length];
        for (int i = 0; i < readings.length; i++) {
            shardTimes[i] = readings[i].atReferenceMicros() + readings[i].offsetMicros();
        }
        lastBefore = new int[segments.size()];
        firstAfter = new int[segments.size()];
        for (int i = 0; i < segments.size() && readings.length > 0; i++) {
            Segment segment = segments.get(i);
            lastBefore[i] = Math.max(0, firstFrom(writtenAfter(i)) - 1);
            firstAfter[i] =
                    Math.min(readings.length - 1, firstFrom(segment.referenceLastMicros() + READING_DELAY_MICROS));
        }
        steps = new int[readings.length];
        unread = new int[readings.length];
        for (int i = 1; i < readings.length; i++) {
            boolean stepped = readings[i - 1].intersect(readings[i]).isEmpty();
            boolean unseen = stepped
                    && readings[i].atReferenceMicros() - readings[i - 1].atReferenceMicros() > UNREAD_MICROS
                    && timelines.get(i - 1).equals(timelines.get(i));
            steps[i] = steps[i - 1] + (stepped ? 1 : 0);
            unread[i] = unread[i - 1] + (unseen ? 1 : 0);
        }
        firstUnread = firstUnread();
        long widest = 0;
        long least = Long.MAX_VALUE;
        long most = Long.MIN_VALUE;
        for (ClockBounds reading : readings) {
            widest = Math.max(widest, reading.uncertaintyMicros());
            least = Math.min(least, reading.offsetMicros());
            most = Math.max(most, reading.offsetMicros());
        }
        widestReading = widest;
        offsetRange = readings.length == 0 ? 0 : most - least;
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
        return readings.length > 0;
    }

    /** Corrects a time that stands in a record of the segment with this index; exact zero offset is assumed if the clock was never read. */
    Corrected correct(int segment, long shardMicros) {
        if (readings.length == 0) {
            return new Corrected(shardMicros, 0);
        }
        int low = lastBefore[segment];
        int high = firstAfter[segment];
        while (low > 0 && shardTimes[low] > shardMicros && shardTimes[low - 1] < shardTimes[low]) {
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
        boolean plain = readings.length > 0
                && segment >= firstKnown
                && steps[lastBefore[segment]] == steps[firstAfter[segment]]
                && (segment < firstUnread || rules.believesClocksThatAreNotReadAgain());
        long written = written(segment);
        long arrived = segments.get(segment).referenceLastMicros();
        int low = lastBefore[segment];
        for (int e = 0; e < micros.length; e++) {
            long shardMicros = events.timeMicros(e);
            if (plain && written <= arrived && shardTimes[low] <= shardMicros) {
                ClockBounds reading = readings[nearest(low, firstAfter[segment], shardMicros)];
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
        if (steps[low] == steps[high]) {
            Corrected one = correctBy(readings[nearest(low, high, shardMicros)], shardMicros);
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
        if (readings.length == 0 || written(segment) > arrived) {
            return Long.MAX_VALUE;
        }
        return Math.max(arrived, readings[lastBefore[segment]].atReferenceMicros()) + slack(segment, arrived);
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
        if (readings.length == 0 || written > arrived || written == Long.MIN_VALUE) {
            return Long.MIN_VALUE;
        }
        return written - Math.max(slack(segment, arrived), slack(segment, written));
    }

    /**
     * No less than twice the uncertainty of any event of a segment between the last reading before it and a moment, and what rounding takes. The reading that corrects an event is at most as far from it as that one, but for
     * their offsets; in that time clocks drift by half a thousandth, the other half covers the uncertainty's own part in the distance.
     */
    private long slack(int segment, long micros) {
        long distance = Math.abs(micros - readings[lastBefore[segment]].atReferenceMicros());
        return 2 * (widestReading + (widestReading + distance + offsetRange) / 1000 + 10);
    }

    /** What was written in a segment was written after the last safe point before it. */
    private long written(int segment) {
        return safeBefore[segment] == Long.MIN_VALUE ? Long.MIN_VALUE : safeBefore[segment] - INSERT_DELAY_MICROS;
    }

    private static Corrected correctBy(ClockBounds reading, long shardMicros) {
        ClockBounds bounds = reading.at(shardMicros - reading.offsetMicros());
        return new Corrected(shardMicros - bounds.offsetMicros(), bounds.uncertaintyMicros());
    }

    private int nearest(int low, int high, long shardMicros) {
        int best = low;
        long distance = Math.abs(shardTimes[low] - shardMicros);
        for (int i = low + 1; i <= high; i++) {
            long other = Math.abs(shardTimes[i] - shardMicros);
            if (other < distance) {
                best = i;
                distance = other;
            }
        }
        return best;
    }

    /** Where the clock stepped, seen in the readings or by a time that cannot be: no reading has shown that step yet. */
    private Corrected correctAcrossStep(int low, int high, long shardMicros, long written, long arrived) {
        boolean onceAtMost = unread[low] == unread[high] || rules.believesClocksThatJumpedUnread();
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
        return all != null ? all : correctBy(readings[high], shardMicros);
    }

    private @Nullable Corrected hull(int low, int high, long shardMicros, long written, long arrived) {
        long from = Long.MAX_VALUE;
        long to = Long.MIN_VALUE;
        for (int i = low; i <= high; i++) {
            Corrected one = correctBy(readings[i], shardMicros);
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

    /** Bounds of the offset at a reference time: of the nearest reading, or of both neighbours if the clock stepped between them. */
    ClockBounds at(long referenceMicros) {
        int after = firstFrom(referenceMicros);
        ClockBounds next = readings[Math.min(after, readings.length - 1)].at(referenceMicros);
        ClockBounds previous = readings[Math.max(after - 1, 0)].at(referenceMicros);
        if (steps[Math.min(after, readings.length - 1)] != steps[Math.max(after - 1, 0)]) {
            return new ClockBounds(
                    referenceMicros,
                    Math.min(previous.offsetLowMicros(), next.offsetLowMicros()),
                    Math.max(previous.offsetHighMicros(), next.offsetHighMicros()));
        }
        return previous.uncertaintyMicros() < next.uncertaintyMicros() ? previous : next;
    }

    /**
     * The moments (first and last) that, with twice the uncertainty of the clock there, do not lie before a safe time. Between two readings the
     * uncertainty grows much more slowly than time goes by, so each stretch between them has one such part, at its end.
     */
    List<long[]> unknownAt(long safeMicros) {
        List<long[]> unknown = new ArrayList<>();
        long widest = widestMicros();
        for (int i = readings.length; i >= 0; i--) {
            long from = i == 0 ? Long.MIN_VALUE / 4 : readings[i - 1].atReferenceMicros() + 1;
            long to = i == readings.length ? Math.max(from, safeMicros) : readings[i].atReferenceMicros();
            if (i < readings.length && to < safeMicros - 2 * widest) {
                break;
            }
            if (from <= to && isUnknown(to, safeMicros)) {
                // before the first reading, and after the last, it may be wider than between any two
                long there = Math.max(widest, at(Math.min(to, safeMicros)).uncertaintyMicros());
                unknown.add(new long[] {firstUnknown(Math.max(from, safeMicros - 4 * there - 1), to, safeMicros), to});
            }
        }
        return unknown;
    }

    private boolean isUnknown(long micros, long safeMicros) {
        long before = uncertaintyJustBefore(micros);
        return micros + 2 * at(micros).uncertaintyMicros() >= safeMicros
                || (before >= 0 && micros - 1 + 2 * before >= safeMicros);
    }

    /**
     * The uncertainty a microsecond earlier; -1 if a reading lies between. Uncertainty shrinks towards a reading by whole microseconds, twice of which is
     * more than the one that went by: what is needed for a moment would be less than for the moment before it.
     */
    long uncertaintyJustBefore(long micros) {
        return firstFrom(micros - 1) == firstFrom(micros) ? at(micros - 1).uncertaintyMicros() : -1;
    }

    private long firstUnknown(long from, long to, long safeMicros) {
        long low = from;
        long high = to;
        while (low < high) {
            long middle = low + ((high - low) >> 1);
            if (isUnknown(middle, safeMicros)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** No less than the uncertainty anywhere between the first reading and the last. */
    private long widestMicros() {
        long widest = 0;
        for (int i = 0; i < readings.length; i++) {
            long at = readings[i].atReferenceMicros();
            long since = i == 0 ? 0 : Math.max(0, at - readings[i - 1].atReferenceMicros());
            widest = Math.max(widest, at(at).uncertaintyMicros() + ClockBounds.driftMicros(since));
        }
        return widest;
    }

    /** Index of the first reading made at a reference time or later. */
    private int firstFrom(long referenceMicros) {
        int low = 0;
        int high = readings.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (readings[middle].atReferenceMicros() < referenceMicros) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
