package io.isochron.restore;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The schema of one database as sorted lines, one for every table, column, index, constraint, sequence, view, function and trigger that is not the
 * system's own. Two databases with equal lines have the same schema.
 *
 * @param lines sorted
 */
public record SchemaListing(List<String> lines) {

    private static final String QUERY = """
            with spaces as (
              select oid, nspname from pg_catalog.pg_namespace
              where nspname <> 'information_schema' and nspname !~ '^pg_')
            select pg_catalog.format('relation %I.%I kind=%s persistence=%s options=%s', n.nspname, c.relname, c.relkind, c.relpersistence,
                c.reloptions) as line
              from pg_catalog.pg_class c join spaces n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
            union all
            select pg_catalog.format('column %I.%I.%I number=%s type=%s notnull=%s identity=%s generated=%s default=%s', n.nspname, c.relname,
                a.attname, a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                pg_catalog.pg_get_expr(d.adbin, d.adrelid))
              from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join spaces n on n.oid = c.relnamespace
              left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
              where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
            union all
            select pg_catalog.format('index %s valid=%s', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid)
              from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join spaces n on n.oid = c.relnamespace
            union all
            select pg_catalog.format('constraint %I.%I.%I %s', n.nspname, c.relname, o.conname,
                pg_catalog.pg_get_constraintdef(o.oid))
              from pg_catalog.pg_constraint o join spaces n on n.oid = o.connamespace
              left join pg_catalog.pg_class c on c.oid = o.conrelid
            union all
            select pg_catalog.format('view %I.%I %s', n.nspname, c.relname, pg_catalog.pg_get_viewdef(c.oid))
              from pg_catalog.pg_class c join spaces n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
            union all
            select pg_catalog.format('function %I.%I(%s) %s', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
                pg_catalog.md5(coalesce(p.prosrc, '')))
              from pg_catalog.pg_proc p join spaces n on n.oid = p.pronamespace
            union all
            select pg_catalog.format('trigger %s enabled=%s', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
              from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join spaces n on n.oid = c.relnamespace
              where not t.tgisinternal
            order by 1
            """;

    public SchemaListing {
        lines = List.copyOf(lines);
    }

    /**
     * Reads the schema of the database a connection is open to.
     *
     * @throws SQLException if the catalogs cannot be read
     */
    public static SchemaListing read(Connection connection) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            // definitions name other objects the shorter the more the search path covers; both sides must see the same
            // path
            String before = setting(statement, "select pg_catalog.current_setting('search_path')");
            setting(statement, "select pg_catalog.set_config('search_path', 'pg_catalog', false)");
            try (ResultSet rows = statement.executeQuery(QUERY)) {
                while (rows.next()) {
                    lines.add(rows.getString(1));
                }
            }
            setting(
                    statement,
                    "select pg_catalog.set_config('search_path', " + statement.enquoteLiteral(before) + ", false)");
        }
        lines.sort(null);
        return new SchemaListing(lines);
    }

    private static String setting(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** What another listing lacks and has more, for people; empty if the two are equal. At most ten lines. */
    public String differences(SchemaListing other) {
        java.util.Set<String> here = java.util.Set.copyOf(lines);
        java.util.Set<String> there = java.util.Set.copyOf(other.lines);
        List<String> shown = new ArrayList<>();
        lines.stream().filter(line -> !there.contains(line)).limit(5).forEach(line -> shown.add("missing: " + line));
        other.lines.stream()
                .filter(line -> !here.contains(line))
                .limit(5)
                .forEach(line -> shown.add("unexpected: " + line));
        return String.join("; ", shown);
    }
}
