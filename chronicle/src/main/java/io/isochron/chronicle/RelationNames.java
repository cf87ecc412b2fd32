package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The names that a shard's catalogs gave to storage, from the observations in its segments. */
public final class RelationNames {
    private record Oid(int databaseOid, int oid) {}

    private final Map<RelationFile, RelationObservation> byFile = new HashMap<>();
    private final Map<Oid, RelationObservation> byOid = new HashMap<>();

    /** Takes the observations of these segments; of several of one storage or relation the latest counts. */
    public RelationNames(List<Segment> segments) {
        for (Segment segment : segments) {
            for (RelationObservation relation : segment.relations()) {
                byFile.put(relation.file(), relation);
                byOid.put(new Oid(relation.databaseOid(), relation.oid()), relation);
            }
        }
    }

    /** What the catalog last said about this storage. */
    public Optional<RelationObservation> of(RelationFile file) {
        return Optional.ofNullable(byFile.get(file));
    }

    /** What the catalog last said about a relation. */
    public Optional<RelationObservation> of(int databaseOid, int oid) {
        return Optional.ofNullable(byOid.get(new Oid(databaseOid, oid)));
    }

    /** Everything known, one observation for each storage. */
    public List<RelationObservation> all() {
        return List.copyOf(byFile.values());
    }
}
