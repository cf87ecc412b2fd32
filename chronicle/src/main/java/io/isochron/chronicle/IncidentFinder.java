package io.isochron.chronicle;

import io.isochron.chronicle.Incident.Part;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Searches the ledger for transactions that look like accidents: mass deletes and updates, truncated and dropped tables. It reads only what the entries' digests keep, so its memory and time grow with
 * the number of entries and not with that of transactions.
 *
 * <p>The rank of a transaction is the sum over its tables of: ten times the binary logarithm of the rows deleted, times how unusual that is: r² / (r² + 16) where r is these rows divided by what another
 * transaction that deletes from this table deletes on average; for updates the same at a fifth of the weight; for a truncated or dropped table twenty more, and all of it divided by how often that happens to the
 * table. Only those that are given are made into incidents.
 *
 * <p>{@link Incident#before} is exact: the moment before the earliest of its commits in the log. {@link Incident#justBefore} is one microsecond before the earliest in corrected time.
 */
public final class IncidentFinder {
    private final Map<String, List<LedgerEntry>> ledger;
    private final Map<String, LedgerNames> names = new HashMap<>();
    private final Dialect dialect;

    /**
     * @param ledger by shard, entries that follow each other, of whatever levels, oldest first
     * @param dialect tells which gids belong together
     */
    public IncidentFinder(Map<String, List<LedgerEntry>> ledger, Dialect dialect) {
        this.ledger = new LinkedHashMap<>(ledger);
        this.dialect = Objects.requireNonNull(dialect);
        ledger.forEach((shard, entries) -> names.put(shard, new LedgerNames(entries)));
    }

    /** Searches a history that is in memory. */
    public IncidentFinder(ClusterHistory history, Dialect dialect) {
        this(digested(history), dialect);
    }

    private static Map<String, List<LedgerEntry>> digested(ClusterHistory history) {
        Map<String, List<LedgerEntry>> ledger = new LinkedHashMap<>();
        for (String shard : history.shards()) {
            LedgerBuilder builder = LedgerBuilder.first(shard);
            List<LedgerEntry> entries = new ArrayList<>();
            for (Segment segment : history.segments(shard)) {
                builder.add(segment, Segment.NO_PREVIOUS).ifPresent(entries::add);
            }
            builder.unfinished().ifPresent(entries::add);
            ledger.put(shard, entries);
        }
        return ledger;
    }

    /** The most suspicious transactions, at most so many, most suspicious first. */
    public List<Incident> find(int limit) {
        return find(IncidentQuery.top(limit));
    }

    /** The transactions that are asked for, most suspicious first. */
    public List<Incident> find(IncidentQuery query) {
        return find(query, null);
    }

    /**
     * The transactions that are asked for among those that other entries list, compared with what is usual in the ledger.
     *
     * @param listing by shard, entries made for this question ({@link LedgerBuilder#keeping}); null for those of the ledger
     */
    public List<Incident> find(IncidentQuery query, @Nullable Map<String, List<LedgerEntry>> listing) {
        UsualSizes usual = new UsualSizes();
        PriorityQueue<Candidate> ranked = new PriorityQueue<>(Candidate.MOST_SUSPICIOUS);
        for (Candidate candidate : candidates(query, usual, listing)) {
            candidate.rank(usual);
            ranked.add(candidate);
        }
        List<Incident> incidents = new ArrayList<>();
        while (incidents.size() < query.limit() && !ranked.isEmpty()) {
            Incident incident = ranked.remove().incident(usual);
            boolean ofTables = !incident.effects().isEmpty() || query.xid() != null || query.gid() != null;
            if (ofTables && query.matches(incident)) {
                incidents.add(incident);
            }
        }
        return List.copyOf(incidents);
    }

    private Collection<Candidate> candidates(
            IncidentQuery query, UsualSizes usual, @Nullable Map<String, List<LedgerEntry>> listing) {
        List<Candidate> local = new ArrayList<>();
        Map<String, Candidate> global = new LinkedHashMap<>();
        ledger.forEach((shard, entries) -> {
            LedgerNames known = Objects.requireNonNull(names.get(shard));
            Map<RelationFile, Long> rows = new HashMap<>();
            for (LedgerEntry entry : entries) {
                for (TableTotals totals : entry.digest().tables()) {
                    rows.merge(totals.file(), totals.inserted() - totals.deleted(), Long::sum);
                    usual.add(shard, known, totals, entry.cover().end());
                }
                if (listing == null) {
                    list(local, global, query, entry, known, rows);
                }
            }
            if (listing != null) {
                listing.getOrDefault(shard, List.of()).forEach(entry -> list(local, global, query, entry, known, rows));
            }
        });
        local.addAll(global.values());
        return local;
    }

    private void list(
            List<Candidate> local,
            Map<String, Candidate> global,
            IncidentQuery query,
            LedgerEntry entry,
            LedgerNames known,
            Map<RelationFile, Long> rows) {
        for (LargeTransaction transaction : entry.digest().large()) {
            if (!query.inTime(transaction)) {
                continue;
            }
            Sighting sighting = Sighting.of(entry, known, transaction, rows);
            String key = transaction.prepared() ? global(transaction.gid()) : null;
            if (key == null) {
                local.add(new Candidate(null, sighting));
                continue;
            }
            String free = key;
            Candidate other = global.get(free);
            while (other != null && other.holds(sighting)) {
                free = free + "'";
                other = global.get(free);
            }
            if (other == null) {
                global.put(free, new Candidate(key, sighting));
            } else {
                other.add(sighting);
            }
        }
    }

    private @Nullable String global(@Nullable String gid) {
        return gid == null ? null : dialect.globalTransaction(gid).orElse(null);
    }

    /** The same incident with all its parts, of which more may have been found; ranked as it was. */
    public static Incident with(Incident incident, List<Part> all) {
        return incident(all, incident.globalTransaction(), incident.score(), incident.timesUsual());
    }

    static Incident incident(List<Part> unordered, @Nullable String global, double score, double times) {
        List<Part> parts = new ArrayList<>(unordered);
        parts.sort(Comparator.comparing(Part::committed).thenComparing(Part::shard));
        Part first = parts.getFirst();
        return new Incident(
                parts,
                global,
                score,
                times,
                first.committed(),
                first.committed().minusNanos(1000),
                new Target.BeforeTransaction(first.shard(), first.xid()));
    }
}
