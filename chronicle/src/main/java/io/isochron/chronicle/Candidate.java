package io.isochron.chronicle;

import io.isochron.chronicle.LargeTransaction.Effect;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What may become an {@link Incident}: a transaction with its parts, ranked before anything is made for people to read. */
final class Candidate {
    private static final Comparator<Sighting> EARLIEST = Comparator.<Sighting>comparingLong(
                    one -> one.transaction().committedMicros())
            .thenComparing(Sighting::shard);

    /** The most suspicious first; of those that are alike the earliest. */
    static final Comparator<Candidate> MOST_SUSPICIOUS = (a, b) -> {
        int score = Double.compare(b.score, a.score);
        if (score != 0) {
            return score;
        }
        LargeTransaction one = a.first.transaction();
        LargeTransaction other = b.first.transaction();
        if (one.committedMicros() != other.committedMicros()) {
            return Long.compare(one.committedMicros(), other.committedMicros());
        }
        int shard = a.first.shard().compareTo(b.first.shard());
        return shard != 0 ? shard : Integer.compare(one.xid(), other.xid());
    };

    private final @Nullable String global;
    private final List<Sighting> parts = new ArrayList<>(1);
    private Sighting first;
    private double score;

    /** @param global the key that joins the parts; null for a transaction of one shard */
    Candidate(@Nullable String global, Sighting first) {
        this.global = global;
        this.first = first;
        parts.add(first);
    }

    void add(Sighting part) {
        parts.add(part);
        first = EARLIEST.compare(part, first) < 0 ? part : first;
    }

    /** Whether it has such a part: a gid that is used again on a shard is another transaction. */
    boolean holds(Sighting part) {
        for (Sighting one : parts) {
            if (one.shard().equals(part.shard())
                    && Objects.equals(
                            one.transaction().gid(), part.transaction().gid())) {
                return true;
            }
        }
        return false;
    }

    /** Sets its place in {@link #MOST_SUSPICIOUS}; the sizes must be complete. */
    void rank(UsualSizes usual) {
        Map<UsualSize, UsualSize> own = own(usual);
        score = 0;
        for (Sighting part : parts) {
            for (Effect effect : part.effects()) {
                UsualSize of = part.usual(usual, effect);
                score += of.score(effect, Objects.requireNonNull(own.get(of)));
            }
        }
    }

    /** What it did to each table itself, by what is usual for the table. */
    private Map<UsualSize, UsualSize> own(UsualSizes usual) {
        Map<UsualSize, UsualSize> own = new HashMap<>();
        for (Sighting part : parts) {
            for (Effect effect : part.effects()) {
                own.computeIfAbsent(part.usual(usual, effect), key -> new UsualSize())
                        .add(effect);
            }
        }
        return own;
    }

    Incident incident(UsualSizes usual) {
        Map<UsualSize, UsualSize> own = own(usual);
        double times = 0;
        for (Sighting part : parts) {
            for (Effect effect : part.effects()) {
                UsualSize of = part.usual(usual, effect);
                times = Math.max(times, of.timesUsual(effect, Objects.requireNonNull(own.get(of))));
            }
        }
        return IncidentFinder.incident(parts.stream().map(Sighting::part).toList(), global, score, times);
    }
}
