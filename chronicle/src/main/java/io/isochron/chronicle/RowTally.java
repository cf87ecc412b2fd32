package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sums row operations by transaction id and storage. */
final class RowTally {
    private record Key(int xid, RelationFile relation) {
        @Override
        public int hashCode() {
            return 31 * relation.hashCode() + xid;
        }
    }

    private static final class Counts {
        long inserted;
        long updated;
        long deleted;
        long pagesWritten;
    }

    private static final Comparator<RowCounts> ORDER = Comparator.<RowCounts>comparingLong(
                    rows -> Integer.toUnsignedLong(rows.xid()))
            .thenComparingLong(rows -> Integer.toUnsignedLong(rows.relation().databaseOid()))
            .thenComparingLong(rows -> Integer.toUnsignedLong(rows.relation().fileNumber()))
            .thenComparingLong(rows -> Integer.toUnsignedLong(rows.relation().tablespaceOid()));

    private Map<Key, Counts> tally = new HashMap<>();
    /** What was counted last: the next record is mostly of the same transaction and storage. */
    private @Nullable Key lastKey;

    private Counts lastCounts = new Counts();

    void inserted(int xid, RelationFile relation, int rows) {
        of(xid, relation).inserted += rows;
    }

    void updated(int xid, RelationFile relation) {
        of(xid, relation).updated++;
    }

    void deleted(int xid, RelationFile relation) {
        of(xid, relation).deleted++;
    }

    void pagesWritten(int xid, RelationFile relation, int pages) {
        of(xid, relation).pagesWritten += pages;
    }

    private Counts of(int xid, RelationFile relation) {
        Key last = lastKey;
        if (last == null || last.xid != xid || !last.relation.equals(relation)) {
            Key next = new Key(xid, relation);
            lastKey = next;
            lastCounts = tally.computeIfAbsent(next, key -> new Counts());
        }
        return lastCounts;
    }

    /** The sums in a fixed order; the tally is empty afterwards. */
    List<RowCounts> take() {
        List<RowCounts> rows = new ArrayList<>(tally.size());
        tally.forEach((key, counts) -> rows.add(new RowCounts(
                key.xid, key.relation, counts.inserted, counts.updated, counts.deleted, counts.pagesWritten)));
        rows.sort(ORDER);
        tally = new HashMap<>();
        lastKey = null;
        return rows;
    }
}
