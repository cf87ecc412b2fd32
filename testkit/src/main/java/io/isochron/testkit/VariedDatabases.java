package io.isochron.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/** Databases by both strategies, databases and tables in a tablespace, moved between tablespaces, dropped. */
final class VariedDatabases {
    private VariedDatabases() {}

    static Path tablespaceDirectory(TestShard shard, String name) {
        return shard.home().resolve(name);
    }

    static void databases(VariedSession s) throws SQLException, IOException {
        for (String name : new String[] {"space_one", "space_two"}) {
            Path directory = tablespaceDirectory(s.shard(), name);
            Files.createDirectory(directory);
            s.shard().instance().runAs().own(directory);
            s.run("create tablespace " + name + " location '" + directory + "'");
        }
        s.run(
                "create database by_wal" + strategy(s, "wal_log"),
                "create database by_files" + strategy(s, "file_copy"),
                "create database short_lived" + strategy(s, "wal_log"),
                "create database in_space tablespace space_one" + strategy(s, "file_copy"));
        for (String database : new String[] {"by_wal", "by_files", "short_lived", "in_space"}) {
            try (Connection connection = s.another(database)) {
                VariedSession.run(
                        connection,
                        "create table here (id serial primary key, t text)",
                        "insert into here (t) select md5(i::text) from generate_series(1, " + s.rows(2_000) + ") i",
                        "create index on here using hash (t)");
            }
        }
        s.run(
                "create database copy_of_wal template by_wal" + strategy(s, "wal_log"),
                "create database copy_of_files template by_files" + strategy(s, "file_copy"),
                "drop database short_lived",
                "alter database copy_of_files set tablespace space_two",
                "alter database copy_of_files rename to renamed_copy",
                "create table in_tablespace (id int primary key using index tablespace space_two, t text) tablespace space_one",
                "insert into in_tablespace select i, repeat('t', 50) from generate_series(1, " + s.rows(3_000) + ") i",
                "alter table in_tablespace set tablespace space_two",
                "alter index in_tablespace_pkey set tablespace space_one",
                "create table moved_home (a int) tablespace space_one",
                "insert into moved_home select generate_series(1, 1000)",
                "alter table moved_home set tablespace pg_default");
        try (Connection connection = s.another("by_files")) {
            VariedSession.run(
                    connection, "delete from here where id % 2 = 0", "vacuum here", "drop table if exists nothing");
        }
    }

    /** 14 has no choice: it always copies files. */
    private static String strategy(VariedSession s, String name) {
        return s.major() == 14 ? "" : " strategy " + name;
    }

    /** A tablespace that comes and goes. */
    static void passingTablespace(VariedSession s) throws SQLException, IOException {
        Path directory = tablespaceDirectory(s.shard(), "space_passing");
        Files.createDirectory(directory);
        s.shard().instance().runAs().own(directory);
        s.run(
                "create tablespace space_passing location '" + directory + "'",
                "create table passing_through (a int) tablespace space_passing",
                "insert into passing_through select generate_series(1, 5000)",
                "drop table passing_through");
    }
}
