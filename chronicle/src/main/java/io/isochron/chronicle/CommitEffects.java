package io.isochron.chronicle;

import io.isochron.chronicle.Incident.What;
import io.isochron.chronicle.LargeTransaction.Effect;
import io.isochron.chronicle.OpenWork.Work;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one committed transaction did to users' tables and to the schema, from what it did to storage.
 *
 * <p>Storage that goes while its table goes on in storage made by the same transaction was truncated. It was rewritten if the transaction made a passing relation in the catalog, which ALTER TABLE,
 * CLUSTER and VACUUM FULL do to write a table anew ({@code make_new_heap}, src/backend/commands/cluster.c) and TRUNCATE does not; or if the new storage is in another tablespace, to which ALTER TABLE SET
 * TABLESPACE copies it page by page. What storage belongs to is mostly not known yet when it is made.
 *
 * @param tables effects on tables, gravest first
 * @param toast by table's storage, rows written in its TOAST table
 * @param created storage made that replaces none, whose relation is not known to be anything but a table
 * @param altered whether it changed the catalog of relations or columns without making or removing any
 */
record CommitEffects(List<Effect> tables, Map<RelationFile, Long> toast, List<RelationFile> created, boolean altered) {
    /** OIDs below are the system's own (PostgreSQL: FirstNormalObjectId, src/include/access/transam.h). */
    private static final int FIRST_NORMAL_OID = 16384;

    /** pg_class and pg_attribute (src/include/catalog/pg_class.h, pg_attribute.h); their first storage has their OID as number. */
    private static final int PG_CLASS = 1259;

    private static final int PG_ATTRIBUTE = 1249;

    /** The gravest first. Written out, since every transaction is sorted by it. */
    private static int gravestFirst(Effect a, Effect b) {
        if (a.what() != b.what()) {
            return a.what().compareTo(b.what());
        }
        if (a.deleted() != b.deleted()) {
            return Long.compare(b.deleted(), a.deleted());
        }
        if (a.updated() != b.updated()) {
            return Long.compare(b.updated(), a.updated());
        }
        if (a.inserted() != b.inserted()) {
            return Long.compare(b.inserted(), a.inserted());
        }
        int database = Integer.compareUnsigned(a.file().databaseOid(), b.file().databaseOid());
        return database != 0
                ? database
                : Integer.compareUnsigned(a.file().fileNumber(), b.file().fileNumber());
    }

    /**
     * @param work what the transaction did
     * @param names known when it committed
     * @param netRows rows that storage is known to have gained lately
     */
    static CommitEffects of(Map<RelationFile, Work> work, KnownNames names, ToLongFunction<RelationFile> netRows) {
        List<Effect> effects = new ArrayList<>();
        Map<RelationFile, Long> toast = new HashMap<>();
        List<RelationFile> created = new ArrayList<>();
        Catalog catalog = Catalog.of(work);
        boolean storage = false;
        boolean replaced = false;
        for (Map.Entry<RelationFile, Work> one : work.entrySet()) {
            RelationFile file = one.getKey();
            Work done = one.getValue();
            RelationObservation name = names.of(file);
            if (name == null && system(file)) {
                continue;
            }
            storage |= done.created || done.dropped;
            if (name != null && name.kind() == 't') {
                RelationObservation owner = names.ownerOf(name);
                long rows = done.inserted + done.deleted;
                if (owner != null && rows != 0) {
                    toast.merge(owner.file(), rows, Long::sum);
                }
                continue;
            }
            if (name != null && !usersTable(name)) {
                continue;
            }
            Effect effect = effect(file, done, name, work, names, netRows, catalog);
            replaced |= effect.what() == What.TRUNCATED || effect.what() == What.REWRITTEN;
            if (effect.inserted() != 0
                    || effect.updated() != 0
                    || effect.deleted() != 0
                    || effect.what() != What.OTHER) {
                effects.add(effect);
            }
            if (done.created && !done.dropped) {
                created.add(file);
            }
        }
        effects.sort(CommitEffects::gravestFirst);
        boolean altered = !storage && catalog.changed() && !catalog.relationsMade();
        return new CommitEffects(effects, toast, replaced ? List.of() : created, altered);
    }

    /** What was done to the catalogs of relations and columns. */
    private record Catalog(long made, long removed, long updated, long columns) {
        static Catalog of(Map<RelationFile, Work> work) {
            long made = 0;
            long removed = 0;
            long updated = 0;
            long columns = 0;
            for (Map.Entry<RelationFile, Work> one : work.entrySet()) {
                Work done = one.getValue();
                if (one.getKey().fileNumber() == PG_CLASS) {
                    made += done.inserted;
                    removed += done.deleted;
                    updated += done.updated;
                } else if (one.getKey().fileNumber() == PG_ATTRIBUTE) {
                    columns += done.inserted + done.updated + done.deleted;
                }
            }
            return new Catalog(made, removed, updated, columns);
        }

        boolean changed() {
            return updated > 0 || columns > 0;
        }

        boolean relationsMade() {
            return made > 0 || removed > 0;
        }

        boolean passing() {
            return made > 0 && removed > 0;
        }
    }

    static boolean usersTable(RelationObservation relation) {
        return (relation.kind() == 'r' || relation.kind() == 'm')
                && !relation.schema().startsWith("pg_")
                && !relation.schema().equals("information_schema");
    }

    static boolean system(RelationFile file) {
        return file.databaseOid() == 0 || Integer.compareUnsigned(file.fileNumber(), FIRST_NORMAL_OID) < 0;
    }

    private static Effect effect(
            RelationFile file,
            Work done,
            @Nullable RelationObservation name,
            Map<RelationFile, Work> work,
            KnownNames names,
            ToLongFunction<RelationFile> netRows,
            Catalog catalog) {
        What what = What.OTHER;
        if (done.dropped && !done.created && (name != null || netRows.applyAsLong(file) > 0)) {
            what = replacement(file, name, work, names, catalog);
        } else if (done.deleted > 0) {
            what = What.DELETED;
        } else if (done.updated > 0) {
            what = What.UPDATED;
        }
        return new Effect(file, done.inserted, done.updated, done.deleted, what);
    }

    private static What replacement(
            RelationFile file,
            @Nullable RelationObservation name,
            Map<RelationFile, Work> work,
            KnownNames names,
            Catalog catalog) {
        What what = What.DROPPED;
        for (Map.Entry<RelationFile, Work> other : work.entrySet()) {
            RelationFile made = other.getKey();
            if (!other.getValue().created || made.databaseOid() != file.databaseOid()) {
                continue;
            }
            RelationObservation next = names.of(made);
            boolean same = (next != null && name != null) ? next.oid() == name.oid() : next == null;
            if (same && catalog.passing()) {
                return What.REWRITTEN;
            }
            if (same && made.tablespaceOid() == file.tablespaceOid()) {
                what = What.TRUNCATED;
            } else if (same && what == What.DROPPED && other.getValue().pagesWritten > 0) {
                what = What.REWRITTEN;
            }
        }
        return what;
    }
}
