package io.isochron.testkit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;

/** What a chapter of {@link VariedWorkload} works with: a session, a scale, and random numbers from the seed. */
final class VariedSession implements AutoCloseable {
    /** A part of the workload that stands for itself and touches no other part's objects. */
    @FunctionalInterface
    interface Chapter {
        void run(VariedSession session) throws SQLException, IOException;
    }

    private final TestShard shard;
    private final String database;
    private final double scale;
    private final Connection connection;
    final Random random;

    VariedSession(TestShard shard, String database, double scale, long seed) throws SQLException {
        this.shard = shard;
        this.database = database;
        this.scale = scale;
        this.random = new Random(seed);
        this.connection = shard.superuser(database);
        run("set client_min_messages = error", "select setseed(" + (seed % 1000) / 1000.0 + ")");
    }

    /** A number of rows at scale 1, made smaller or greater. */
    int rows(int atScaleOne) {
        return (int) Math.max(20, atScaleOne * scale);
    }

    /** Runs statements one after the other, each in a transaction of its own unless one of them begins one. */
    void run(String... statements) throws SQLException {
        run(connection, statements);
    }

    static void run(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String each : statements) {
                try {
                    statement.execute(each);
                } catch (SQLException e) {
                    throw new SQLException(e.getMessage() + " in: " + each, e.getSQLState(), e);
                }
            }
        }
    }

    /** One more session in the same database; the caller closes it. */
    Connection another() throws SQLException {
        return another(database);
    }

    Connection another(String name) throws SQLException {
        return shard.superuser(name);
    }

    /** The server's major version. */
    int major() {
        return shard.instance().installation().major();
    }

    TestShard shard() {
        return shard;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
