package io.isochron.capture;

import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerRollup;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectExistsException;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Writes the hours and days of one shard's ledger when they are over, from the stored entries below. They are derived: a missing one costs readers time and nothing else, and one that is there is never
 * written again.
 */
final class LedgerRollups {
    private final Repository repository;
    private final String shard;
    /** The first minute that no hour covers. */
    private long firstMinute;
    /** Its hour. */
    private long hour = Long.MIN_VALUE;

    LedgerRollups(Repository repository, String shard) {
        this.repository = repository;
        this.shard = shard;
    }

    /** Makes what is missing behind the newest hour that is there. */
    void catchUp() throws IOException, SegmentFormatException {
        LedgerStore ledger = repository.ledger();
        OptionalLong last = ledger.lastNumber(shard);
        if (last.isEmpty()) {
            return;
        }
        long oldest = hourOf(read(0));
        for (long at = hourOf(read(last.getAsLong())) - 1; at >= oldest; at--) {
            Optional<byte[]> found = ledger.findRollup(shard, LedgerStore.Rollup.HOUR, at);
            if (found.isPresent()) {
                firstMinute = LedgerCodec.decode(found.get()).cover().lastEntry() + 1;
                break;
            }
        }
        hour = hourOf(read(firstMinute));
        day(hour);
        for (long number = firstMinute; number <= last.getAsLong(); number++) {
            minute(read(number));
        }
    }

    /** A minute was stored; if it begins an hour, the one before is over. */
    void minute(LedgerEntry entry) throws IOException, SegmentFormatException {
        long now = hourOf(entry);
        if (hour == Long.MIN_VALUE) {
            firstMinute = entry.number();
            hour = now;
        } else if (now != hour) {
            hour(entry.number() - 1);
            firstMinute = entry.number();
            long before = hour;
            hour = now;
            if (dayOf(before) != dayOf(now)) {
                day(now);
            }
        }
    }

    private void hour(long lastMinute) throws IOException, SegmentFormatException {
        LedgerRollup hourly = new LedgerRollup(LedgerLevel.HOUR);
        byte[] encoded = {};
        for (long number = firstMinute; number <= lastMinute; number++) {
            encoded = repository.ledger().read(shard, number);
            hourly.add(LedgerCodec.decode(encoded));
        }
        append(LedgerStore.Rollup.HOUR, hourly.finish(SegmentCodec.sha256(encoded)));
    }

    /** Makes the last day before the one of an hour, if it has hours and is not there. */
    private void day(long nextHour) throws IOException, SegmentFormatException {
        for (long at = nextHour - 1; at >= nextHour - 48; at--) {
            Optional<byte[]> newest = repository.ledger().findRollup(shard, LedgerStore.Rollup.HOUR, at);
            if (newest.isPresent()) {
                if (dayOf(at) != dayOf(nextHour)) {
                    day(dayOf(at), at);
                    return;
                }
            }
        }
    }

    private void day(long day, long lastHour) throws IOException, SegmentFormatException {
        if (repository.ledger().findRollup(shard, LedgerStore.Rollup.DAY, day).isPresent()) {
            return;
        }
        LedgerRollup daily = new LedgerRollup(LedgerLevel.DAY);
        byte[] encoded = {};
        for (long at = day * 24; at <= lastHour; at++) {
            Optional<byte[]> found = repository.ledger().findRollup(shard, LedgerStore.Rollup.HOUR, at);
            if (found.isPresent()) {
                encoded = found.get();
                daily.add(LedgerCodec.decode(encoded));
            }
        }
        append(LedgerStore.Rollup.DAY, daily.finish(SegmentCodec.sha256(encoded)));
    }

    private void append(LedgerStore.Rollup rollup, LedgerEntry entry) throws IOException {
        try {
            repository.ledger().appendRollup(shard, rollup, entry.period(), LedgerCodec.encode(entry));
            CrashPoint.reached("ledger.rollup");
        } catch (ObjectExistsException e) {
            // made by a capture that was killed right after, or by another one: the same entries below give the same
            // bytes
            return;
        }
    }

    private LedgerEntry read(long number) throws IOException, SegmentFormatException {
        return LedgerCodec.decode(repository.ledger().read(shard, number));
    }

    private static long hourOf(LedgerEntry minute) {
        return LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, minute.period());
    }

    private static long dayOf(long hour) {
        return LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, hour);
    }
}
