package io.isochron.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The schema changes that happen while the demo's capture runs: before them, and after them, the same tables are not the same files. */
final class SchemaChanges {
    private SchemaChanges() {}

    /** What exists before: a staging table that will be truncated and an audit table that will be rewritten. */
    static void prepare(Connection connection) throws SQLException {
        run(
                connection,
                "create table staging (id bigint primary key, payload text not null)",
                "insert into staging select n, repeat('x', 40) from generate_series(1, 2000) n",
                "create table audit (id int primary key, what text not null)",
                "insert into audit select n, 'event ' || n from generate_series(1, 3000) n");
    }

    /** A new table, a new column, an index, a truncated and a rewritten table. */
    static void apply(Connection connection) throws SQLException {
        run(
                connection,
                "create table coupons (id bigint primary key, code text not null unique, percent int not null)",
                "insert into coupons select n, 'C' || n, n % 50 from generate_series(1, 500) n",
                "alter table accounts add column note text default 'none'",
                "create index on transfers (amount)",
                "truncate staging",
                "insert into staging select n, 'fresh' from generate_series(1, 300) n",
                "alter table audit alter column id type bigint");
    }

    /** The names of what {@link #apply} touched, for the story. */
    static String describe() {
        return "new table coupons, new column accounts.note, index on transfers, staging truncated, audit rewritten";
    }

    private static void run(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
