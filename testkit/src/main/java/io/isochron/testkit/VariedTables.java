package io.isochron.testkit;

import java.sql.Connection;
import java.sql.SQLException;

/** What happens to tables: TOAST, COPY, rewrites, truncation, vacuum, partitions, constraints, locks by several. */
final class VariedTables {
    private VariedTables() {}

    static void toastAndLargeObjects(VariedSession s) throws SQLException {
        s.run(
                "create table wide (id int primary key, compressed text, plain text, external bytea, js jsonb)",
                "alter table wide alter external set storage external, alter plain set storage main",
                "insert into wide select i, repeat(md5(i::text), 400), repeat('p', 3000),"
                        + " decode((select string_agg(md5((i * j * random())::text), '') from generate_series(1, 300) j), 'hex'),"
                        + " jsonb_build_object('a', i, 'b', repeat('json', 2000))"
                        + " from generate_series(1, " + s.rows(400) + ") i",
                "update wide set compressed = compressed || 'more' where id % 3 = 0",
                "update wide set external = substr(external, 1, 5) where id % 4 = 0",
                "delete from wide where id % 7 = 0",
                "vacuum wide",
                "alter table wide alter external set storage extended",
                "vacuum full wide");
        int objects = s.rows(20);
        s.run(
                "select lo_create(900000 + i) from generate_series(1, " + objects + ") i",
                "select lo_put(900000 + i, 0, decode(repeat(md5(i::text), 4000), 'hex')) from generate_series(1, "
                        + objects + ") i",
                "select lo_put(900000 + i, 5000, 'patched in the middle') from generate_series(1, " + objects / 2
                        + ") i",
                "select lo_unlink(900000 + i) from generate_series(1, " + objects / 4 + ") i",
                "vacuum pg_largeobject");
    }

    static void rewritesAndVacuum(VariedSession s) throws SQLException {
        String file = s.shard().home().resolve("copied.txt").toString();
        s.run(
                "create table copied (id int, name text, amount numeric) with (fillfactor = 80)",
                "copy (select i, 'name ' || md5((i * random())::text), i * 1.25 from generate_series(1, "
                        + s.rows(10_000) + ") i) to '" + file + "'",
                "copy copied from '" + file + "'",
                "begin",
                "create table copied_frozen (id int, name text, amount numeric)",
                "copy copied_frozen from '" + file + "' with (freeze)",
                "commit");
        s.run(
                "alter table copied add primary key (id)",
                "create index copied_by_name on copied (name)",
                "update copied set amount = amount + 1 where id % 2 = 0",
                "update copied set amount = amount - 1 where id % 2 = 0",
                "cluster copied using copied_by_name",
                "delete from copied where id % 3 = 0",
                "vacuum copied",
                "delete from copied where id > " + s.rows(4_000),
                "vacuum (freeze, analyze) copied",
                "vacuum full copied",
                "alter table copied alter id type bigint",
                "alter table copied add column volatile_one float default random()",
                "alter table copied add column constant_one int default 5",
                "alter table copied drop column name",
                "alter table copied set (fillfactor = 50)",
                "vacuum (disable_page_skipping) copied");
        s.run(
                "create table truncated (id serial primary key, t text)",
                "insert into truncated (t) select repeat('x', 100) from generate_series(1, " + s.rows(3_000) + ")",
                "truncate truncated restart identity",
                "insert into truncated (t) select 'after' from generate_series(1, 100)",
                "begin",
                "truncate truncated",
                "insert into truncated (t) values ('never')",
                "rollback",
                "begin",
                "create table made_and_filled as select generate_series(1, " + s.rows(2_000) + ") as a",
                "create index on made_and_filled (a)",
                "truncate made_and_filled",
                "insert into made_and_filled select generate_series(1, 500)",
                "commit",
                "begin",
                "create table never_was (a int primary key, t text)",
                "insert into never_was select i, repeat('n', 3000) from generate_series(1, 200) i",
                "drop table truncated",
                "rollback");
    }

    static void structure(VariedSession s) throws SQLException {
        s.run(
                "create table measured (at date not null, device int not null, value float, primary key (at, device))"
                        + " partition by range (at)",
                "create table measured_1 partition of measured for values from ('2026-01-01') to ('2026-02-01')",
                "create table measured_2 partition of measured for values from ('2026-02-01') to ('2026-03-01')"
                        + " partition by hash (device)",
                "create table measured_2_0 partition of measured_2 for values with (modulus 2, remainder 0)",
                "create table measured_2_1 partition of measured_2 for values with (modulus 2, remainder 1)",
                "create table measured_rest partition of measured default",
                "insert into measured select date '2026-01-01' + i % 70, i, random() from generate_series(1, "
                        + s.rows(4_000) + ") i",
                "update measured set at = at + 31 where at < '2026-01-10'",
                "alter table measured detach partition measured_1",
                "truncate measured_2",
                "drop table measured_1",
                "create materialized view summed as select at, sum(value) as total from measured group by at",
                "create unique index on summed (at)",
                "refresh materialized view summed",
                "insert into measured select '2027-01-01', i, 1 from generate_series(1, 100) i",
                "refresh materialized view concurrently summed");
        s.run(
                "create table parents (id int primary key, name text unique)",
                "create table children (id serial primary key, parent int references parents on delete cascade deferrable"
                        + " initially deferred, note text, check (note <> 'bad'))",
                "insert into parents select i, 'p' || i from generate_series(1, " + s.rows(500) + ") i",
                "insert into children (parent, note) select i % " + s.rows(500)
                        + " + 1, 'c' || i from generate_series(1, " + s.rows(3_000) + ") i",
                "delete from parents where id % 10 = 0",
                "insert into parents select i, 'q' || i from generate_series(1, " + s.rows(600)
                        + ") i on conflict (id) do update set name = excluded.name || ' again'",
                "insert into parents select i, 'q' || i from generate_series(1, 100) i on conflict do nothing",
                s.major() == 14
                        ? "update parents set name = name || ' updated' where id <= 50"
                        : "merge into parents p using (select generate_series(1, 50) as id) n on n.id = p.id when matched and p.id % 2 = 0"
                                + " then delete when matched then update set name = name || ' merged'"
                                + " when not matched then insert values (n.id, 'merged ' || n.id)",
                "create view seen as select * from parents",
                "create function counted_up() returns trigger language plpgsql as $$ begin new.note := new.note || '!';"
                        + " return new; end $$",
                "create trigger on_children before insert on children for each row execute function counted_up()",
                "insert into children (parent, note) select 1, 'triggered' from generate_series(1, 50)",
                "create type mood as enum ('fine', 'bad')",
                "alter type mood add value 'better' after 'fine'",
                "create domain positive as int check (value > 0)",
                "create schema apart",
                "create table apart.there (m mood, p positive, primary key (p))",
                "insert into apart.there values ('fine', 1), ('bad', 2)",
                "alter table apart.there rename to renamed",
                "alter table apart.renamed set schema public",
                "comment on table renamed is 'moved'",
                "grant select on renamed to pg_monitor",
                // by name: of all tables it deadlocks with another chapter's concurrent building of an index, which
                // waits for its snapshot while it waits for the index's table
                "analyze measured, summed, parents, children, renamed");
    }

    /** Several sessions hold the same rows: multixacts, with and without an update among them. */
    static void lockedBySeveral(VariedSession s) throws SQLException {
        int rows = s.rows(300);
        s.run(
                "create table shared (id int primary key, n int)",
                "insert into shared select i, 0 from generate_series(1, " + rows + ") i");
        try (Connection first = s.another();
                Connection second = s.another();
                Connection third = s.another()) {
            for (int round = 0; round < 3; round++) {
                for (Connection each : new Connection[] {first, second, third}) {
                    VariedSession.run(each, "begin", "select * from shared where id % 2 = 0 for key share");
                }
                VariedSession.run(third, "update shared set n = n + 1 where id % 4 = 0");
                VariedSession.run(first, "select * from shared where id % 4 = 2 for share");
                VariedSession.run(second, "select * from shared where id % 4 = 2 for share");
                VariedSession.run(first, "commit");
                VariedSession.run(second, round == 1 ? "rollback" : "commit");
                VariedSession.run(third, round == 2 ? "rollback" : "commit");
            }
        }
        s.run("vacuum (freeze) shared");
    }
}
