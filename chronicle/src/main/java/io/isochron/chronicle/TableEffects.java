package io.isochron.chronicle;

import io.isochron.chronicle.Incident.TableEffect;
import io.isochron.chronicle.Incident.What;
import io.isochron.chronicle.TransactionScan.Work;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns one shard's transactions into effects on tables with names. Keeps, over the transactions in their order, how many rows each storage
 * is known to hold, so that a TRUNCATE or DROP, which logs no rows, can be said to have lost at least so many.
 */
final class TableEffects {
    /** OIDs below are the system's own (PostgreSQL: FirstNormalObjectId, src/include/access/transam.h). */
    private static final int FIRST_NORMAL_OID = 16384;

    private static final Comparator<TableEffect> GRAVEST_FIRST = Comparator.comparing(TableEffect::what)
            .thenComparing(Comparator.comparingLong(TableEffect::deleted).reversed())
            .thenComparing(Comparator.comparingLong(TableEffect::updated).reversed())
            .thenComparing(TableEffect::table);

    private final RelationNames names;
    private final Map<RelationFile, Long> known = new HashMap<>();

    TableEffects(RelationNames names) {
        this.names = names;
    }

    /** The effects on users' tables, gravest first. Must be called for every transaction in the order of commits. */
    List<TableEffect> of(Map<RelationFile, Work> work) {
        List<TableEffect> effects = new ArrayList<>();
        work.forEach((file, done) -> {
            Optional<RelationObservation> name = names.of(file);
            if (name.map(TableEffects::usersTable).orElse(!system(file))) {
                TableEffect effect = effect(file, done, name, work);
                if (effect.inserted() + effect.updated() + effect.deleted() > 0 || effect.what() != What.OTHER) {
                    effects.add(effect);
                }
            }
            known.merge(file, done.inserted - done.deleted, Long::sum);
            if (done.dropped) {
                known.remove(file);
            }
        });
        effects.sort(GRAVEST_FIRST);
        return effects;
    }

    private static boolean usersTable(RelationObservation relation) {
        return (relation.kind() == 'r' || relation.kind() == 'm')
                && !relation.schema().startsWith("pg_")
                && !relation.schema().equals("information_schema");
    }

    private static boolean system(RelationFile file) {
        return file.databaseOid() == 0 || Integer.compareUnsigned(file.fileNumber(), FIRST_NORMAL_OID) < 0;
    }

    private TableEffect effect(
            RelationFile file, Work done, Optional<RelationObservation> name, Map<RelationFile, Work> work) {
        What what = What.OTHER;
        if (done.dropped && !done.created && (name.isPresent() || known.getOrDefault(file, 0L) > 0)) {
            what = replacement(file, name, work);
        } else if (done.deleted > 0) {
            what = What.DELETED;
        } else if (done.updated > 0) {
            what = What.UPDATED;
        }
        long lost = what == What.DROPPED || what == What.TRUNCATED ? Math.max(0, known.getOrDefault(file, 0L)) : 0;
        return new TableEffect(
                file.databaseOid(),
                name.map(RelationObservation::oid).orElse(0),
                name.map(RelationObservation::qualifiedName).orElse("storage " + file),
                file,
                done.inserted,
                done.updated,
                done.deleted + lost,
                what);
    }

    /** Storage that is dropped while the table goes on in other storage was truncated, or rewritten if pages were copied. */
    private What replacement(RelationFile file, Optional<RelationObservation> name, Map<RelationFile, Work> work) {
        What what = What.DROPPED;
        for (Map.Entry<RelationFile, Work> other : work.entrySet()) {
            if (!other.getValue().created || other.getKey().databaseOid() != file.databaseOid()) {
                continue;
            }
            Optional<RelationObservation> next = names.of(other.getKey());
            boolean same = (next.isPresent() && name.isPresent())
                    ? next.get().oid() == name.get().oid()
                    : next.isEmpty();
            if (same && other.getValue().pagesWritten > 0) {
                return What.OTHER;
            }
            if (same) {
                what = What.TRUNCATED;
            }
        }
        return what;
    }
}
