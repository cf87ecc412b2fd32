package io.isochron.chronicle;

import io.isochron.chronicle.Incident.What;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction that somebody may look for. It is one if it drops, truncates or rewrites a table, deletes at least {@link #DELETED_MIN} rows of a table, updates at least
 * {@link #UPDATED_MIN} or inserts at least {@link #INSERTED_MIN}.
 *
 * @param xid unsigned transaction id
 * @param gid global id if it was prepared, as far as known
 * @param prepared whether it was committed by COMMIT PREPARED
 * @param firstSeen beginning of the segment in which its first row change lies: its start, to about half a second
 * @param firstSeenMicros reference time there
 * @param commitStart the boundary just before its commit record
 * @param commitEnd end of its commit record
 * @param committedMicros the commit's time, brought to the reference clock by the bounds known when it was written
 * @param subtransactions number of its subtransactions with an id
 * @param effects what it did to tables, gravest first; at most {@link #EFFECTS_MAX}
 * @param effectsOmitted how many were left out
 */
public record LargeTransaction(
        int xid,
        @Nullable String gid,
        boolean prepared,
        Lsn firstSeen,
        long firstSeenMicros,
        Lsn commitStart,
        Lsn commitEnd,
        long committedMicros,
        int subtransactions,
        List<Effect> effects,
        int effectsOmitted) {
    /** Deleted rows of one table that make a transaction large. */
    public static final long DELETED_MIN = 5;

    /** Updated rows of one table that make a transaction large. */
    public static final long UPDATED_MIN = 100;

    /** Inserted rows of one table that make a transaction large. */
    public static final long INSERTED_MIN = 1000;

    /** Most effects in one transaction. */
    public static final int EFFECTS_MAX = 32;

    public LargeTransaction {
        effects = List.copyOf(effects);
    }

    /** What it did to one storage. */
    public record Effect(RelationFile file, long inserted, long updated, long deleted, What what) {
        /** Whether it alone makes the transaction large. */
        boolean large() {
            return removes()
                    || what == What.REWRITTEN
                    || deleted >= DELETED_MIN
                    || updated >= UPDATED_MIN
                    || inserted >= INSERTED_MIN;
        }

        /** Whether a table, or all that was in it, went. */
        boolean removes() {
            return what == What.DROPPED || what == What.TRUNCATED;
        }

        /** Rows, where a deleted one counts as much as twenty inserted and an updated one as much as five. */
        long weight() {
            return 20 * deleted + 5 * updated + inserted;
        }
    }

    /** Whether it drops, truncates or rewrites a table. */
    boolean changesStorage() {
        for (Effect effect : effects) {
            if (effect.removes() || effect.what() == What.REWRITTEN) {
                return true;
            }
        }
        return false;
    }

    long weight() {
        long weight = 0;
        for (Effect effect : effects) {
            weight += effect.weight();
        }
        return weight;
    }
}
