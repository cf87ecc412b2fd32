package io.isochron.capture;

import io.isochron.chronicle.RelationObservation;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Learns the names behind the numbers: WAL says which file a row went to, only the catalogs say which table that is. Reads every connectable database by SQL at start, from time to time, and soon
 * after the WAL showed that storage was created; gives on only what is new. Runs on a thread of its own; what it cannot read is a notice, never an error of capture.
 */
final class CatalogObserver implements ArchiveWriter.Catalog {
    private static final int WAITING_MAX = 20_000;
    private static final int TAKEN_MAX = 2_000;
    private static final int KNOWN_MAX = 500_000;
    private static final int FETCH_ROWS = 1_000;
    private static final Duration SETTLE = Duration.ofMillis(200);

    /** First OID of objects that are not made by initdb: {@code FirstNormalObjectId}, src/include/access/transam.h. */
    private static final String QUERY = """
            select c.oid::bigint, n.nspname, c.relname, c.relkind::text,
                   case c.reltablespace when 0 then ?::bigint else c.reltablespace::bigint end,
                   c.relfilenode::bigint, coalesce(o.oid, 0)::bigint,
                   exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary)
            from pg_catalog.pg_class c
                 join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                 left join pg_catalog.pg_class o on o.reltoastrelid = c.oid and c.relkind = 't'
            where c.relkind in ('r', 'm', 't') and c.relfilenode <> 0 and c.oid >= 16384 and c.relpersistence <> 't'
            order by c.oid""";

    private final ShardSource source;
    private final ShardMonitor monitor;
    private final long intervalNanos;
    private final ArrayDeque<RelationObservation> waiting = new ArrayDeque<>();
    private final Map<Long, Integer> known = new HashMap<>();
    private boolean wanted = true;
    private boolean forget;

    CatalogObserver(ShardSource source, ShardMonitor monitor, Duration interval) {
        this.source = source;
        this.monitor = monitor;
        this.intervalNanos = interval.toNanos();
    }

    /** Observes until the thread is interrupted. */
    void run() {
        try {
            while (true) {
                awaitNeed();
                Thread.sleep(SETTLE);
                observe();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized List<RelationObservation> take() {
        List<RelationObservation> taken = new ArrayList<>();
        while (taken.size() < TAKEN_MAX && !waiting.isEmpty()) {
            taken.add(waiting.removeFirst());
        }
        notifyAll();
        return taken;
    }

    @Override
    public synchronized boolean ready() {
        return !waiting.isEmpty();
    }

    @Override
    public synchronized void storageCreated() {
        wanted = true;
        notifyAll();
    }

    /** What was taken may not have become durable: give everything again. */
    synchronized void again() {
        forget = true;
        wanted = true;
        notifyAll();
    }

    private synchronized void awaitNeed() throws InterruptedException {
        long until = System.nanoTime() + intervalNanos;
        while (!wanted) {
            long left = until - System.nanoTime();
            if (left <= 0) {
                return;
            }
            wait(Math.max(1, left / 1_000_000));
        }
    }

    private void observe() throws InterruptedException {
        synchronized (this) {
            wanted = false;
            if (forget) {
                forget = false;
                known.clear();
            }
        }
        List<DatabaseName> databases;
        try (Connection connection = Sql.open(source, source.settings().database())) {
            databases = DatabaseName.list(connection);
        } catch (SQLException e) {
            monitor.notice("names of relations of shard " + source.name() + " cannot be read: " + e.getMessage());
            return;
        }
        for (DatabaseName database : databases) {
            if (database.connectable()) {
                try (Connection connection = Sql.open(source, database.name())) {
                    observe(connection, database);
                } catch (SQLException e) {
                    monitor.notice("names of relations of database " + database.name() + " of shard " + source.name()
                            + " cannot be read: " + e.getMessage());
                }
            }
        }
    }

    private void observe(Connection connection, DatabaseName database) throws SQLException, InterruptedException {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        Lsn at;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.pg_current_wal_insert_lsn()::text")) {
            row.next();
            at = Lsn.parse(row.getString(1));
        }
        try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
            statement.setFetchSize(FETCH_ROWS);
            statement.setLong(1, Integer.toUnsignedLong(database.tablespaceOid()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    offer(new RelationObservation(
                            at,
                            database.oid(),
                            database.name(),
                            (int) rows.getLong(1),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getString(4).charAt(0),
                            new RelationFile((int) rows.getLong(5), database.oid(), (int) rows.getLong(6)),
                            (int) rows.getLong(7),
                            rows.getBoolean(8)));
                }
            }
        }
        connection.rollback();
    }

    private synchronized void offer(RelationObservation seen) throws InterruptedException {
        long key = (long) seen.databaseOid() << 32 | Integer.toUnsignedLong(seen.oid());
        int content =
                Objects.hash(seen.schema(), seen.name(), seen.kind(), seen.file(), seen.toastOf(), seen.primaryKey());
        Integer before = known.size() < KNOWN_MAX || known.containsKey(key) ? known.put(key, content) : null;
        if (before != null && before == content) {
            return;
        }
        while (waiting.size() >= WAITING_MAX) {
            wait();
        }
        waiting.addLast(seen);
    }
}
