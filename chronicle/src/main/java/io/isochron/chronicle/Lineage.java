package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.List;

/**
 * The segments of a shard that its present line of history consists of. After a failover to a standby that lacked WAL which had been archived, capture goes on at the point where the standby's PostgreSQL
 * timeline branched off: the next segment begins before the end of the ones before it, and supersedes all of them that reach beyond its beginning. They stay in the repository and count no longer.
 */
public final class Lineage {
    private final List<Segment> segments = new ArrayList<>();
    /** For each segment whether it continues the one before it without a gap. */
    private final List<Boolean> joins = new ArrayList<>();

    /**
     * @param ordered segments of one shard by ascending sequence
     * @throws IllegalArgumentException if one is given twice
     */
    Lineage(List<Segment> ordered) {
        for (int i = 0; i < ordered.size(); i++) {
            Segment next = ordered.get(i);
            if (i > 0 && ordered.get(i - 1).sequence() == next.sequence()) {
                throw new IllegalArgumentException(
                        "chronicle segment " + next.sequence() + " of shard '" + next.shard() + "' was given twice");
            }
            while (!segments.isEmpty() && segments.getLast().end().isAfter(next.start())) {
                segments.removeLast();
                joins.removeLast();
            }
            // numbers may be left out between them, by superseded segments; where positions meet no WAL is missing
            joins.add(!segments.isEmpty() && segments.getLast().end().equals(next.start()));
            segments.add(next);
        }
    }

    /**
     * The segments without those that were superseded.
     *
     * @param ordered segments of one shard by ascending sequence, each once
     */
    public static List<Segment> of(List<Segment> ordered) {
        return new Lineage(ordered).segments();
    }

    List<Segment> segments() {
        return List.copyOf(segments);
    }

    /** Whether a segment continues the one before it. */
    boolean joins(int index) {
        return joins.get(index);
    }
}
