package io.isochron.upkeep;

import io.isochron.store.ClusterIdentity;
import io.isochron.store.Finding;
import io.isochron.store.Finding.Severity;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.StoredName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a verification found damaged, missing or unreadable so that no copy has it whole. An object that one copy has whole is whole.
 *
 * @param objects names, and what they say
 * @param more true if there were more findings than were kept, so that anything may be damaged besides
 */
public record Damage(Map<String, StoredName> objects, boolean more) {
    public Damage {
        objects = Map.copyOf(objects);
    }

    /**
     * What findings come to.
     *
     * @param copies how many copies were verified; 1 if the repository is in one place
     * @param more true if there were more findings than these
     */
    public static Damage of(ClusterIdentity cluster, Collection<CopyFinding> findings, int copies, boolean more) {
        Map<String, Map<String, StoredName>> byCopy = new HashMap<>();
        for (CopyFinding found : findings) {
            Finding finding = found.finding();
            if (finding.severity() != Severity.NOTICE) {
                byCopy.computeIfAbsent(found.copy(), copy -> new HashMap<>())
                        .put(finding.object(), StoredName.of(finding.object(), cluster));
            }
        }
        Map<String, StoredName> everywhere = new HashMap<>();
        if (byCopy.size() == copies) {
            List<Map<String, StoredName>> all = List.copyOf(byCopy.values());
            Set<String> names = new HashSet<>(all.getFirst().keySet());
            all.forEach(copy -> names.retainAll(copy.keySet()));
            names.forEach(name -> everywhere.put(name, all.getFirst().get(name)));
            // holes of WAL have the name of the hole, so that those of two copies may meet without having the same name
            List<StoredName.Wal> holes = wal(all.getFirst());
            for (Map<String, StoredName> copy : all) {
                holes = meeting(holes, wal(copy));
            }
            for (StoredName.Wal hole : holes) {
                if (!everywhere.containsValue(hole)) {
                    everywhere.put("wal of " + hole.shard() + " damaged in every copy", hole);
                }
            }
        }
        return new Damage(everywhere, more);
    }

    /** Together with other things that are missing. */
    Damage with(Map<String, StoredName> others) {
        Map<String, StoredName> all = new HashMap<>(objects);
        all.putAll(others);
        return new Damage(all, more);
    }

    private static List<StoredName.Wal> wal(Map<String, StoredName> names) {
        List<StoredName.Wal> wal = new ArrayList<>();
        for (StoredName name : names.values()) {
            if (name instanceof StoredName.Wal one) {
                wal.add(one);
            }
        }
        return wal;
    }

    private static List<StoredName.Wal> meeting(List<StoredName.Wal> some, List<StoredName.Wal> others) {
        List<StoredName.Wal> both = new ArrayList<>();
        for (StoredName.Wal one : some) {
            for (StoredName.Wal other : others) {
                if (!one.shard().equals(other.shard()) || one.timeline() != other.timeline()) {
                    continue;
                }
                long start = Long.compareUnsigned(one.start(), other.start()) > 0 ? one.start() : other.start();
                long end = Long.compareUnsigned(one.end(), other.end()) < 0 ? one.end() : other.end();
                if (Long.compareUnsigned(start, end) < 0) {
                    both.add(new StoredName.Wal(one.shard(), one.timeline(), start, end));
                }
            }
        }
        return both.stream().distinct().toList();
    }
}
