package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.List;

/** The readings of one shard's clock in the order in which they were made, and where they show that it stepped. */
final class ClockReadings {
    /**
     * A clock that stepped between two readings is taken to have stepped once if they lie no further apart. Capture reads it several times a second; that a standby's clock
     * differs from the one of the primary that it succeeds is one step, however long the shard was away.
     */
    private static final long UNREAD_MICROS = 3_000_000;

    private final ClockBounds[] readings;
    /** For each reading what the shard's clock showed then, by the middle of its bounds. */
    private final long[] shardTimes;
    /** For each reading the number of steps up to it. */
    private final int[] steps;
    /** For each reading the number of steps up to it of which nobody knows that they were single ones. */
    private final int[] unread;

    private final long widestReading;
    private final long offsetRange;

    ClockReadings(List<Segment> segments) {
        List<ClockBounds> all = new ArrayList<>();
        List<Integer> timelines = new ArrayList<>();
        for (Segment segment : segments) {
            for (ClockBounds reading : segment.clocks()) {
                all.add(reading);
                timelines.add(segment.timeline());
            }
        }
        readings = all.toArray(new ClockBounds[0]);
        shardTimes = new long[readings.length];
        steps = new int[readings.length];
        unread = new int[readings.length];
        long most = Long.MIN_VALUE;
        long least = Long.MAX_VALUE;
        long wide = 0;
        for (int i = 0; i < readings.length; i++) {
            ClockBounds reading = readings[i];
            shardTimes[i] = reading.atReferenceMicros() + reading.offsetMicros();
            wide = Math.max(wide, reading.uncertaintyMicros());
            least = Math.min(least, reading.offsetMicros());
            most = Math.max(most, reading.offsetMicros());
            if (i > 0) {
                boolean stepped = readings[i - 1].intersect(reading).isEmpty();
                boolean unseen = stepped
                        && reading.atReferenceMicros() - readings[i - 1].atReferenceMicros() > UNREAD_MICROS
                        && timelines.get(i - 1).equals(timelines.get(i));
                steps[i] = steps[i - 1] + (stepped ? 1 : 0);
                unread[i] = unread[i - 1] + (unseen ? 1 : 0);
            }
        }
        widestReading = wide;
        offsetRange = readings.length == 0 ? 0 : most - least;
    }

    int size() {
        return readings.length;
    }

    ClockBounds get(int reading) {
        return readings[reading];
    }

    /** What the shard's clock showed at a reading, by the middle of its bounds. */
    long shardTime(int reading) {
        return shardTimes[reading];
    }

    /** Whether the clock stepped between two readings. */
    boolean stepped(int low, int high) {
        return steps[low] != steps[high];
    }

    /** Whether it did while nobody read it, so that it may have stepped more than once. */
    boolean steppedUnread(int low, int high) {
        return unread[low] != unread[high];
    }

    /** No less than the uncertainty of any reading. */
    long widestReading() {
        return widestReading;
    }

    /** How far the offsets of all readings lie apart. */
    long offsetRange() {
        return offsetRange;
    }

    /** Corrects a time of the shard's clock by one reading. */
    Corrected correctBy(int reading, long shardMicros) {
        ClockBounds at = readings[reading];
        ClockBounds bounds = at.at(shardMicros - at.offsetMicros());
        return new Corrected(shardMicros - bounds.offsetMicros(), bounds.uncertaintyMicros());
    }

    /** The reading from a range whose time of the shard's clock is the nearest. */
    int nearest(int low, int high, long shardMicros) {
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
    int firstFrom(long referenceMicros) {
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
