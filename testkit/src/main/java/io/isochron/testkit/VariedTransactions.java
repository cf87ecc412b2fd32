package io.isochron.testkit;

import java.sql.SQLException;

/** How transactions end: subtransactions in numbers, two phases committed, rolled back and left open, origins, messages. */
final class VariedTransactions {
    /** The gids of the prepared transactions that the workload leaves open. */
    static final String[] LEFT_OPEN = {"varied-open-1", "4919_dmFyaWVk_b3Blbg=="};

    private VariedTransactions() {}

    static void subtransactions(VariedSession s) throws SQLException {
        s.run(
                "create table nested (id int primary key, t text)",
                "do $$ begin for i in 1..150 loop begin insert into nested values (i, 'sub');"
                        + " if i % 7 = 0 then raise exception 'undone'; end if;"
                        + " exception when others then null; end; end loop; end $$",
                "begin",
                "insert into nested values (1000, 'top')",
                "savepoint a",
                "insert into nested values (1001, 'a')",
                "savepoint b",
                "insert into nested values (1002, 'b')",
                "rollback to a",
                "insert into nested values (1003, 'a again')",
                "release a",
                "commit",
                "begin",
                "do $$ begin for i in 2001..2080 loop begin insert into nested values (i, 'lost');"
                        + " exception when others then null; end; end loop; end $$",
                "create table lost_with_it (a int)",
                "insert into lost_with_it select generate_series(1, 1000)",
                "rollback",
                "begin",
                "savepoint x",
                "delete from nested where id < 20",
                "update nested set t = 'updated' where id between 20 and 40",
                "rollback to x",
                "commit",
                // enough for a new page of the commit log, and for a commit record that spans many pages
                "create temporary table burned (a int)",
                "do $$ begin for i in 1..33000 loop begin insert into burned values (i);"
                        + " exception when others then null; end; end loop; end $$");
    }

    static void twoPhases(VariedSession s) throws SQLException {
        s.run("create table phased (id int primary key, t text)");
        for (int i = 0; i < 10; i++) {
            s.run(
                    "begin",
                    "insert into phased values (" + i + ", 'prepared')",
                    "savepoint deeper",
                    "insert into phased values (" + (100 + i) + ", 'in a subtransaction')",
                    "create table phased_" + i + " as select generate_series(1, 50) as a",
                    "prepare transaction 'varied-" + i + "'",
                    i % 3 == 2 ? "rollback prepared 'varied-" + i + "'" : "commit prepared 'varied-" + i + "'");
        }
        s.run(
                "begin",
                "drop table phased_0, phased_1",
                "do $$ begin for i in 3001..3100 loop begin insert into phased values (i, 'many');"
                        + " exception when others then null; end; end loop; end $$",
                "prepare transaction 'varied-dropping'",
                "commit prepared 'varied-dropping'",
                "begin",
                "drop table phased_3",
                "prepare transaction 'varied-dropping-not'",
                "rollback prepared 'varied-dropping-not'");
        for (int i = 0; i < LEFT_OPEN.length; i++) {
            s.run(
                    "begin",
                    "insert into phased values (" + (500 + i) + ", 'open')",
                    "savepoint deeper",
                    "update phased set t = 'open too' where id = " + (3001 + i),
                    "prepare transaction '" + LEFT_OPEN[i] + "'");
        }
    }

    static void markers(VariedSession s) throws SQLException {
        s.run(
                "create table marked (id int primary key)",
                "select pg_logical_emit_message(false, 'varied', 'outside of a transaction')",
                "select pg_logical_emit_message(true, 'varied', repeat('inside', 2000))",
                "select pg_replication_origin_create('varied origin')",
                "select pg_replication_origin_session_setup('varied origin')",
                "begin",
                "select pg_replication_origin_xact_setup('0/ABCDEF0', '2026-01-02 03:04:05+00')",
                "insert into marked values (1)",
                "commit",
                "insert into marked values (2)",
                "select pg_replication_origin_session_reset()",
                "select pg_replication_origin_advance('varied origin', '0/BBCDEF0')",
                "select pg_replication_origin_drop('varied origin')",
                "set synchronous_commit = off",
                "insert into marked select generate_series(10, 200)",
                "reset synchronous_commit",
                "insert into marked values (300)");
    }
}
