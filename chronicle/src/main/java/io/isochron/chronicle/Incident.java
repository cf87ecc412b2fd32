package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction that looks like an accident, with its parts on all shards.
 *
 * @param parts one for each shard, first the one that committed first
 * @param globalTransaction the key that joins the parts; null for a transaction of one shard
 * @param score for ranking only: higher is more suspicious
 * @param earliestCommit corrected time of the first part's commit
 * @param justBefore the latest moment whose cut has none of it on any shard, for {@link Target.Time}
 * @param before the exact target that leaves out this transaction
 */
public record Incident(
        List<Part> parts,
        @Nullable String globalTransaction,
        double score,
        Instant earliestCommit,
        Instant justBefore,
        Target.BeforeTransaction before) {
    public Incident {
        parts = List.copyOf(parts);
    }

    /** Rows deleted over all parts and tables. */
    public long rowsDeleted() {
        return effects().stream().mapToLong(TableEffect::deleted).sum();
    }

    /** All tables' effects on all shards. */
    public List<TableEffect> effects() {
        return parts.stream().flatMap(part -> part.tables().stream()).toList();
    }

    /**
     * What it did on one shard.
     *
     * @param shard name of the shard
     * @param commit the COMMIT or COMMIT PREPARED; it has xid, gid and position
     * @param committed corrected time of the commit
     * @param tables most affected first
     */
    public record Part(String shard, Event commit, Instant committed, List<TableEffect> tables) {
        public Part {
            tables = List.copyOf(tables);
        }
    }

    /**
     * What it did to one table of one shard.
     *
     * @param databaseOid database
     * @param oid the table's OID, 0 if its name is not known
     * @param table {@code schema.name}, or the storage's numbers if the name is not known
     * @param file the storage that was written or dropped
     * @param inserted rows
     * @param updated rows
     * @param deleted rows
     * @param what the gravest thing that happened to the table
     */
    public record TableEffect(
            int databaseOid,
            int oid,
            String table,
            RelationFile file,
            long inserted,
            long updated,
            long deleted,
            What what) {}

    /** Kinds, gravest first. */
    public enum What {
        DROPPED,
        TRUNCATED,
        DELETED,
        UPDATED,
        OTHER
    }
}
