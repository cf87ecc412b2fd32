package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums row operations by transaction id and storage. Under small transactions these sums are most of the work of an index, so they lie in plain arrays: an entry's place in them is found by open addressing.
 */
final class RowTally {
    private static final int ENTRIES_MIN = 256;
    private static final int COUNTS = 4;
    private static final int INSERTED = 0;
    private static final int UPDATED = 1;
    private static final int DELETED = 2;
    private static final int PAGES_WRITTEN = 3;

    private static final Comparator<RelationFile> ORDER = Comparator.<RelationFile>comparingLong(
                    file -> Integer.toUnsignedLong(file.databaseOid()))
            .thenComparingLong(file -> Integer.toUnsignedLong(file.fileNumber()))
            .thenComparingLong(file -> Integer.toUnsignedLong(file.tablespaceOid()));

    private int size;
    private int[] xids = {};
    private RelationFile[] relations = {};
    /** {@link #COUNTS} of each entry. */
    private long[] counts = {};
    /** Entries by hash, plus one; 0 is free. At least half are. */
    private int[] slots = {};
    /** What was counted last: the next record is mostly of the same transaction and storage. */
    private int last;

    RowTally() {
        begin(ENTRIES_MIN);
    }

    void inserted(int xid, RelationFile relation, int rows) {
        int at = of(xid, relation);
        counts[at + INSERTED] += rows;
    }

    void updated(int xid, RelationFile relation) {
        int at = of(xid, relation);
        counts[at + UPDATED]++;
    }

    void deleted(int xid, RelationFile relation) {
        int at = of(xid, relation);
        counts[at + DELETED]++;
    }

    void pagesWritten(int xid, RelationFile relation, int pages) {
        int at = of(xid, relation);
        counts[at + PAGES_WRITTEN] += pages;
    }

    /** Where the counts of an entry begin; it is made if it is not there, in new arrays if the old ones are full. */
    private int of(int xid, RelationFile relation) {
        if (size == 0 || xids[last] != xid || !relations[last].equals(relation)) {
            last = entry(xid, relation);
        }
        return last * COUNTS;
    }

    private int entry(int xid, RelationFile relation) {
        int slot = slot(xid, relation);
        while (slots[slot] != 0) {
            int entry = slots[slot] - 1;
            if (xids[entry] == xid && relations[entry].equals(relation)) {
                return entry;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        if (size == xids.length) {
            grow();
            return entry(xid, relation);
        }
        xids[size] = xid;
        relations[size] = relation;
        slots[slot] = ++size;
        return size - 1;
    }

    private int slot(int xid, RelationFile relation) {
        // neighbouring ids and numbers of files are the rule: multiplications spread them, into the upper bits
        int hash = (xid * 0x85EBCA77 + relation.hashCode()) * 0x9E3779B9;
        return hash >>> (Integer.numberOfLeadingZeros(slots.length) + 1);
    }

    private void grow() {
        int entries = Math.multiplyExact(xids.length, 2);
        xids = Arrays.copyOf(xids, entries);
        relations = Arrays.copyOf(relations, entries);
        counts = Arrays.copyOf(counts, Math.multiplyExact(entries, COUNTS));
        slots = new int[Math.multiplyExact(entries, 2)];
        for (int entry = 0; entry < size; entry++) {
            int slot = slot(xids[entry], relations[entry]);
            while (slots[slot] != 0) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = entry + 1;
        }
    }

    /** The sums in a fixed order: by id, then database, file and tablespace. The tally is empty afterwards. */
    List<RowCounts> take() {
        int[] byRelation = byRelation();
        long[] keys = new long[size];
        for (int i = 0; i < size; i++) {
            // as unsigned ids are ordered, so are these
            keys[i] = (long) (xids[byRelation[i]] ^ Integer.MIN_VALUE) << 32 | i;
        }
        Arrays.sort(keys);
        List<RowCounts> rows = new ArrayList<>(size);
        for (long key : keys) {
            int entry = byRelation[(int) key];
            int at = entry * COUNTS;
            rows.add(new RowCounts(
                    xids[entry],
                    relations[entry],
                    counts[at + INSERTED],
                    counts[at + UPDATED],
                    counts[at + DELETED],
                    counts[at + PAGES_WRITTEN]));
        }
        begin(size);
        return rows;
    }

    /** The entries in the order of their storage; there are few of these. */
    private int[] byRelation() {
        Map<RelationFile, Integer> ranks = new HashMap<>();
        for (int entry = 0; entry < size; entry++) {
            if (entry == 0 || !relations[entry].equals(relations[entry - 1])) {
                ranks.put(relations[entry], 0);
            }
        }
        RelationFile[] sorted = ranks.keySet().toArray(RelationFile[]::new);
        Arrays.sort(sorted, ORDER);
        for (int rank = 0; rank < sorted.length; rank++) {
            ranks.put(sorted[rank], rank);
        }
        int[] rankOf = new int[size];
        int[] places = new int[sorted.length + 1];
        for (int entry = 0; entry < size; entry++) {
            rankOf[entry] = ranks.getOrDefault(relations[entry], 0);
            places[rankOf[entry] + 1]++;
        }
        for (int rank = 1; rank < places.length; rank++) {
            places[rank] += places[rank - 1];
        }
        int[] ordered = new int[size];
        for (int entry = 0; entry < size; entry++) {
            ordered[places[rankOf[entry]]++] = entry;
        }
        return ordered;
    }

    /** Begins anew with room for about as many entries as there were: the next segment is mostly like the last. */
    private void begin(int entries) {
        int room = Integer.highestOneBit(Math.max(ENTRIES_MIN, entries) * 2 - 1);
        size = 0;
        last = 0;
        xids = new int[room];
        relations = new RelationFile[room];
        counts = new long[room * COUNTS];
        slots = new int[room * 2];
    }
}
