package io.isochron.handover;

import java.util.Arrays;
import java.util.List;

/** A row of one side, without its values: its key, its place and a digest. Equal only to itself. */
final class TableRow {
    private final String[] key;
    private final String[] shown;
    private final long relation;
    private final long block;
    private final int offset;
    private final int xmin;
    private final byte[] digest;

    /**
     * A row.
     *
     * @param key the key's values in the form {@link KeyColumn#compare} understands
     * @param shown the key's values as text
     * @param relation OID of the relation that holds the row
     * @param block the row's block in it
     * @param offset the row's line pointer in the block
     * @param xmin the transaction that wrote this version of the row, unsigned 32 bits
     * @param digest digest of the compared columns
     */
    TableRow(String[] key, String[] shown, long relation, long block, int offset, int xmin, byte[] digest) {
        this.key = key;
        this.shown = shown;
        this.relation = relation;
        this.block = block;
        this.offset = offset;
        this.xmin = xmin;
        this.digest = digest;
    }

    /** Order of two rows by key. */
    static int compare(List<KeyColumn> columns, TableRow a, TableRow b) {
        for (int i = 0; i < a.key.length; i++) {
            int order = columns.get(i).compare(a.key[i], b.key[i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    boolean sameValues(TableRow other) {
        return Arrays.equals(digest, other.digest);
    }

    long relation() {
        return relation;
    }

    long block() {
        return block;
    }

    int offset() {
        return offset;
    }

    int xmin() {
        return xmin;
    }

    /** The tuple's address as PostgreSQL writes it. */
    String tid() {
        return "(" + block + "," + offset + ")";
    }

    /** The key's values as text, in the key's order. */
    List<String> keyTexts() {
        return List.of(shown);
    }

    /** The key as people read it. */
    String shownKey() {
        return "(" + String.join(", ", shown) + ")";
    }
}
