package io.isochron.wal;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;

/** Makes a server write records of nearly every kind. */
final class WalWorkload {
    private WalWorkload() {}

    static void run(WalServer server, Random random) throws Exception {
        try (Connection connection = server.connect("postgres");
                Statement sql = connection.createStatement()) {
            tablesAndIndexes(connection, sql, random);
            rewritesAndTruncations(sql);
            sessions(server, random);
            twoPhase(connection, sql);
            subtransactions(connection, sql);
            administration(server, sql);
            sql.execute("checkpoint");
        }
    }

    private static void tablesAndIndexes(Connection connection, Statement sql, Random random)
            throws SQLException, IOException {
        sql.execute("create extension btree_gist");
        sql.execute(
                "create table wide (id bigserial primary key, n int, body text, tags int[], spot point, during int4range)");
        sql.execute("create index on wide using hash (n)");
        sql.execute("create index on wide using gin (tags)");
        sql.execute("create index on wide using gist (during)");
        sql.execute("create index on wide using spgist (spot)");
        sql.execute("create index on wide using brin (id) with (pages_per_range = 4)");
        sql.execute("create unlogged table fleeting (id int primary key, body text)");
        sql.execute("create table parts (id int, kind int) partition by list (kind)");
        sql.execute("create table parts_1 partition of parts for values in (1)");
        sql.execute("create table parts_2 partition of parts for values in (2)");
        sql.execute("create table plain (id int primary key, v int)");
        sql.execute(
                "insert into wide (n, body, tags, spot, during) select i, repeat(md5(i::text), i % 40), array[i, i % 7, i % 11],"
                        + " point(i % 97, i % 89), int4range(i, i + 10) from generate_series(1, 2000) i");
        sql.execute(
                "update wide set body = (select string_agg(md5((i * id)::text), '') from generate_series(1, 400) i) where id % 100 = 0");
        sql.execute("update wide set n = n + 1 where id % 3 = 0");
        sql.execute("delete from wide where id % 5 = 0");
        sql.execute("insert into fleeting select i, 'x' from generate_series(1, 300) i");
        sql.execute("insert into parts select i, 1 + i % 2 from generate_series(1, 500) i");
        sql.execute("update parts set kind = 2 where id % 10 = 0 and kind = 1");
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 3_000; i++) {
            rows.append(i).append('\t').append(random.nextInt()).append('\n');
        }
        connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("copy plain from stdin", new StringReader(rows.toString()));
        sql.execute(
                "insert into plain select i, 0 from generate_series(2900, 3100) i on conflict (id) do update set v = -1");
        sql.execute("insert into plain select i, 0 from generate_series(2900, 3100) i on conflict do nothing");
        sql.execute("select id from plain where id < 50 for update");
        sql.execute("vacuum (freeze) wide");
        sql.execute("vacuum (analyze)");
        for (String compression : compressions(sql)) {
            sql.execute("set wal_compression = " + compression);
            sql.execute("checkpoint");
            sql.execute("update wide set n = n - 1");
            sql.execute("update plain set v = v + 1 where id % 2 = 0");
        }
        sql.execute("reset wal_compression");
        sql.execute(
                "do $$ declare big oid; begin big := lo_from_bytea(0, convert_to(repeat('large object ', 20000), 'UTF8'));"
                        + " perform lo_put(big, 100, 'other'); end $$");
        sql.execute("select nextval('wide_id_seq') from generate_series(1, 200)");
    }

    /** What this build of the server can do: pglz always, LZ4 and zstd where it was built with them. */
    private static String[] compressions(Statement sql) throws SQLException {
        try (var row = sql.executeQuery(
                "select coalesce(nullif(array_to_string(array(select unnest(enumvals) intersect"
                        + " select unnest('{pglz,lz4,zstd}'::text[])), ' '), ''), 'on') from pg_settings where name = 'wal_compression'")) {
            row.next();
            return row.getString(1).split(" ");
        }
    }

    private static void rewritesAndTruncations(Statement sql) throws SQLException {
        sql.execute("vacuum full wide");
        sql.execute("cluster plain using plain_pkey");
        sql.execute("vacuum full pg_class");
        sql.execute("alter table plain add column extra uuid default gen_random_uuid()");
        sql.execute("create table copied as select * from wide");
        sql.execute("truncate copied");
        sql.execute("truncate parts_1, parts_2");
        sql.execute("create materialized view seen as select n, count(*) from wide group by n");
        sql.execute("refresh materialized view seen");
        sql.execute("delete from plain where id > 500");
        sql.execute("vacuum plain");
        sql.execute("reindex table wide");
        sql.execute("drop table copied");
        sql.execute("begin; create table never (id int); insert into never select generate_series(1, 100); rollback");
    }

    private static void sessions(WalServer server, Random random) throws Exception {
        try (Connection connection = server.connect("postgres");
                Statement sql = connection.createStatement()) {
            sql.execute("create table hot (id int primary key, n int)");
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
            var works = java.util.stream.IntStream.range(0, 4)
                    .mapToObj(i -> session(server, random.nextLong()))
                    .toList();
            for (Future<Void> done : executor.invokeAll(works)) {
                done.get();
            }
        }
    }

    private static Callable<Void> session(WalServer server, long seed) {
        return () -> {
            Random random = new Random(seed);
            try (Connection connection = server.connect("postgres");
                    var upsert = connection.prepareStatement(
                            "insert into hot values (?, 1) on conflict (id) do update set n = hot.n + 1");
                    var delete = connection.prepareStatement("delete from hot where id = ?")) {
                for (int i = 0; i < 250; i++) {
                    var statement = random.nextInt(4) == 0 ? delete : upsert;
                    statement.setInt(1, random.nextInt(60));
                    statement.executeUpdate();
                }
            }
            return null;
        };
    }

    private static void twoPhase(Connection connection, Statement sql) throws SQLException {
        connection.setAutoCommit(false);
        for (int i = 0; i < 12; i++) {
            sql.execute("insert into plain (id, v) values (" + (10_000 + i) + ", 1)");
            if (i % 3 == 0) {
                sql.execute("savepoint a");
                sql.execute("insert into plain (id, v) values (" + (20_000 + i) + ", 1)");
                sql.execute("release a");
                sql.execute("create table prepared_" + i + " (id int primary key, body text)");
            }
            if (i == 4) {
                sql.execute("drop materialized view seen");
            }
            sql.execute("prepare transaction '1096044365_Z3RyaWQ=_branch" + i + "-é'");
            connection.commit();
            connection.setAutoCommit(true);
            String end = i % 4 == 3 ? "rollback" : "commit";
            if (i < 10) {
                sql.execute(end + " prepared '1096044365_Z3RyaWQ=_branch" + i + "-é'");
            }
            connection.setAutoCommit(false);
        }
        connection.setAutoCommit(true);
    }

    private static void subtransactions(Connection connection, Statement sql) throws SQLException {
        sql.execute("create table subs (id int)");
        sql.execute(
                "do $$ begin for i in 1..150 loop begin insert into subs values (i);"
                        + " if i % 4 = 0 then raise exception 'no'; end if; exception when others then null; end; end loop; end $$");
        connection.setAutoCommit(false);
        sql.execute("insert into subs values (1000)");
        sql.execute("savepoint a");
        sql.execute("insert into subs values (1001)");
        connection.rollback();
        connection.setAutoCommit(true);
    }

    private static void administration(WalServer server, Statement sql) throws SQLException, IOException {
        sql.execute("create database copied_files " + (server.major() >= 15 ? "strategy file_copy" : ""));
        sql.execute("create database logged_pages");
        sql.execute("create tablespace beside location '" + server.makeDirectory("beside") + "'");
        sql.execute("create table moved (id int primary key) tablespace beside");
        sql.execute("insert into moved select generate_series(1, 100)");
        sql.execute("alter table moved set tablespace pg_default");
        sql.execute("drop tablespace beside");
        sql.execute("drop database copied_files");
        sql.execute("select pg_create_restore_point('before the deploy')");
        sql.execute("select pg_switch_wal()");
        sql.execute("select pg_logical_emit_message(false, 'big', repeat('0123456789', 900000))");
        sql.execute("select pg_logical_emit_message(true, 'small', 'x')");
        sql.execute("select pg_switch_wal()");
        sql.execute("checkpoint");
        sql.execute("select pg_switch_wal()");
    }
}
