package io.isochron.restore;

import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerPart;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** One shard's stored ledger: finds entries by number and by time, and holds each to the one before. What was read once is kept for the time of a question. */
final class StoredLedger {
    /** An entry with its bytes. */
    static final class Stored {
        private final LedgerEntry entry;
        private final byte[] encoded;

        private Stored(LedgerEntry entry, byte[] encoded) {
            this.entry = entry;
            this.encoded = encoded;
        }

        LedgerEntry entry() {
            return entry;
        }

        byte[] encoded() {
            return encoded;
        }

        String sha256() {
            return SegmentCodec.sha256(encoded);
        }
    }

    private final Repository repository;
    private final String shard;
    private final Map<Long, Stored> minutes = new HashMap<>();

    StoredLedger(Repository repository, String shard) {
        this.repository = repository;
        this.shard = shard;
    }

    OptionalLong lastNumber() throws IOException {
        return repository.ledger().lastNumber(shard);
    }

    /** The first minute that is kept; 0 if there is none. */
    long firstNumber() throws IOException {
        return repository.ledger().firstNumber(shard).orElse(0);
    }

    Stored minute(long number) throws IOException {
        Stored known = minutes.get(number);
        if (known == null) {
            byte[] encoded = repository.ledger().read(shard, number);
            known = new Stored(decode(encoded, "minute " + number), encoded);
            require(known.entry(), number);
            minutes.put(number, known);
        }
        return known;
    }

    private void require(LedgerEntry entry, long number) throws RestoreException {
        if (entry.number() != number || !entry.shard().equals(shard)) {
            throw new RestoreException(
                    "ledger entry " + number + " of shard " + shard + " holds entry " + entry.number() + " of shard "
                            + entry.shard(),
                    "the repository's objects were mixed up; run verify");
        }
    }

    Optional<LedgerEntry> rollup(LedgerLevel level, long period) throws IOException {
        LedgerStore.Rollup kind = level == LedgerLevel.DAY ? LedgerStore.Rollup.DAY : LedgerStore.Rollup.HOUR;
        Optional<byte[]> encoded =
                period < 0 ? Optional.empty() : repository.ledger().findRollup(shard, kind, period);
        return encoded.isEmpty() ? Optional.empty() : Optional.of(decode(encoded.get(), level + " " + period));
    }

    /** The longest part that is stored of a minute that is not over; empty if there is none. */
    Optional<LedgerEntry> part(long number) throws IOException {
        for (int sixth = LedgerPart.SIXTH_MAX; sixth > 0; sixth--) {
            Optional<byte[]> encoded = repository.ledger().findPart(shard, number, sixth);
            if (encoded.isPresent()) {
                LedgerEntry part = decode(encoded.get(), "part " + sixth + " of minute " + number);
                require(part, number);
                return Optional.of(part);
            }
        }
        return Optional.empty();
    }

    /** The first minute that ends at or after a moment; one more than the last if none does. Mostly there is one entry for every minute, so that its place is known; else it is found by halving. */
    long firstEndingFrom(long micros, long last) throws IOException {
        long low = firstNumber();
        long high = last + 1;
        long guess = last
                - (LedgerLevel.MINUTE.period(minute(last).entry().cover().toMicros())
                        - LedgerLevel.MINUTE.period(micros));
        for (int looks = 0; low < high; looks++) {
            long middle = low + (high - low) / 2;
            if (looks < 2) {
                // once where it should be, once beside it
                middle = Math.clamp(looks == 0 ? guess : guess - 1, low, high - 1);
            }
            if (minute(middle).entry().cover().toMicros() < micros) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private LedgerEntry decode(byte[] encoded, String what) throws IOException {
        try {
            return LedgerCodec.decode(encoded);
        } catch (SegmentFormatException e) {
            throw new RestoreException(
                    "ledger " + what + " of shard " + shard + " is not sound: " + e.getMessage(),
                    "run verify to see what else is damaged",
                    e);
        }
    }
}
