package io.isochron.testkit;

import io.isochron.testkit.VariedSession.Chapter;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A bit of everything that PostgreSQL writes WAL for, on one shard, in a new database {@code varied} and several further ones; chapters
 * run on three sessions at a time, so that their records interleave. For comparisons with PostgreSQL's own reading of WAL and with
 * its own recovery. It runs once per shard.
 *
 * @param databases databases that exist at the end and were made by the workload
 * @param openPrepared gids of prepared transactions that were left open, in the database {@code varied}
 * @param startLsn position of the WAL when the workload began, as PostgreSQL writes it
 * @param endLsn flushed position when it had ended
 * @param walBytes distance of the two
 */
public record VariedWorkload(
        List<String> databases, List<String> openPrepared, String startLsn, String endLsn, long walBytes) {
    /** The database in which most happens. */
    public static final String DATABASE = "varied";

    private static final int SESSIONS = 3;

    public VariedWorkload {
        databases = List.copyOf(databases);
        openPrepared = List.copyOf(openPrepared);
    }

    /**
     * Runs it.
     *
     * @param seed decides order and content, apart from timing
     * @param scale 1 writes some 60 to 90 MB of WAL in 5 to 10 s of an idle machine; 0.1 about half of it, for catalogs do not shrink
     * @throws SQLException naming the statement that failed
     */
    public static VariedWorkload run(TestShard shard, long seed, double scale) throws SQLException, IOException {
        String start = shard.query("select pg_current_wal_lsn()");
        shard.execute("create database " + DATABASE);
        Random random = new Random(seed);
        List<Chapter> chapters = new ArrayList<>(List.of(
                VariedIndexes::all,
                VariedTables::toastAndLargeObjects,
                VariedTables::rewritesAndVacuum,
                VariedTables::structure,
                VariedTables::lockedBySeveral,
                VariedTransactions::subtransactions,
                VariedTransactions::markers,
                VariedDatabases::databases,
                s -> s.run("checkpoint", "select pg_create_restore_point('varied point')", "select pg_switch_wal()")));
        Collections.shuffle(chapters, random);
        inSessions(shard, scale, random, chapters);
        try (VariedSession last = new VariedSession(shard, DATABASE, scale, random.nextLong(1_000_000))) {
            VariedDatabases.passingTablespace(last);
            last.run(
                    "drop tablespace space_passing",
                    "vacuum full pg_class",
                    "reindex table pg_index",
                    "vacuum (freeze) pg_attribute",
                    "checkpoint");
            VariedTransactions.twoPhases(last);
            last.run("select pg_switch_wal()", "insert into phased values (9999, 'the last one')");
        }
        String end = shard.query("select pg_current_wal_flush_lsn()");
        long bytes = Long.parseLong(shard.query("select pg_wal_lsn_diff('" + end + "', '" + start + "')::bigint"));
        return new VariedWorkload(
                List.of(DATABASE, "by_wal", "by_files", "in_space", "copy_of_wal", "renamed_copy"),
                List.of(VariedTransactions.LEFT_OPEN),
                start,
                end,
                bytes);
    }

    private static void inSessions(TestShard shard, double scale, Random random, List<Chapter> chapters)
            throws SQLException, IOException {
        List<Callable<Void>> works = new ArrayList<>();
        for (Chapter chapter : chapters) {
            long seed = random.nextLong(1_000_000);
            works.add(() -> {
                try (VariedSession session = new VariedSession(shard, DATABASE, scale, seed)) {
                    chapter.run(session);
                    return null;
                }
            });
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(SESSIONS)) {
            for (Future<Void> each : executor.invokeAll(works)) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new SQLException("varied workload: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in the varied workload", e);
        }
    }
}
