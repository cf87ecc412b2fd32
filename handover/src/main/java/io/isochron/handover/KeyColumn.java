package io.isochron.handover;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;

/**
 * A column of the primary key and the order in which both sides deliver it. The two sides may run on machines with different
 * collation libraries, so text is ordered by its bytes, never by a collation; other types keep the order of their index, so
 * that no sort is needed, where that order can be repeated here.
 *
 * @param name the column's name
 * @param kind how values are ordered
 */
record KeyColumn(String name, Kind kind) {
    private static final Map<String, Kind> KINDS = Map.ofEntries(
            Map.entry("smallint", Kind.INTEGER),
            Map.entry("integer", Kind.INTEGER),
            Map.entry("bigint", Kind.INTEGER),
            Map.entry("oid", Kind.INTEGER),
            Map.entry("uuid", Kind.SAME_AS_TEXT),
            Map.entry("bytea", Kind.SAME_AS_TEXT),
            Map.entry("boolean", Kind.SAME_AS_TEXT),
            Map.entry("numeric", Kind.NUMBER),
            Map.entry("date", Kind.MOMENT),
            Map.entry("timestamp without time zone", Kind.MOMENT),
            Map.entry("timestamp with time zone", Kind.MOMENT));

    enum Kind {
        /** Ordered as whole numbers. */
        INTEGER,
        /** Ordered by the type; its text has the same order, byte by byte. */
        SAME_AS_TEXT,
        /** Ordered as numbers, -Infinity first, then Infinity and NaN last (PostgreSQL documentation, chapter 8.1.2). */
        NUMBER,
        /** Ordered by the type; compared by the exact number of seconds since 1970, infinities included. */
        MOMENT,
        /** Ordered by the bytes of the text in UTF-8. */
        TEXT
    }

    /** The kind for a type as {@code format_type} names it, without its modifier. */
    static KeyColumn of(String name, String type) {
        String bare = type.replaceAll("\\([^)]*\\)", "").toLowerCase(Locale.ROOT);
        return new KeyColumn(name, KINDS.getOrDefault(bare, Kind.TEXT));
    }

    /** The expression to order by, for the table as {@code t}; {@code utf8} says whether the database's encoding is UTF-8. */
    String orderBy(boolean utf8) {
        // qualified: a bare name in ORDER BY would mean the output column, which is the text
        String column = "t." + TableName.quote(name);
        if (kind != Kind.TEXT) {
            return column;
        }
        return utf8
                ? column + "::pg_catalog.text COLLATE pg_catalog.\"C\""
                : "pg_catalog.convert_to(" + column + "::pg_catalog.text, 'UTF8')";
    }

    /** The expression whose text {@link #compare} understands. */
    String compared() {
        String column = TableName.quote(name);
        return kind == Kind.MOMENT
                ? "extract(epoch from " + column + ")::pg_catalog.text"
                : column + "::pg_catalog.text";
    }

    /** Compares two values of {@link #compared}, in the order of {@link #orderBy}. */
    int compare(String a, String b) {
        return switch (kind) {
            case INTEGER -> Long.compare(Long.parseLong(a), Long.parseLong(b));
            case SAME_AS_TEXT -> a.compareTo(b);
            case NUMBER, MOMENT -> compareNumbers(a, b);
            case TEXT -> compareCodePoints(a, b);
        };
    }

    private static int compareNumbers(String a, String b) {
        int classA = numberClass(a);
        int classB = numberClass(b);
        if (classA != classB || classA != 1) {
            return Integer.compare(classA, classB);
        }
        return new BigDecimal(a).compareTo(new BigDecimal(b));
    }

    private static int numberClass(String number) {
        return switch (number) {
            case "-Infinity" -> 0;
            case "Infinity" -> 2;
            case "NaN" -> 3;
            default -> 1;
        };
    }

    /** The order of UTF-8 bytes is the order of code points; the order of Java's chars is not, above U+FFFF. */
    static int compareCodePoints(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean surrogateX = Character.isSurrogate(x);
                boolean surrogateY = Character.isSurrogate(y);
                return surrogateX == surrogateY ? Character.compare(x, y) : surrogateX ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }
}
