package io.isochron.chronicle;

import io.isochron.chronicle.Incident.Part;
import io.isochron.chronicle.Incident.TableEffect;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Searches the ledger for transactions that look like accidents: mass deletes and updates, truncated and dropped tables. It reads only what the entries' digests keep, so its memory and time grow with
 * the number of entries and not with that of transactions.
 *
 * <p>The rank of a transaction is the sum over its tables of: ten times the binary logarithm of the rows deleted, times the share
 * that these have of themselves and what a transaction that deletes from this table deletes on average; for updates the same at a fifth of the
 * weight; for a truncated or dropped table twenty more, and all of it divided by how often that happens to the table.
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
        Map<String, UsualSize> usual = new HashMap<>();
        Map<String, List<Part>> parts = parts(query, usual, listing);
        List<Incident> incidents = new ArrayList<>();
        parts.forEach((key, own) -> {
            Incident incident =
                    incident(own, key.startsWith("g") ? global(own.getFirst().gid()) : null, usual);
            boolean ofTables = !incident.effects().isEmpty() || query.xid() != null || query.gid() != null;
            if (ofTables && query.matches(incident)) {
                incidents.add(incident);
            }
        });
        incidents.sort(Comparator.comparingDouble(Incident::score)
                .reversed()
                .thenComparing(Incident::earliestCommit)
                .thenComparing(incident -> incident.before().shard())
                .thenComparingInt(incident -> incident.before().xid()));
        return List.copyOf(incidents.subList(0, Math.min(query.limit(), incidents.size())));
    }

    private Map<String, List<Part>> parts(
            IncidentQuery query, Map<String, UsualSize> usual, @Nullable Map<String, List<LedgerEntry>> listing) {
        Map<String, List<Part>> all = new LinkedHashMap<>();
        ledger.forEach((shard, entries) -> {
            LedgerNames known = Objects.requireNonNull(names.get(shard));
            Map<RelationFile, Long> rows = new HashMap<>();
            for (LedgerEntry entry : entries) {
                for (TableTotals totals : entry.digest().tables()) {
                    rows.merge(totals.file(), totals.inserted() - totals.deleted(), Long::sum);
                    String table = table(shard, known, totals.file(), entry);
                    if (table != null) {
                        usual.computeIfAbsent(table, key -> new UsualSize()).add(totals);
                    }
                }
                if (listing == null) {
                    list(all, query, entry, known, rows);
                }
            }
            if (listing != null) {
                listing.getOrDefault(shard, List.of()).forEach(entry -> list(all, query, entry, known, rows));
            }
        });
        return all;
    }

    private void list(
            Map<String, List<Part>> all,
            IncidentQuery query,
            LedgerEntry entry,
            LedgerNames known,
            Map<RelationFile, Long> rows) {
        for (LargeTransaction transaction : entry.digest().large()) {
            if (query.inTime(transaction)) {
                put(all, entry.shard(), transaction, part(entry.shard(), known, rows, transaction));
            }
        }
    }

    private void put(Map<String, List<Part>> all, String shard, LargeTransaction transaction, Part part) {
        String global = transaction.prepared() ? global(transaction.gid()) : null;
        String key = global == null ? "s" + shard + "/" + transaction.commitEnd() : "g" + global;
        while (taken(all.get(key), part)) {
            key = key + "'";
        }
        all.computeIfAbsent(key, k -> new ArrayList<>(1)).add(part);
    }

    private @Nullable String global(@Nullable String gid) {
        return gid == null ? null : dialect.globalTransaction(gid).orElse(null);
    }

    /** A gid that is used again on a shard is another transaction. */
    private static boolean taken(@Nullable List<Part> parts, Part part) {
        return parts != null
                && parts.stream()
                        .anyMatch(
                                other -> other.shard().equals(part.shard()) && Objects.equals(other.gid(), part.gid()));
    }

    private static Part part(
            String shard, LedgerNames known, Map<RelationFile, Long> rows, LargeTransaction transaction) {
        List<TableEffect> tables = new ArrayList<>();
        for (LargeTransaction.Effect effect : transaction.effects()) {
            Optional<RelationObservation> name = known.at(effect.file(), transaction.commitStart());
            if (name.isPresent() && !CommitEffects.usersTable(name.get())) {
                continue;
            }
            long lost = effect.removes() ? Math.max(0, rows.getOrDefault(effect.file(), 0L)) : 0;
            tables.add(new TableEffect(
                    name.map(RelationObservation::database).orElse(""),
                    name.map(RelationObservation::oid).orElse(0),
                    known.name(effect.file(), transaction.commitStart()),
                    effect.file(),
                    effect.inserted(),
                    effect.updated(),
                    effect.deleted() + lost,
                    effect.what()));
        }
        return new Part(
                shard,
                transaction.xid(),
                transaction.gid(),
                ClusterHistory.instant(transaction.firstSeenMicros()),
                transaction.commitStart(),
                transaction.commitEnd(),
                ClusterHistory.instant(transaction.committedMicros()),
                tables,
                transaction.effectsOmitted());
    }

    /** Tables of the same name on several shards are one table. Null for what is no user's table. */
    private static @Nullable String table(String shard, LedgerNames known, RelationFile file, LedgerEntry entry) {
        Optional<RelationObservation> name = known.at(file, entry.cover().end());
        if (name.isPresent() && !CommitEffects.usersTable(name.get())) {
            return null;
        }
        return name.map(RelationObservation::qualifiedName).orElse(shard + "/" + file);
    }

    private static String table(String shard, TableEffect effect) {
        return effect.oid() == 0 ? shard + "/" + effect.file() : effect.table();
    }

    /** The same incident with all its parts, of which more may have been found; ranked as it was. */
    public static Incident with(Incident incident, List<Part> all) {
        return incident(all, incident.globalTransaction(), incident.score(), incident.timesUsual());
    }

    private static Incident incident(List<Part> parts, @Nullable String global, Map<String, UsualSize> usual) {
        Map<String, UsualSize> own = new HashMap<>();
        for (Part part : parts) {
            part.tables()
                    .forEach(effect -> own.computeIfAbsent(table(part.shard(), effect), key -> new UsualSize())
                            .add(effect));
        }
        double score = 0;
        double times = 0;
        for (Part part : parts) {
            for (TableEffect effect : part.tables()) {
                String table = table(part.shard(), effect);
                UsualSize of = usual.getOrDefault(table, new UsualSize());
                UsualSize mine = Objects.requireNonNull(own.get(table));
                score += of.score(effect, mine);
                times = Math.max(times, of.timesUsual(effect, mine));
            }
        }
        return incident(parts, global, score, times);
    }

    private static Incident incident(List<Part> unordered, @Nullable String global, double score, double times) {
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
