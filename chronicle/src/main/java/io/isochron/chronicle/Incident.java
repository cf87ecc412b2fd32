package io.isochron.chronicle;

import io.isochron.wal.Lsn;
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
 * @param timesUsual how many times as many rows it deleted or updated as other transactions that do so to the same table, at its worst; infinite if no other did, 0 if it did neither
 * @param earliestCommit corrected time of the first part's commit
 * @param justBefore the latest moment whose cut has none of it on any shard, for {@link Target.Time}; as exact as the clocks are known
 * @param before the exact target that leaves out this transaction
 */
public record Incident(
        List<Part> parts,
        @Nullable String globalTransaction,
        double score,
        double timesUsual,
        Instant earliestCommit,
        Instant justBefore,
        Target.BeforeTransaction before) {
    /** From so many times the usual number of rows on a transaction is unusual for its table. */
    public static final double UNUSUAL = 10;

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

    /** The gravest thing that it did. */
    public What worst() {
        return effects().stream().map(TableEffect::what).min(What::compareTo).orElse(What.OTHER);
    }

    /**
     * What it did on one shard.
     *
     * @param shard name of the shard
     * @param xid unsigned transaction id
     * @param gid global id if it was prepared, as far as known
     * @param started reference time about which it began to write, not after {@code committed}
     * @param commitStart the boundary just before its COMMIT or COMMIT PREPARED
     * @param commitEnd the boundary after it
     * @param committed corrected time of the commit
     * @param tables most affected first
     * @param tablesOmitted how many more tables it wrote
     * @param statements what the SQL helper, where there is one, said about its statements that changed the schema
     */
    public record Part(
            String shard,
            int xid,
            @Nullable String gid,
            Instant started,
            Lsn commitStart,
            Lsn commitEnd,
            Instant committed,
            List<TableEffect> tables,
            int tablesOmitted,
            List<DdlText> statements) {
        public Part {
            tables = List.copyOf(tables);
            statements = List.copyOf(statements);
        }
    }

    /**
     * What it did to one table of one shard.
     *
     * @param database name of the database; empty if not known
     * @param oid the table's OID, 0 if its name is not known
     * @param table {@code schema.name} as it was then, or the storage's numbers if the name is not known
     * @param file the storage that was written or dropped
     * @param inserted rows
     * @param updated rows
     * @param deleted rows; for a truncated or dropped table at least so many were lost
     * @param what the gravest thing that happened to the table
     */
    public record TableEffect(
            String database,
            int oid,
            String table,
            RelationFile file,
            long inserted,
            long updated,
            long deleted,
            What what) {}

    /** Kinds, gravest first. */
    public enum What {
        DROPPED(0),
        TRUNCATED(1),
        DELETED(2),
        UPDATED(3),
        REWRITTEN(4),
        OTHER(5);

        /** Number in the ledger format. */
        final int code;

        What(int code) {
            this.code = code;
        }
    }
}
