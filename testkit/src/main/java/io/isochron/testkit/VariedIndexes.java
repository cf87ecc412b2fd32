package io.isochron.testkit;

import java.sql.SQLException;

/** Every index access method: built on rows, on nothing, grown by inserts, thinned by deletes and vacuum, rebuilt. */
final class VariedIndexes {
    private VariedIndexes() {}

    static void all(VariedSession s) throws SQLException {
        s.run(
                "create extension if not exists bloom",
                "create table indexed (id serial primary key, n int, t text, h uuid, words tsvector, tags int[], p point,"
                        + " b box, r int4range, net inet)",
                insert(s.rows(6_000)),
                "create unique index indexed_btree on indexed (t, id) include (n)",
                "create index indexed_hash on indexed using hash (h)",
                "create index indexed_gin on indexed using gin (words) with (fastupdate = on)",
                "create index indexed_gin_array on indexed using gin (tags) with (fastupdate = off)",
                "create index indexed_gist on indexed using gist (b)",
                "create index indexed_gist_range on indexed using gist (r)",
                "create index indexed_spgist on indexed using spgist (p)",
                "create index indexed_spgist_text on indexed using spgist (t)",
                "create index indexed_spgist_net on indexed using spgist (net)",
                "create index indexed_brin on indexed using brin (n) with (pages_per_range = 4, autosummarize = off)",
                "create index indexed_bloom on indexed using bloom (n, id)",
                "create index indexed_part on indexed (n) where n % 3 = 0",
                "create index indexed_expression on indexed (lower(t))");
        s.run(
                insert(s.rows(6_000)),
                "update indexed set n = n + 1, p = point(random() * 100, random() * 100) where id % 5 = 0",
                "update indexed set tags = tags || 7 where id % 11 = 0",
                "delete from indexed where id % 4 = 0",
                "select gin_clean_pending_list('indexed_gin')",
                "vacuum indexed",
                "select brin_summarize_new_values('indexed_brin')",
                "select brin_desummarize_range('indexed_brin', 0)",
                insert(s.rows(4_000)),
                "delete from indexed where id > " + s.rows(9_000),
                "vacuum (index_cleanup on) indexed",
                "select brin_summarize_new_values('indexed_brin')",
                "reindex index indexed_gist",
                "reindex index concurrently indexed_btree",
                "create index concurrently indexed_late on indexed (n, id)",
                "drop index indexed_late",
                "alter index indexed_part set (fillfactor = 60)",
                "reindex table indexed");
        s.run(
                "create unlogged table fleeting (id int primary key, t text)",
                "insert into fleeting select i, md5(i::text) from generate_series(1, " + s.rows(1_000) + ") i",
                "create index fleeting_hash on fleeting using hash (t)",
                "create unlogged table became_logged (id int primary key, t text)",
                "insert into became_logged select i, md5(i::text) from generate_series(1, " + s.rows(1_000) + ") i",
                "alter table became_logged set logged",
                "create table became_unlogged (id int primary key)",
                "insert into became_unlogged select generate_series(1, " + s.rows(1_000) + ")",
                "alter table became_unlogged set unlogged",
                "create temporary table passing (a int)",
                "insert into passing select generate_series(1, 1000)");
        s.run(
                "create sequence counted start 10 increment 3 cache 1",
                "select nextval('counted') from generate_series(1, 200)",
                "select setval('counted', 5000)",
                "alter sequence counted restart with 77 cache 20",
                "select nextval('counted') from generate_series(1, 50)",
                "create table identified (id bigint generated always as identity, doubled int generated always as (2 * n) stored,"
                        + " n int)",
                "insert into identified (n) select generate_series(1, 100)");
    }

    private static String insert(int rows) {
        return "insert into indexed (n, t, h, words, tags, p, b, r, net) select i, 'text ' || md5((i * random())::text),"
                + " gen_random_uuid(), to_tsvector('simple', 'w' || i % 50 || ' x' || i % 7 || ' y' || i),"
                + " array[i % 10, i % 100, i], point(random() * 100, i % 97),"
                + " box(point(i % 100, random() * 10), point(i % 100 + 5, 20)), int4range(i, i + 20),"
                + " ('10.' || i % 256 || '.' || (i / 256) % 256 || '.1')::inet"
                + " from generate_series(1, " + rows + ") i";
    }
}
