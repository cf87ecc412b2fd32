package io.isochron.handover;

import io.isochron.handover.BackfillOptions.Batches;
import io.isochron.handover.BackfillOptions.OneTransaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives rows of one table back from a restored cluster to the live one, while the live one goes on working.
 *
 * <p>Rows that the live side lacks are inserted; rows that are on both sides and differ are left alone unless there is evidence
 * that nobody wrote them since ({@link BackfillOptions.RestoreIfLastWrittenBy}); rows that only the live side has are never
 * touched. Generated columns are computed by the live side, identity columns keep their values.
 *
 * <p>A run can be repeated at any time: rows that are back are not missing any longer, and prepared transactions that a crashed
 * run left are settled first. Only one run at a time writes to a live database; others are refused.
 */
public final class Backfill {
    /** Key of the advisory lock that a writing run holds on every live shard: "ISOC", 1. */
    private static final String LOCK = TwoPhase.FORMAT_ID + ", 1";

    /** SQLSTATE of a lock that was not granted within {@code lock_timeout}. */
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private Backfill() {}

    /**
     * Compares the table and, when {@link BackfillOptions#apply} says so, gives rows back.
     *
     * @param shards all shards of the cluster that hold the table, at least one
     * @param table the table
     * @param options what is to be done
     * @param progress hears how far it has come
     * @return what was found and done
     * @throws BackfillRefusedException when the table cannot be handed back; nothing was changed
     * @throws HandoverException when it failed on the way, or the calling thread was interrupted. In one transaction nothing was
     *     changed then; in batches the rows committed so far stay
     */
    public static BackfillReport run(
            List<ShardPair> shards, TableName table, BackfillOptions options, HandoverProgress progress)
            throws HandoverException {
        return run(shards, table, options, progress, CrashPoint.NONE);
    }

    static BackfillReport run(
            List<ShardPair> shards,
            TableName table,
            BackfillOptions options,
            HandoverProgress progress,
            CrashPoint crash)
            throws HandoverException {
        if (shards.isEmpty()) {
            throw new IllegalArgumentException("no shards given");
        }
        long began = System.nanoTime();
        String id = UUID.randomUUID().toString();
        List<TwoPhase.Session> writers = new ArrayList<>();
        List<ShardWork> works = new ArrayList<>();
        try {
            List<String> settled = new ArrayList<>();
            Set<String> notes = new LinkedHashSet<>();
            if (options.apply()) {
                openWriters(shards, options, writers);
                settled.addAll(TwoPhase.settle(writers));
                for (TwoPhase.Session writer : writers) {
                    writer.connection().setAutoCommit(false);
                }
            } else {
                notes.addAll(pending(shards));
            }
            Map<ShardWork, TwoPhase.Session> sessions = new HashMap<>();
            for (int i = 0; i < shards.size(); i++) {
                TwoPhase.Session writer = options.apply() ? writers.get(i) : null;
                ShardWork work =
                        ShardWork.open(shards.get(i), table, options, writer == null ? null : writer.connection());
                works.add(work);
                notes.addAll(work.match().notes());
                if (writer != null) {
                    sessions.put(work, writer);
                }
            }
            Parallel.run(works, ShardWork::shard, work -> work.run(progress));
            if (options.apply()) {
                finish(id, options, works, sessions, shards.size(), crash);
            }
            return new BackfillReport(
                    id,
                    table,
                    options.apply(),
                    works.getFirst().match().columns().stream()
                            .map(TableShape.Column::name)
                            .toList(),
                    List.copyOf(notes),
                    settled,
                    works.stream().map(ShardWork::result).toList(),
                    (System.nanoTime() - began) / 1000);
        } catch (SQLException e) {
            throw new HandoverException(
                    "back-fill of table " + table + ": " + e.getMessage(),
                    "nothing of the transaction that failed was kept; remove the cause and run it again.",
                    e);
        } finally {
            closeAll(works, writers);
        }
    }

    private static void openWriters(List<ShardPair> shards, BackfillOptions options, List<TwoPhase.Session> writers)
            throws SQLException, HandoverException {
        boolean suppress = options.triggers() == BackfillOptions.Triggers.SUPPRESS;
        for (ShardPair pair : shards) {
            Connection connection = Sessions.writer(pair.live(), options.lockTimeout(), suppress);
            writers.add(new TwoPhase.Session(pair.shard(), connection));
            connection.setAutoCommit(true);
            lock(pair.shard(), connection);
            if (shards.size() > 1 && options.mode() instanceof OneTransaction && !TwoPhase.possible(connection)) {
                throw new BackfillRefusedException(
                        "shard " + pair.shard() + " has max_prepared_transactions = 0, so one transaction over "
                                + shards.size() + " shards is not possible",
                        "give the rows back in batches, or raise max_prepared_transactions (needs a restart).");
            }
        }
    }

    /** Waits as for other locks: a session that was closed holds its own until its server process has noticed and ended. */
    private static void lock(String shard, Connection connection) throws SQLException, HandoverException {
        try {
            Sessions.value(connection, "SELECT pg_catalog.pg_advisory_lock(" + LOCK + ")");
        } catch (SQLException e) {
            if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                throw e;
            }
            throw new BackfillRefusedException(
                    "another back-fill is writing to shard " + shard + " (advisory lock " + LOCK + ")",
                    "wait until it has ended; two at once could not tell their prepared transactions apart.");
        }
    }

    private static List<String> pending(List<ShardPair> shards) throws SQLException {
        List<TwoPhase.Session> sessions = new ArrayList<>();
        try {
            for (ShardPair pair : shards) {
                sessions.add(new TwoPhase.Session(pair.shard(), Sessions.reader(pair.live())));
            }
            return TwoPhase.pending(sessions);
        } finally {
            for (TwoPhase.Session session : sessions) {
                session.connection().close();
            }
        }
    }

    private static void finish(
            String id,
            BackfillOptions options,
            List<ShardWork> works,
            Map<ShardWork, TwoPhase.Session> sessions,
            int shards,
            CrashPoint crash)
            throws SQLException, HandoverException {
        switch (options.mode()) {
            case Batches _ -> {
                // committed on the way
            }
            case OneTransaction _ -> {
                List<TwoPhase.Session> writing = new ArrayList<>();
                for (ShardWork work : works) {
                    TwoPhase.Session session = sessions.get(work);
                    if (session != null && work.wrote()) {
                        writing.add(session);
                    }
                }
                if (!writing.isEmpty()) {
                    TwoPhase.commit(id, writing, shards, crash);
                }
            }
        }
    }

    private static void closeAll(List<ShardWork> works, List<TwoPhase.Session> writers) throws HandoverException {
        @Nullable SQLException failure = null;
        List<AutoCloseable> all = new ArrayList<>(works);
        writers.forEach(writer -> all.add(writer.connection()));
        for (AutoCloseable one : all) {
            try {
                one.close();
            } catch (SQLException e) {
                failure = e;
            } catch (Exception e) {
                throw new IllegalStateException("closing a session failed", e);
            }
        }
        if (failure != null) {
            org.slf4j.LoggerFactory.getLogger(Backfill.class)
                    .debug("closing a session failed after the work was done", failure);
        }
    }
}
