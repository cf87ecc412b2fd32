package io.isochron.store;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a verification covered.
 *
 * @param problems findings other than notices
 * @param kinds by the first part of the objects' names, how much was there and how much of it was read and authenticated
 */
public record VerifySummary(long problems, SortedMap<String, Coverage> kinds) {
    public VerifySummary {
        kinds = Collections.unmodifiableSortedMap(new TreeMap<>(kinds));
    }

    /** Both together. */
    VerifySummary plus(VerifySummary other) {
        SortedMap<String, Coverage> both = new TreeMap<>(kinds);
        other.kinds.forEach((kind, coverage) -> both.merge(kind, coverage, Coverage::plus));
        return new VerifySummary(problems + other.problems, both);
    }

    static VerifySummary problems(long problems) {
        return new VerifySummary(problems, new TreeMap<>(Map.of()));
    }

    /** Of everything together. */
    public Coverage coverage() {
        return kinds.values().stream().reduce(Coverage.NONE, Coverage::plus);
    }

    /** Objects read and authenticated, damaged ones included. */
    public long objects() {
        return coverage().objectsRead();
    }

    /** Their stored length. */
    public long bytes() {
        return coverage().bytesRead();
    }

    /** True if nothing of what was looked at is damaged or missing. */
    public boolean whole() {
        return problems == 0;
    }
}
