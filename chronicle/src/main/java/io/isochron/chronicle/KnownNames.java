package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is known of a shard's names while its ledger is made: of each relation the latest observation, found by storage or OID. */
final class KnownNames {
    private final Map<RelationFile, RelationObservation> byFile = new HashMap<>();
    private final Map<Long, RelationObservation> byOid = new HashMap<>();

    /** Takes an observation; answers the one of the same relation that it changes, or itself if it is new, or null if nothing changed. */
    @Nullable
    RelationObservation learn(RelationObservation seen) {
        Long oid = key(seen.databaseOid(), seen.oid());
        RelationObservation before = byOid.get(oid);
        if (before != null && same(before, seen)) {
            return null;
        }
        byOid.put(oid, seen);
        byFile.put(seen.file(), seen);
        return before == null ? seen : before;
    }

    /** What is known after an entry of the ledger, which may start over with a list of everything. */
    KnownNames with(LedgerEntry entry) {
        KnownNames next = entry.catalog().isEmpty() ? this : new KnownNames();
        next.learnAll(entry.catalog());
        next.learnAll(entry.names());
        entry.forgotten().forEach(next::dropped);
        return next;
    }

    KnownNames copy() {
        KnownNames copy = new KnownNames();
        copy.byFile.putAll(byFile);
        copy.byOid.putAll(byOid);
        return copy;
    }

    private static long key(int databaseOid, int oid) {
        return (long) databaseOid << 32 | Integer.toUnsignedLong(oid);
    }

    private void learnAll(Collection<RelationObservation> seen) {
        seen.forEach(this::learn);
    }

    private static boolean same(RelationObservation a, RelationObservation b) {
        return a.file().equals(b.file())
                && a.name().equals(b.name())
                && a.schema().equals(b.schema())
                && a.database().equals(b.database())
                && a.kind() == b.kind()
                && a.toastOf() == b.toastOf()
                && a.primaryKey() == b.primaryKey();
    }

    @Nullable
    RelationObservation of(RelationFile file) {
        return byFile.get(file);
    }

    @Nullable
    RelationObservation of(int databaseOid, int oid) {
        return byOid.get(key(databaseOid, oid));
    }

    /** The table whose long values a TOAST table's storage holds; null if it is not known. */
    @Nullable
    RelationObservation ownerOf(RelationObservation toast) {
        return of(toast.databaseOid(), toast.toastOf());
    }

    /** The storage went; what relation it belonged to stays known until everything is listed anew, for the case that it goes on elsewhere. */
    void dropped(RelationFile file) {
        byFile.remove(file);
    }

    /** What is known of every relation whose storage is there. */
    Collection<RelationObservation> all() {
        return byOid.values().stream()
                .filter(known -> known.equals(byFile.get(known.file())))
                .toList();
    }
}
