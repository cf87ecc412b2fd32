package io.isochron.wal;

/**
 * Receives what records change, see {@link RelationChanges}. Changes of single rows, which are most of any log, come as plain values; everything
 * else as a {@link RelationChange}.
 */
public interface ChangeHandler {
    /** As {@link RelationChange.RowsInserted}. */
    void rowsInserted(RelationFile relation, int rows);

    /** As {@link RelationChange.RowUpdated}. */
    void rowUpdated(RelationFile relation, boolean hot);

    /** As {@link RelationChange.RowDeleted}. */
    void rowDeleted(RelationFile relation, long block, int offset, boolean movedToOtherPartition);

    /** Every other change. */
    void change(RelationChange change);
}
