package io.isochron.chronicle;

import io.isochron.chronicle.Incident.Part;
import io.isochron.chronicle.Incident.TableEffect;
import io.isochron.chronicle.Incident.What;
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
 * Searches the index for transactions that look like accidents: mass deletes and updates, truncated and dropped tables.
 *
 * <p>The rank of a transaction is the sum over its tables of: ten times the binary logarithm of the rows deleted, times the share
 * that these have of themselves and what a transaction that deletes from this table deletes on average; for updates the same at a fifth of the
 * weight; for a truncated or dropped table twenty more, and all of it divided by how often that happens to the table.
 *
 * <p>The moment just before is one microsecond before the earliest of its commits in corrected time. The solver corrects times in the same
 * way, so that the cut for this moment leaves the transaction out on every shard; a commit whose log position is before it, but whose time is
 * the same or later, is left out too. {@link Incident#before} is exact in that respect.
 */
public final class IncidentFinder {
    private static final long DELETED_MIN = 5;
    private static final long UPDATED_MIN = 100;

    private final ClusterHistory history;
    private final Dialect dialect;

    public IncidentFinder(ClusterHistory history, Dialect dialect) {
        this.history = Objects.requireNonNull(history);
        this.dialect = Objects.requireNonNull(dialect);
    }

    /** What usually happens to a table, over all shards. */
    private static final class Usual {
        private long deletions;
        private long deletedRows;
        private long updates;
        private long updatedRows;
        private long removals;

        private void add(TableEffect effect) {
            switch (effect.what()) {
                case DROPPED, TRUNCATED -> removals++;
                case DELETED, UPDATED, OTHER -> {
                    if (effect.deleted() > 0) {
                        deletions++;
                        deletedRows += effect.deleted();
                    }
                    if (effect.updated() > 0) {
                        updates++;
                        updatedRows += effect.updated();
                    }
                }
            }
        }

        private double typicalDeleted(Usual own) {
            return mean(deletedRows - own.deletedRows, deletions - own.deletions);
        }

        private double typicalUpdated(Usual own) {
            return mean(updatedRows - own.updatedRows, updates - own.updates);
        }

        private static double mean(long sum, long count) {
            return count <= 0 ? 0 : (double) sum / count;
        }
    }

    /**
     * The most suspicious transactions.
     *
     * @param limit at most so many, from 1
     * @return most suspicious first
     */
    public List<Incident> find(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("a limit of " + limit + " incidents finds nothing");
        }
        Map<String, Usual> usual = new HashMap<>();
        Map<String, List<Part>> suspicious = suspicious(usual);
        List<Incident> incidents = new ArrayList<>();
        suspicious.forEach((key, parts) -> incidents.add(incident(key, parts, usual)));
        incidents.sort(Comparator.comparingDouble(Incident::score)
                .reversed()
                .thenComparing(Incident::earliestCommit)
                .thenComparing(incident -> incident.before().shard())
                .thenComparingInt(incident -> incident.before().xid()));
        return List.copyOf(incidents.subList(0, Math.min(limit, incidents.size())));
    }

    /** All parts of those transactions that have at least one suspicious part. */
    private Map<String, List<Part>> suspicious(Map<String, Usual> usual) {
        Map<String, List<Part>> all = new LinkedHashMap<>();
        Map<String, Boolean> grave = new HashMap<>();
        for (ShardHistory shard : history.all()) {
            TableEffects tables = new TableEffects(new RelationNames(shard.segments));
            new TransactionScan(shard).run((commit, time, work) -> {
                List<TableEffect> effects = tables.of(work);
                boolean suspect = effects.stream().anyMatch(IncidentFinder::grave);
                effects.forEach(effect -> usual.computeIfAbsent(table(shard.shard, effect), key -> new Usual())
                        .add(effect));
                Optional<String> global = global(commit);
                if (suspect || global.isPresent()) {
                    String key = global.map(g -> "g" + g).orElse("s" + shard.shard + "/" + commit.end());
                    while (taken(all.get(key), shard.shard, commit)) {
                        key = key + "'";
                    }
                    all.computeIfAbsent(key, k -> new ArrayList<>())
                            .add(new Part(shard.shard, commit, ClusterHistory.instant(time.micros()), effects));
                    grave.merge(key, suspect, Boolean::logicalOr);
                }
            });
        }
        all.keySet().removeIf(key -> !grave.getOrDefault(key, false));
        return all;
    }

    private Optional<String> global(Event commit) {
        String gid = commit.gid();
        return gid == null ? Optional.empty() : dialect.globalTransaction(gid);
    }

    /** A gid that is used again on a shard is another transaction. */
    private static boolean taken(@Nullable List<Part> parts, String shard, Event commit) {
        return parts != null
                && parts.stream()
                        .anyMatch(part -> part.shard().equals(shard)
                                && Objects.equals(part.commit().gid(), commit.gid()));
    }

    private static boolean grave(TableEffect effect) {
        return switch (effect.what()) {
            case DROPPED, TRUNCATED -> true;
            case DELETED, UPDATED, OTHER -> effect.deleted() >= DELETED_MIN || effect.updated() >= UPDATED_MIN;
        };
    }

    /** Tables of the same name on several shards are one table. */
    private static String table(String shard, TableEffect effect) {
        return effect.oid() == 0 ? shard + "/" + effect.table() : effect.table();
    }

    private Incident incident(String key, List<Part> unordered, Map<String, Usual> usual) {
        List<Part> parts = new ArrayList<>(unordered);
        parts.sort(Comparator.comparing(Part::committed).thenComparing(Part::shard));
        Part first = parts.getFirst();
        return new Incident(
                parts,
                key.startsWith("g") ? global(first.commit()).orElse(null) : null,
                score(parts, usual),
                first.committed(),
                first.committed().minusNanos(1000),
                new Target.BeforeTransaction(first.shard(), first.commit().xid()));
    }

    private static double score(List<Part> parts, Map<String, Usual> usual) {
        Map<String, Usual> own = new HashMap<>();
        for (Part part : parts) {
            part.tables()
                    .forEach(effect -> own.computeIfAbsent(table(part.shard(), effect), key -> new Usual())
                            .add(effect));
        }
        double score = 0;
        for (Part part : parts) {
            for (TableEffect effect : part.tables()) {
                String table = table(part.shard(), effect);
                Usual of = Objects.requireNonNull(usual.get(table));
                score += score(effect, of, Objects.requireNonNull(own.get(table)));
            }
        }
        return score;
    }

    private static double score(TableEffect effect, Usual usual, Usual own) {
        if (effect.what() == What.DROPPED || effect.what() == What.TRUNCATED) {
            return (20 + 10 * log2(effect.deleted())) / (1.0 + usual.removals - own.removals);
        }
        return 10 * log2(effect.deleted()) * share(effect.deleted(), usual.typicalDeleted(own))
                + 2 * log2(effect.updated()) * share(effect.updated(), usual.typicalUpdated(own));
    }

    private static double log2(long rows) {
        return Math.log1p((double) rows) / Math.log(2);
    }

    private static double share(long rows, double typical) {
        return rows == 0 ? 0 : rows / (rows + typical);
    }
}
