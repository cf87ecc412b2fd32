package io.isochron.app;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Incident;
import io.isochron.chronicle.IncidentFinder;
import io.isochron.chronicle.IncidentQuery;
import io.isochron.chronicle.LargeRule;
import io.isochron.chronicle.LargeTransaction;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerNames;
import io.isochron.restore.LedgerReader;
import io.isochron.restore.ShardLedger;
import io.isochron.store.Repository;
import io.isochron.wal.RelationFile;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Searches for incidents: in the ledgers, then, for what they do not list, in the segments of the minutes that may hold it. Branches of a global transaction that are too small to be listed are looked
 * up around the commit of those that are.
 */
final class IncidentSearch {
    /** From so long a window on days are read instead of hours. */
    private static final Duration DAYS = Duration.ofDays(3);

    /** Minutes of one shard whose segments are read at most. */
    private static final int MINUTES_MAX = 24;

    /** Branches commit within so much of each other, unless their coordinator was held up. */
    private static final Duration APART = Duration.ofSeconds(5);

    /** What was found, and what is to be said about the search. */
    record Found(List<Incident> incidents, List<String> remarks) {}

    private final LedgerReader reader;
    private final Dialect dialect;
    private final Instant now;
    private final List<String> remarks = new ArrayList<>();

    IncidentSearch(Repository repository, Dialect dialect, Instant now) {
        this.now = now;
        this.reader = new LedgerReader(repository);
        this.dialect = dialect;
    }

    Found find(IncidentQuery query) throws IOException {
        Instant from = query.from();
        Instant to = query.to();
        boolean days =
                from != null && Duration.between(from, to == null ? now : to).compareTo(DAYS) > 0;
        Map<String, List<LedgerEntry>> ledger = new LinkedHashMap<>();
        for (ShardLedger shard : reader.window(from, to, days ? LedgerLevel.DAY : LedgerLevel.HOUR)
                .values()) {
            ledger.put(shard.shard(), shard.entries());
            remarks.addAll(shard.breaks());
        }
        IncidentFinder finder = new IncidentFinder(ledger, dialect);
        List<Incident> incidents = new ArrayList<>(finder.find(query));
        LargeRule rule = rule(query, ledger);
        if (rule != null && incidents.size() < (query.xid() != null || query.gid() != null ? 1 : query.limit())) {
            List<LedgerEntry> minutes = minutes(query, ledger);
            for (Incident one : finder.find(query, reader.details(minutes, rule))) {
                if (incidents.stream().noneMatch(known -> known.before().equals(one.before()))) {
                    incidents.add(one);
                }
            }
            incidents.sort(Comparator.comparingDouble(Incident::score).reversed());
        }
        List<Incident> shown = new ArrayList<>();
        for (Incident incident : incidents.subList(0, Math.min(query.limit(), incidents.size()))) {
            shown.add(whole(finder, ledger, incident));
        }
        return new Found(shown, remarks);
    }

    /** Which transactions to look for in segments; null if the query names nothing that would make that short. */
    private @Nullable LargeRule rule(IncidentQuery query, Map<String, List<LedgerEntry>> ledger) {
        Integer xid = query.xid();
        String gid = query.gid();
        if (xid != null) {
            return (commit, effects) -> commit.xid() == xid || commit.subxids().contains(xid);
        }
        if (gid != null) {
            return (commit, effects) -> of(gid, commit.gid());
        }
        if (query.table() == null) {
            return null;
        }
        Set<RelationFile> storage = new LinkedHashSet<>();
        for (Set<RelationFile> one : storage(query.table(), ledger).values()) {
            storage.addAll(one);
        }
        long least = Math.max(1, query.rowsMin());
        return (commit, effects) ->
                effects.stream().anyMatch(effect -> storage.contains(effect.file()) && touched(effect, least, query));
    }

    private static boolean touched(LargeTransaction.Effect effect, long least, IncidentQuery query) {
        boolean inserts = query.what() == Incident.What.OTHER && effect.inserted() >= least;
        return inserts || effect.deleted() >= least || effect.updated() >= least;
    }

    private boolean of(String gid, @Nullable String other) {
        return other != null
                && (gid.equals(other)
                        || gid.equals(dialect.globalTransaction(other).orElse(null)));
    }

    private static Map<String, Set<RelationFile>> storage(String table, Map<String, List<LedgerEntry>> ledger) {
        Map<String, Set<RelationFile>> storage = new LinkedHashMap<>();
        ledger.forEach((shard, entries) -> storage.put(shard, new LedgerNames(entries).storageOf(table)));
        return storage;
    }

    /** The minutes that may hold what is asked for, newest first, at most {@link #MINUTES_MAX} of each shard. */
    private List<LedgerEntry> minutes(IncidentQuery query, Map<String, List<LedgerEntry>> ledger) throws IOException {
        Map<String, Set<RelationFile>> storage = query.table() == null ? Map.of() : storage(query.table(), ledger);
        List<LedgerEntry> minutes = new ArrayList<>();
        boolean more = false;
        for (Map.Entry<String, List<LedgerEntry>> shard : ledger.entrySet()) {
            Set<RelationFile> files = storage.getOrDefault(shard.getKey(), Set.of());
            int taken = 0;
            for (LedgerEntry entry : shard.getValue().reversed()) {
                if (!mayHold(query, files, entry)) {
                    continue;
                }
                for (LedgerEntry minute : reader.minutes(entry).reversed()) {
                    if (mayHold(query, files, minute) && taken++ < MINUTES_MAX) {
                        minutes.add(minute);
                    }
                }
                if (taken > MINUTES_MAX) {
                    more = true;
                    break;
                }
            }
        }
        if (more) {
            remarks.add("small transactions were looked for in the last " + MINUTES_MAX
                    + " minutes of each shard that may hold one; narrow --since and --until to look further");
        }
        return minutes;
    }

    private static boolean mayHold(IncidentQuery query, Set<RelationFile> files, LedgerEntry entry) {
        Instant from = query.from();
        Instant to = query.to();
        boolean inTime = (from == null || entry.cover().toMicros() >= micros(from))
                && (to == null || entry.cover().fromMicros() <= micros(to));
        Integer xid = query.xid();
        boolean byXid = xid == null || entry.digest().mayHaveCommitted(xid);
        boolean byTable = query.table() == null
                || entry.digest().tables().stream()
                        .anyMatch(table -> files.contains(table.file())
                                && (table.deleted() > 0 || table.updated() > 0 || query.what() == Incident.What.OTHER));
        return inTime && byXid && byTable && entry.digest().commits() > 0;
    }

    /** The incident with the branches that are too small to be listed. */
    private Incident whole(IncidentFinder finder, Map<String, List<LedgerEntry>> ledger, Incident incident)
            throws IOException {
        String global = incident.globalTransaction();
        if (global == null || incident.parts().size() == ledger.size()) {
            return incident;
        }
        long from = micros(incident.earliestCommit().minus(APART));
        long to = micros(incident.earliestCommit().plus(APART));
        List<LedgerEntry> minutes = new ArrayList<>();
        for (Map.Entry<String, List<LedgerEntry>> shard : ledger.entrySet()) {
            boolean known =
                    incident.parts().stream().anyMatch(part -> part.shard().equals(shard.getKey()));
            for (LedgerEntry entry : known ? List.<LedgerEntry>of() : shard.getValue()) {
                if (overlaps(entry, from, to)) {
                    for (LedgerEntry minute : reader.minutes(entry)) {
                        if (overlaps(minute, from, to)) {
                            minutes.add(minute);
                        }
                    }
                }
            }
        }
        IncidentQuery branches = new IncidentQuery(1, null, null, null, 0, null, false, null, global);
        List<Incident.Part> parts = new ArrayList<>(incident.parts());
        for (Incident one :
                finder.find(branches, reader.details(minutes, (commit, effects) -> of(global, commit.gid())))) {
            parts.addAll(one.parts());
        }
        return IncidentFinder.with(incident, parts);
    }

    private static boolean overlaps(LedgerEntry entry, long from, long to) {
        return entry.cover().toMicros() >= from && entry.cover().fromMicros() <= to;
    }

    private static long micros(Instant moment) {
        return java.time.temporal.ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }
}
