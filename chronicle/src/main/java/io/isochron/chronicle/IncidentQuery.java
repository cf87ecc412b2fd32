package io.isochron.chronicle;

import io.isochron.chronicle.Incident.What;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What {@link IncidentFinder} is asked.
 *
 * @param limit at most so many, from 1
 * @param from commits from this moment on; null for all
 * @param to commits up to this moment; null for all
 * @param table as {@link LedgerNames#named} reads it; null for all
 * @param rowsMin at least so many rows deleted, updated, or inserted, over all shards; 0 for all
 * @param what the gravest thing that it did; null for all
 * @param unusual only those that are {@link Incident#UNUSUAL} for a table
 * @param xid unsigned transaction id on any shard; null for all
 * @param gid a branch's global id, or the key of the global transaction; null for all
 */
public record IncidentQuery(
        int limit,
        @Nullable Instant from,
        @Nullable Instant to,
        @Nullable String table,
        long rowsMin,
        @Nullable What what,
        boolean unusual,
        @Nullable Integer xid,
        @Nullable String gid) {
    public IncidentQuery {
        if (limit < 1) {
            throw new IllegalArgumentException("a limit of " + limit + " incidents finds nothing");
        }
    }

    /** The most suspicious of all. */
    public static IncidentQuery top(int limit) {
        return new IncidentQuery(limit, null, null, null, 0, null, false, null, null);
    }

    boolean inTime(LargeTransaction transaction) {
        return (from == null || transaction.committedMicros() >= ClusterHistory.micros(from))
                && (to == null || transaction.committedMicros() <= ClusterHistory.micros(to));
    }

    boolean matches(Incident incident) {
        return (what == null || incident.worst() == what)
                && (!unusual || incident.timesUsual() >= Incident.UNUSUAL)
                && (rowsMin == 0 || rows(incident) >= rowsMin)
                && (table == null
                        || incident.effects().stream()
                                .anyMatch(effect -> effect.table().equals(table)
                                        || effect.table().endsWith("." + table)
                                        || (effect.database() + "." + effect.table()).equals(table)))
                && (xid == null || incident.parts().stream().anyMatch(part -> part.xid() == xid))
                && (gid == null
                        || gid.equals(incident.globalTransaction())
                        || incident.parts().stream().anyMatch(part -> gid.equals(part.gid())));
    }

    private static long rows(Incident incident) {
        long inserted = 0;
        long updated = 0;
        long deleted = 0;
        for (Incident.TableEffect effect : incident.effects()) {
            inserted += effect.inserted();
            updated += effect.updated();
            deleted += effect.deleted();
        }
        return Math.max(inserted, Math.max(updated, deleted));
    }
}
