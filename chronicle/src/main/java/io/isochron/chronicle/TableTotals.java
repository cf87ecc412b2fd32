package io.isochron.chronicle;

import io.isochron.wal.RelationFile;

/**
 * What committed transactions did to one table's storage in the range of a ledger entry. Rows of its TOAST table are in {@code toastRows}, once the name of that is known.
 *
 * @param file the storage
 * @param transactions transactions that wrote rows
 * @param inserted rows
 * @param updated rows
 * @param deleted rows
 * @param toastRows pieces of long values that were written or removed
 * @param deleting transactions that deleted
 * @param updating transactions that updated
 * @param deletedMax most rows that one transaction deleted
 * @param updatedMax most rows that one transaction updated
 * @param removals how often the storage's table was dropped or truncated with it
 */
public record TableTotals(
        RelationFile file,
        long transactions,
        long inserted,
        long updated,
        long deleted,
        long toastRows,
        long deleting,
        long updating,
        long deletedMax,
        long updatedMax,
        long removals) {
    static TableTotals none(RelationFile file) {
        return new TableTotals(file, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /** Both together; the storage is this one's. */
    public TableTotals plus(TableTotals other) {
        return new TableTotals(
                file,
                transactions + other.transactions,
                inserted + other.inserted,
                updated + other.updated,
                deleted + other.deleted,
                toastRows + other.toastRows,
                deleting + other.deleting,
                updating + other.updating,
                Math.max(deletedMax, other.deletedMax),
                Math.max(updatedMax, other.updatedMax),
                removals + other.removals);
    }

    TableTotals plusToast(long rows) {
        return plus(new TableTotals(file, 0, 0, 0, 0, rows, 0, 0, 0, 0, 0));
    }

    /** Rows written, of whatever kind. */
    public long rows() {
        return inserted + updated + deleted;
    }
}
