package io.isochron.store;

import io.isochron.objects.StoreException;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What must be in a repository, according to its newest retention record. A value. */
public final class Horizon {
    /** Of a repository of which nothing was ever removed. */
    public static final Horizon EVERYTHING = new Horizon(null);

    private final @Nullable RetentionRecord record;

    private Horizon(@Nullable RetentionRecord record) {
        this.record = record;
    }

    /** What a record keeps; all, if there is none. */
    public static Horizon of(@Nullable RetentionRecord record) {
        return record == null ? EVERYTHING : new Horizon(record);
    }

    /** The record that says so; empty if there is none. */
    public Optional<RetentionRecord> record() {
        return Optional.ofNullable(record);
    }

    /** The number that the next record has. */
    public long nextNumber() {
        return record == null ? 0 : record.number() + 1;
    }

    /** Where a shard's objects begin to be kept, apart from single moments. */
    public Floor floor(String shard) {
        return record == null
                ? RetentionRecord.EVERYTHING
                : record.floors().getOrDefault(shard, RetentionRecord.EVERYTHING);
    }

    /** Single moments that are kept before every moment is. */
    public List<KeptMoment> moments() {
        return record == null ? List.of() : record.moments();
    }

    /** From when on every moment is kept; empty if nothing ever was removed. */
    public Optional<Instant> continuous() {
        return record == null ? Optional.empty() : Optional.ofNullable(record.continuous());
    }

    /** Whether any byte of a shard's WAL in {@code [start, end)} is kept. */
    public boolean keepsWal(String shard, long start, long end) {
        return Long.compareUnsigned(end, floor(shard).wal()) > 0
                || moments().stream().anyMatch(kept -> {
                    Positions range = kept.wal().get(shard);
                    return range != null && range.meets(start, end);
                });
    }

    /** Whether a snapshot is to be removed, or being removed. */
    public boolean dropped(String snapshot) {
        return record != null && record.dropped().contains(snapshot);
    }

    /** What is not kept may be gone: no later record can keep it. */
    void requireNoMore(RetentionRecord next) throws StoreException {
        for (String shard :
                record == null ? List.<String>of() : List.copyOf(record.floors().keySet())) {
            Floor was = floor(shard);
            Floor is = next.floors().getOrDefault(shard, RetentionRecord.EVERYTHING);
            if (!is.max(was).equals(is)) {
                throw refused(next, "objects of shard " + shard + " below " + was);
            }
        }
        for (KeptMoment kept : next.moments()) {
            for (String part : kept.parts()) {
                if (dropped(part)) {
                    throw refused(next, "snapshot " + part);
                }
            }
            for (Map.Entry<String, Positions> range : kept.wal().entrySet()) {
                if (!keepsWhole(range.getKey(), range.getValue())) {
                    throw refused(next, "WAL of shard " + range.getKey() + " for the moment " + kept.moment());
                }
            }
        }
    }

    /** Whether all of a shard's WAL in a range is kept. */
    public boolean keepsWhole(String shard, Positions range) {
        return Long.compareUnsigned(range.from(), floor(shard).wal()) >= 0
                || moments().stream().anyMatch(kept -> {
                    Positions known = kept.wal().get(shard);
                    return known != null
                            && Long.compareUnsigned(known.from(), range.from()) <= 0
                            && Long.compareUnsigned(known.to(), range.to()) >= 0;
                });
    }

    private StoreException refused(RetentionRecord next, String what) {
        return new StoreException("retention record " + next.number() + " keeps " + what
                + ", which the record before it does not\nhint: what was given up once may be gone");
    }
}
