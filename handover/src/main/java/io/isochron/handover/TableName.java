package io.isochron.handover;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The name of a table, as the catalogs hold it: already folded and without quotes.
 *
 * @param schema name of the schema
 * @param table name of the table in it
 */
public record TableName(String schema, String table) {
    public TableName {
        if (schema.isEmpty() || table.isEmpty()) {
            throw new IllegalArgumentException("a table name has an empty part: \"" + schema + "\".\"" + table + "\"");
        }
    }

    /**
     * Reads a name as SQL writes it: {@code orders}, {@code shop.orders} or {@code "Shop"."Orders"}. Parts without quotes
     * are folded to lower case; a name without a schema is looked for in {@code public}.
     *
     * @throws IllegalArgumentException when the text is no table name
     */
    public static TableName parse(String text) {
        List<String> parts = new ArrayList<>();
        int at = 0;
        while (true) {
            StringBuilder part = new StringBuilder();
            if (at < text.length() && text.charAt(at) == '"') {
                at++;
                boolean closed = false;
                while (at < text.length() && !closed) {
                    char c = text.charAt(at++);
                    if (c != '"') {
                        part.append(c);
                    } else if (at < text.length() && text.charAt(at) == '"') {
                        part.append('"');
                        at++;
                    } else {
                        closed = true;
                    }
                }
                if (!closed) {
                    throw malformed(text);
                }
            } else {
                int end = text.indexOf('.', at);
                String plain = text.substring(at, end < 0 ? text.length() : end);
                if (plain.indexOf('"') >= 0 || plain.chars().anyMatch(Character::isWhitespace)) {
                    throw malformed(text);
                }
                part.append(plain.toLowerCase(Locale.ROOT));
                at += plain.length();
            }
            if (part.isEmpty()) {
                throw malformed(text);
            }
            parts.add(part.toString());
            if (at == text.length()) {
                break;
            }
            if (text.charAt(at) != '.') {
                throw malformed(text);
            }
            at++;
        }
        return switch (parts.size()) {
            case 1 -> new TableName("public", parts.get(0));
            case 2 -> new TableName(parts.get(0), parts.get(1));
            default -> throw malformed(text);
        };
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("not a table name: " + text
                + "\nhint: write it as SQL does: orders, shop.orders or \"Shop\".\"Orders\".");
    }

    /** The name, quoted, for use in SQL. */
    String sql() {
        return quote(schema) + "." + quote(table);
    }

    /** An identifier, quoted, for use in SQL. */
    static String quote(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    @Override
    public String toString() {
        return display(schema) + "." + display(table);
    }

    private static String display(String part) {
        return part.matches("[a-z_][a-z0-9_$]*") ? part : quote(part);
    }
}
