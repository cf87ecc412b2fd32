package io.isochron.restore;

import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
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

    Stored minute(long number) throws IOException {
        Stored known = minutes.get(number);
        if (known == null) {
            byte[] encoded = repository.ledger().read(shard, number);
            known = new Stored(decode(encoded, "minute " + number), encoded);
            if (known.entry().number() != number || !known.entry().shard().equals(shard)) {
                throw new RestoreException(
                        "ledger entry " + number + " of shard " + shard + " holds entry "
                                + known.entry().number() + " of shard "
                                + known.entry().shard(),
                        "the repository's objects were mixed up; run verify");
            }
            minutes.put(number, known);
        }
        return known;
    }

    Optional<LedgerEntry> rollup(LedgerLevel level, long period) throws IOException {
        LedgerStore.Rollup kind = level == LedgerLevel.DAY ? LedgerStore.Rollup.DAY : LedgerStore.Rollup.HOUR;
        Optional<byte[]> encoded =
                period < 0 ? Optional.empty() : repository.ledger().findRollup(shard, kind, period);
        return encoded.isEmpty() ? Optional.empty() : Optional.of(decode(encoded.get(), level + " " + period));
    }

    /** The first minute that ends at or after a moment; one more than the last if none does. */
    long firstEndingFrom(long micros, long last) throws IOException {
        long low = 0;
        long high = last + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
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
