package io.isochron.app;

import io.isochron.chronicle.Notable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What of a history is wanted.
 *
 * @param from beginning
 * @param to end
 * @param shards names
 * @param table only this table; null for all
 * @param kinds only events of these kinds; empty for all but fences, of which there are many
 * @param rowsMin transactions with at least so many rows of one kind are events
 */
record HistoryFilter(
        Instant from,
        Instant to,
        List<String> shards,
        @Nullable String table,
        List<String> kinds,
        long rowsMin) {
    static final String TRANSACTION = "transaction";
    static final String SNAPSHOT = "snapshot";
    static final String STATEMENT = "statement";

    boolean wants(String kind) {
        return kinds.isEmpty() ? !kind.equals(kind(Notable.Kind.FENCE)) : kinds.contains(kind);
    }

    boolean inTime(Instant at) {
        return !at.isBefore(from) && !at.isAfter(to);
    }

    static String kind(Notable.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** Names of all kinds of events. */
    static List<String> allKinds() {
        List<String> kinds = new ArrayList<>(
                Arrays.stream(Notable.Kind.values()).map(HistoryFilter::kind).toList());
        kinds.add(TRANSACTION);
        kinds.add(SNAPSHOT);
        kinds.add(STATEMENT);
        return kinds;
    }
}
