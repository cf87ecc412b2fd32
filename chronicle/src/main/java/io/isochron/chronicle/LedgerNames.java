package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names that one shard's ledger gives to storage, each as it was at a position. */
public final class LedgerNames {
    private final Map<RelationFile, List<RelationObservation>> byFile = new HashMap<>();
    private final Map<Long, RelationObservation> byOid = new HashMap<>();

    /** The names in these entries of one shard. */
    public LedgerNames(Collection<LedgerEntry> entries) {
        for (LedgerEntry entry : entries) {
            entry.catalog().forEach(this::add);
            entry.names().forEach(this::add);
        }
        byFile.values().forEach(list -> list.sort(Comparator.comparing(RelationObservation::at)));
    }

    private void add(RelationObservation seen) {
        List<RelationObservation> list = byFile.computeIfAbsent(seen.file(), file -> new ArrayList<>(1));
        if (!list.contains(seen)) {
            list.add(seen);
        }
        byOid.merge(key(seen.databaseOid(), seen.oid()), seen, (a, b) -> b.at().isBefore(a.at()) ? a : b);
    }

    private static long key(int databaseOid, int oid) {
        return (long) databaseOid << 32 | Integer.toUnsignedLong(oid);
    }

    /** What storage was called at a position: by the last look at the catalog before it, or by the first after it. */
    public Optional<RelationObservation> at(RelationFile file, Lsn position) {
        return Optional.ofNullable(find(file, position));
    }

    /** The same; null if it is not known. */
    @Nullable
    RelationObservation find(RelationFile file, Lsn position) {
        List<RelationObservation> seen = byFile.get(file);
        if (seen == null) {
            return null;
        }
        RelationObservation found = seen.getFirst();
        for (int i = 1; i < seen.size() && !seen.get(i).at().isAfter(position); i++) {
            found = seen.get(i);
        }
        return found;
    }

    /** What storage was called last. */
    public @Nullable RelationObservation last(RelationFile file) {
        List<RelationObservation> list = byFile.get(file);
        return list == null ? null : list.getLast();
    }

    /** The table whose long values a TOAST table's storage holds, if it is known. */
    public @Nullable RelationObservation ownerOf(RelationObservation toast) {
        return byOid.get(key(toast.databaseOid(), toast.toastOf()));
    }

    /** {@code schema.name} at a position, or the storage's numbers. */
    public String name(RelationFile file, Lsn position) {
        return at(file, position)
                .map(RelationObservation::qualifiedName)
                .orElseGet(() -> "storage " + Integer.toUnsignedString(file.databaseOid()) + "/"
                        + Integer.toUnsignedString(file.fileNumber()));
    }

    /** All storage that ever bore a name, given as {@code name}, {@code schema.name} or {@code database.schema.name}. */
    public Set<RelationFile> storageOf(String table) {
        Set<RelationFile> files = new LinkedHashSet<>();
        byFile.forEach((file, list) -> {
            if (list.stream().anyMatch(one -> named(one, table))) {
                files.add(file);
            }
        });
        return files;
    }

    /** Whether a relation is meant by {@code name}, {@code schema.name} or {@code database.schema.name}. */
    public static boolean named(RelationObservation relation, String table) {
        return relation.name().equals(table)
                || relation.qualifiedName().equals(table)
                || (relation.database() + "." + relation.qualifiedName()).equals(table);
    }
}
