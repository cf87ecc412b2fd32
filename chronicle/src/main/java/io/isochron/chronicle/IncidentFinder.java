package io.isochron.chronicle;

import java.util.List;

/** Searches the index for transactions that look like accidents: mass deletes and updates, truncated and dropped tables. */
@SuppressWarnings("DoNotCallSuggester")
public final class IncidentFinder {
    public IncidentFinder(ClusterHistory history, Dialect dialect) {
        java.util.Objects.requireNonNull(history);
        java.util.Objects.requireNonNull(dialect);
    }

    /**
     * The most suspicious transactions.
     *
     * @param limit at most so many, from 1
     * @return most suspicious first
     */
    public List<Incident> find(int limit) {
        throw new UnsupportedOperationException();
    }
}
