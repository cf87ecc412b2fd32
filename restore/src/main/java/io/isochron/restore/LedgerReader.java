package io.isochron.restore;

import io.isochron.chronicle.LargeRule;
import io.isochron.chronicle.LedgerBuilder;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentChain;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.store.ChronicleStore;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Reads what happened from the ledgers: hours where they are whole, minutes at the edges, and the segments that no entry covers yet. For a day that is some dozens of small objects for each shard.
 */
public final class LedgerReader {
    private static final int READ_AHEAD = 8;

    private final Repository repository;

    public LedgerReader(Repository repository) {
        this.repository = repository;
    }

    /** The names of all shards, in the repository's order. */
    public List<String> shards() {
        return repository.cluster().shards().stream().map(ShardIdentity::name).toList();
    }

    /**
     * What is known of a stretch of reference time, for every shard. Entries are whole: the first and the last may reach beyond it by up to a minute.
     *
     * @param from its beginning, or null for the beginning of the ledger
     * @param to its end, or null for now
     * @param coarsest the coarsest level wanted
     * @throws IOException if an object is missing or damaged
     */
    public Map<String, ShardLedger> window(@Nullable Instant from, @Nullable Instant to, LedgerLevel coarsest)
            throws IOException {
        return eachShard((shard, threads) -> {
            Window window = new Window(shard, threads);
            return window.read(
                    from == null ? Long.MIN_VALUE : micros(from), to == null ? Long.MAX_VALUE : micros(to), coarsest);
        });
    }

    /** The same without the segments that no entry covers yet. */
    public Map<String, ShardLedger> stored(@Nullable Instant from, LedgerLevel coarsest) throws IOException {
        return eachShard((shard, threads) -> {
            Window window = new Window(shard, threads);
            OptionalLong last = window.stored.lastNumber();
            if (last.isPresent()) {
                window.covered(
                        from == null ? Long.MIN_VALUE : micros(from), Long.MAX_VALUE, coarsest, last.getAsLong());
            }
            return new ShardLedger(shard, window.entries, window.breaks);
        });
    }

    /** The minutes of a roll-up, or the entry itself if it is a minute. */
    public List<LedgerEntry> minutes(LedgerEntry entry) throws IOException {
        if (entry.level() == LedgerLevel.MINUTE) {
            return List.of(entry);
        }
        StoredLedger stored = new StoredLedger(repository, entry.shard());
        List<LedgerEntry> minutes = new ArrayList<>();
        for (long number = entry.cover().firstEntry(); number <= entry.cover().lastEntry(); number++) {
            minutes.add(stored.minute(number).entry());
        }
        return minutes;
    }

    /**
     * The transactions of some minutes that a rule chooses, looked up in the segments themselves.
     *
     * @param minutes entries of level minute, of whatever shards
     * @param rule which transactions to give
     * @return by shard, entries of these minutes with what the rule chose as their large transactions
     */
    public Map<String, List<LedgerEntry>> details(List<LedgerEntry> minutes, LargeRule rule) throws IOException {
        Map<String, List<LedgerEntry>> byShard = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<LedgerEntry>>> futures = new ArrayList<>();
            for (LedgerEntry minute : minutes) {
                futures.add(threads.submit(() -> new Window(minute.shard(), threads).detailed(minute, rule)));
            }
            for (Future<Optional<LedgerEntry>> future : futures) {
                ChronicleReader.get(future)
                        .ifPresent(entry -> byShard.computeIfAbsent(entry.shard(), shard -> new ArrayList<>())
                                .add(entry));
            }
        }
        return byShard;
    }

    @FunctionalInterface
    private interface OfShard<T> {
        T read(String shard, ExecutorService threads) throws IOException;
    }

    private <T> Map<String, T> eachShard(OfShard<T> reading) throws IOException {
        Map<String, Future<T>> futures = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String shard : shards()) {
                futures.put(shard, threads.submit(() -> reading.read(shard, threads)));
            }
            Map<String, T> result = new LinkedHashMap<>();
            for (Map.Entry<String, Future<T>> future : futures.entrySet()) {
                result.put(future.getKey(), ChronicleReader.get(future.getValue()));
            }
            return result;
        }
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    /** Takes minutes as they are made. */
    @FunctionalInterface
    private interface Minutes {
        void add(LedgerEntry entry);
    }

    /** One shard's part of a question. */
    private final class Window {
        private final String shard;
        private final ExecutorService threads;
        private final StoredLedger stored;
        private final List<LedgerEntry> entries = new ArrayList<>();
        private final List<String> breaks = new ArrayList<>();

        Window(String shard, ExecutorService threads) {
            this.shard = shard;
            this.threads = threads;
            this.stored = new StoredLedger(repository, shard);
        }

        ShardLedger read(long from, long to, LedgerLevel coarsest) throws IOException {
            OptionalLong last = stored.lastNumber();
            if (last.isPresent()) {
                covered(from, to, coarsest, last.getAsLong());
            }
            if (last.isEmpty()
                    || stored.minute(last.getAsLong()).entry().cover().toMicros() < to) {
                tail(last.isEmpty() ? -1 : last.getAsLong(), from, to);
            }
            return new ShardLedger(shard, entries, breaks);
        }

        private void covered(long from, long to, LedgerLevel coarsest, long last) throws IOException {
            long number = from == Long.MIN_VALUE ? stored.firstNumber() : stored.firstEndingFrom(from, last);
            while (number <= last) {
                LedgerEntry entry = next(number, to, coarsest);
                if (entry == null) {
                    LedgerEntry minute = minute(number);
                    if (minute.cover().fromMicros() > to) {
                        return;
                    }
                    entry = coarse(minute, to, coarsest);
                }
                entries.add(entry);
                number = entry.cover().lastEntry() + 1;
            }
        }

        /** The roll-up of the period after the last one read, if it goes on where that ended: then no minute needs to be read to find it. */
        private @Nullable LedgerEntry next(long number, long to, LedgerLevel coarsest) throws IOException {
            LedgerEntry before = entries.isEmpty() ? null : entries.getLast();
            if (before == null || before.level() == LedgerLevel.MINUTE || before.level() != coarsest) {
                return null;
            }
            LedgerEntry rollup = stored.rollup(coarsest, before.period() + 1).orElse(null);
            boolean follows = rollup != null
                    && rollup.cover().firstEntry() == number
                    && rollup.cover().firstSequence() == before.cover().lastSequence() + 1
                    && rollup.cover().toMicros() <= to;
            return follows ? rollup : null;
        }

        /** The longest roll-up that begins with a minute and does not reach beyond the end. */
        private LedgerEntry coarse(LedgerEntry minute, long to, LedgerLevel coarsest) throws IOException {
            for (LedgerLevel level : coarsest.rollups()) {
                long period = level.periodOf(LedgerLevel.MINUTE, minute.period());
                boolean mayBegin = entries.isEmpty()
                        || period != level.period(entries.getLast().cover().toMicros());
                Optional<LedgerEntry> rollup = mayBegin ? stored.rollup(level, period) : Optional.empty();
                if (rollup.isPresent()
                        && rollup.get().cover().firstEntry() == minute.number()
                        && rollup.get().cover().toMicros() <= to) {
                    return rollup.get();
                }
            }
            return minute;
        }

        /** A minute that is held to the entry read before it. */
        private LedgerEntry minute(long number) throws IOException {
            StoredLedger.Stored minute = stored.minute(number);
            if (!entries.isEmpty()) {
                LedgerEntry before = entries.getLast();
                boolean follows = before.cover().lastEntry() + 1 == number
                        && before.cover().lastSequence() + 1
                                == minute.entry().cover().firstSequence();
                boolean linked = before.level() != LedgerLevel.MINUTE
                        || stored.minute(before.number())
                                .sha256()
                                .equals(minute.entry().linkSha256());
                if (!follows || !linked) {
                    breaks.add("ledger entry " + number + " of shard " + shard
                            + " was made after another entry than the one that is there");
                }
            }
            return minute.entry();
        }

        private Optional<LedgerEntry> detailed(LedgerEntry minute, LargeRule rule) throws IOException {
            long last = stored.lastNumber().orElse(-1);
            long before = Math.min(minute.number() - 1, last);
            long kept = stored.firstNumber();
            if (kept > 0 && before < kept) {
                // what the transactions of the first minute that is kept had done before is not known any more
                return Optional.empty();
            }
            LedgerBuilder builder = builderAfter(before).keeping(rule);
            long first = before < 0
                    ? repository.chronicle().firstSequence(shard).orElse(0)
                    : stored.minute(before).entry().cover().lastSequence() + 1;
            segments(builder, first, minute.cover().lastSequence(), "", entry -> {});
            return builder.unfinished();
        }

        /** What no stored minute covers, from the longest part that is stored of the next one and the segments after it. */
        private void tail(long lastNumber, long from, long to) throws IOException {
            LedgerBuilder builder = builderAfter(lastNumber);
            LedgerEntry begun = part(lastNumber);
            LedgerEntry before = begun;
            if (begun != null) {
                builder.within(begun);
            } else if (lastNumber >= 0) {
                before = stored.minute(lastNumber).entry();
            }
            long first = before == null
                    ? repository.chronicle().firstSequence(shard).orElse(0)
                    : before.cover().lastSequence() + 1;
            List<LedgerEntry> made = new ArrayList<>();
            segments(
                    builder,
                    first,
                    Long.MAX_VALUE,
                    before == null ? "" : before.cover().lastSegmentSha256(),
                    made::add);
            builder.unfinished().ifPresent(made::add);
            for (LedgerEntry entry : made) {
                if (entry.cover().toMicros() >= from && entry.cover().fromMicros() <= to) {
                    entries.add(entry);
                }
            }
        }

        /** The part of the minute after a stored one that goes on where that ended; null if the segments are to be read instead. */
        private @Nullable LedgerEntry part(long lastNumber) throws IOException {
            LedgerEntry part = stored.part(lastNumber + 1).orElse(null);
            if (part == null) {
                return null;
            }
            boolean follows = lastNumber < 0
                    ? part.linkSha256().equals(Segment.NO_PREVIOUS)
                    : part.linkSha256().equals(stored.minute(lastNumber).sha256())
                            && part.cover().firstSequence()
                                    == stored.minute(lastNumber).entry().cover().lastSequence() + 1;
            if (!follows) {
                breaks.add("part of ledger entry " + part.number() + " of shard " + shard
                        + " was made after another entry than the one that is there");
                return null;
            }
            return part;
        }

        private LedgerBuilder builderAfter(long number) throws IOException {
            if (number < 0) {
                return LedgerBuilder.first(shard);
            }
            StoredLedger.Stored last = stored.minute(number);
            List<LedgerEntry> since = new ArrayList<>();
            for (long one = last.entry().cover().catalogEntry(); one <= number; one++) {
                since.add(stored.minute(one).entry());
            }
            return LedgerBuilder.after(last.entry(), last.encoded(), since);
        }

        /**
         * Feeds segments to a builder, up to a number or to the first that is not there.
         *
         * @param sha256 what the first one must name as its predecessor; empty if that is not known
         */
        private void segments(LedgerBuilder builder, long first, long last, String sha256, Minutes minutes)
                throws IOException {
            ChronicleStore chronicle = repository.chronicle();
            SegmentChain chain = new SegmentChain();
            Deque<Future<Optional<byte[]>>> ahead = new ArrayDeque<>();
            long asked = first;
            for (long sequence = first; sequence <= last; sequence++) {
                while (asked <= last && ahead.size() < READ_AHEAD) {
                    long number = asked++;
                    ahead.add(threads.submit(() -> chronicle.find(shard, number)));
                }
                Optional<byte[]> encoded = ChronicleReader.get(ahead.remove());
                if (encoded.isEmpty()) {
                    return;
                }
                try {
                    Segment segment = chain.next(encoded.get());
                    if (sequence == first
                            && !sha256.isEmpty()
                            && !segment.previousSha256().equals(sha256)) {
                        breaks.add("chronicle segment " + sequence + " of shard " + shard
                                + " was made after another segment than the one that the ledger covers");
                    }
                    builder.add(segment, chain.lastSha256()).ifPresent(minutes::add);
                } catch (SegmentFormatException e) {
                    throw new RestoreException(
                            "chronicle segment " + sequence + " of shard " + shard + " is not sound: " + e.getMessage(),
                            "run verify to see what else is damaged",
                            e);
                }
            }
        }
    }
}
