package io.isochron.handover;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a back-fill is to be done.
 *
 * @param apply false: only say what would be done (the default)
 * @param mode how rows are committed
 * @param differing what happens to rows that are on both sides and differ
 * @param onlyDamaged when given, only missing rows that are in the shard's set are given back; a shard without an entry
 *     gets none. Null: every row that is missing on the live side
 * @param triggers what happens when the live table has triggers of users
 * @param acceptSchemaChange go on when a column of the restored table was dropped on the live side (its values are left
 *     out) or has another type there (its text is read as the new type)
 * @param lockTimeout longest wait for a lock on a live shard, positive
 */
public record BackfillOptions(
        boolean apply,
        Mode mode,
        Differing differing,
        @Nullable Map<String, TupleSet> onlyDamaged,
        Triggers triggers,
        boolean acceptSchemaChange,
        Duration lockTimeout) {

    public BackfillOptions {
        if (lockTimeout.isNegative() || lockTimeout.isZero()) {
            throw new IllegalArgumentException("lock timeout is not positive: " + lockTimeout);
        }
        onlyDamaged = onlyDamaged == null ? null : Map.copyOf(onlyDamaged);
    }

    /** Dry run, one transaction over all shards, differing rows reported, triggers refused. */
    public static BackfillOptions dryRun() {
        return new BackfillOptions(
                false, new OneTransaction(), new Report(), null, Triggers.REFUSE, false, Duration.ofSeconds(10));
    }

    /** How rows are committed. */
    public sealed interface Mode permits OneTransaction, Batches {}

    /** All rows of all shards or none: two-phase commit when more than one shard gets rows. */
    public record OneTransaction() implements Mode {}

    /**
     * Each shard by itself, a commit after so many rows.
     *
     * @param rows rows per transaction, 1 and up
     */
    public record Batches(int rows) implements Mode {
        public Batches {
            if (rows < 1) {
                throw new IllegalArgumentException("rows per batch is less than 1: " + rows);
            }
        }
    }

    /** What happens to rows that are on both sides and differ. */
    public sealed interface Differing permits Report, RestoreIfLastWrittenBy {}

    /** They are reported as conflicts and left alone. */
    public record Report() implements Differing {}

    /**
     * They are set back when their live version was written by one of these transactions; others were written later and are
     * reported as conflicts and left alone.
     *
     * @param xids per shard, the transaction ids (unsigned 32 bits), ids of subtransactions included
     */
    public record RestoreIfLastWrittenBy(Map<String, Set<Integer>> xids) implements Differing {
        public RestoreIfLastWrittenBy {
            xids = Map.copyOf(xids);
        }
    }

    /** What happens when the live table has triggers of users. */
    public enum Triggers {
        /** The back-fill is refused. */
        REFUSE,
        /**
         * They do not run for the rows given back ({@code session_replication_role = replica}, which needs the right to
         * set it). Foreign keys are then checked by the back-fill itself.
         */
        SUPPRESS,
        /** They run as for any other write. */
        FIRE
    }

    /** These options with {@link #apply}. */
    public BackfillOptions withApply(boolean value) {
        return new BackfillOptions(value, mode, differing, onlyDamaged, triggers, acceptSchemaChange, lockTimeout);
    }

    /** These options with another {@link #mode}. */
    public BackfillOptions withMode(Mode value) {
        return new BackfillOptions(apply, value, differing, onlyDamaged, triggers, acceptSchemaChange, lockTimeout);
    }

    /** These options with another {@link #differing}. */
    public BackfillOptions withDiffering(Differing value) {
        return new BackfillOptions(apply, mode, value, onlyDamaged, triggers, acceptSchemaChange, lockTimeout);
    }

    /** These options with another {@link #onlyDamaged}. */
    public BackfillOptions withOnlyDamaged(@Nullable Map<String, TupleSet> value) {
        return new BackfillOptions(apply, mode, differing, value, triggers, acceptSchemaChange, lockTimeout);
    }

    /** These options with another {@link #triggers}. */
    public BackfillOptions withTriggers(Triggers value) {
        return new BackfillOptions(apply, mode, differing, onlyDamaged, value, acceptSchemaChange, lockTimeout);
    }

    /** These options with {@link #acceptSchemaChange}. */
    public BackfillOptions withAcceptSchemaChange(boolean value) {
        return new BackfillOptions(apply, mode, differing, onlyDamaged, triggers, value, lockTimeout);
    }

    /** These options with another {@link #lockTimeout}. */
    public BackfillOptions withLockTimeout(Duration value) {
        return new BackfillOptions(apply, mode, differing, onlyDamaged, triggers, acceptSchemaChange, value);
    }
}
