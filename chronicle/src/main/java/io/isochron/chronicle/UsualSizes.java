package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What usually happens to each table. Tables of the same name on several shards are one table; storage without a known name is one for itself. */
final class UsualSizes {
    private record Unnamed(String shard, RelationFile file) {}

    private final Map<String, UsualSize> byTable = new HashMap<>();
    private final Map<Unnamed, UsualSize> unnamed = new HashMap<>();
    /** Finds a table by what its shard's names say, without making a text of it each time. */
    private final IdentityHashMap<RelationObservation, UsualSize> byName = new IdentityHashMap<>();

    void add(String shard, LedgerNames known, TableTotals totals, Lsn position) {
        RelationObservation name = known.find(totals.file(), position);
        if (name == null || CommitEffects.usersTable(name)) {
            of(shard, name, totals.file()).add(totals);
        }
    }

    /** @param name what the storage was called; null if that is not known */
    UsualSize of(String shard, @Nullable RelationObservation name, RelationFile file) {
        if (name == null) {
            return unnamed.computeIfAbsent(new Unnamed(shard, file), key -> new UsualSize());
        }
        UsualSize known = byName.get(name);
        if (known == null) {
            known = byTable.computeIfAbsent(name.qualifiedName(), key -> new UsualSize());
            byName.put(name, known);
        }
        return known;
    }
}
