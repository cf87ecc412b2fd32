package io.isochron.capture;

import io.isochron.chronicle.SafePoint;
import io.isochron.wal.Lsn;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Asks a primary for its clock and then for its flush position, while its WAL comes from a standby: what the standby's own say is nothing about the primary's commits (docs/adr/0021). Everything that a
 * client had been told was committed when the clock was read lies before that position, so the two make a safe point once WAL up to there is archived.
 *
 * <p>A reading is worth something only beside the WAL of its time ({@code ShardClock} in the room chronicle): WAL that comes later than {@link #LATE} ends the use of the standby, and nothing is recorded
 * before the standby has caught up.
 */
final class PrimaryProbe implements AutoCloseable {
    /** How long after it was flushed on the primary WAL may arrive; below the 2 s that the chronicle's readers allow. */
    static final Duration LATE = Duration.ofMillis(1500);

    /** While it catches up: how long it may bring nothing. */
    private static final Duration STUCK = Duration.ofSeconds(10);

    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);

    /** What the primary says; one question at a time. */
    interface Primary extends AutoCloseable {
        /** Its clock, microseconds since the Unix epoch. */
        long clockMicros() throws SQLException;

        /** Up to where its WAL is flushed, read after {@link #clockMicros} had been answered. */
        Lsn flushed() throws SQLException;

        @Override
        void close() throws SQLException;
    }

    /** Opens a connection to the primary. */
    interface Opening {
        Primary open() throws SQLException;
    }

    /** A flush position, and when it was asked for. */
    private record Asked(Lsn position, long nanos) {}

    private final Opening opening;
    private final ShardClock clock;
    private final PendingSafePoints safePoints;
    private final ShardMonitor monitor;
    private final String shard;
    private final Duration interval;
    private final HostClock host;
    /** Positions that the standby has not brought yet, oldest first. */
    private final Deque<Asked> awaited = new ArrayDeque<>();

    private boolean caughtUp;
    private Lsn received = Lsn.INVALID;
    private long progressNanos;
    private @Nullable Thread thread;
    private volatile boolean closed;

    PrimaryProbe(
            String shard,
            Opening opening,
            ShardClock clock,
            PendingSafePoints safePoints,
            ShardMonitor monitor,
            Duration interval,
            HostClock host) {
        this.shard = shard;
        this.opening = opening;
        this.clock = clock;
        this.safePoints = safePoints;
        this.monitor = monitor;
        this.interval = interval;
        this.host = host;
        this.progressNanos = host.nanos();
    }

    /**
     * Asks over SQL, on a connection of its own. Behind an address another server may answer after a failover: positions of another timeline say nothing about the one that is streamed.
     *
     * @param timeline PostgreSQL timeline that is streamed; a server on another one is an error
     */
    static Opening overSql(ShardSource primary, int timeline) {
        return () -> {
            Connection connection = Sql.open(primary, primary.settings().database());
            return new Primary() {
                @Override
                public long clockMicros() throws SQLException {
                    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(ask(connection, """
                                    select pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC',
                                                              'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""")));
                }

                @Override
                public Lsn flushed() throws SQLException {
                    String[] answer = ask(connection, """
                            select substr(pg_catalog.pg_walfile_name(flushed), 1, 8) || ' ' || flushed
                            from pg_catalog.pg_current_wal_flush_lsn() flushed""").split(" ", -1);
                    if (Integer.parseUnsignedInt(answer[0], 16) != timeline) {
                        throw new SQLException(
                                "the server at " + primary.settings().where()
                                        + " is on PostgreSQL timeline " + Integer.parseUnsignedInt(answer[0], 16)
                                        + ", wal is taken from timeline " + timeline);
                    }
                    return Lsn.parse(answer[1]);
                }

                @Override
                public void close() throws SQLException {
                    connection.close();
                }
            };
        };
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return Objects.requireNonNull(row.getString(1));
        }
    }

    /** Begins to ask, on a thread of its own. */
    PrimaryProbe start() {
        thread = Thread.ofVirtual().name("isochron-primary-" + shard).start(this::run);
        return this;
    }

    private void run() {
        boolean said = false;
        while (!closed) {
            try (Primary primary = opening.open()) {
                while (true) {
                    once(primary);
                    Thread.sleep(interval);
                    said = false;
                }
            } catch (SQLException e) {
                if (!said && !closed) {
                    // the safe time stands still meanwhile, which is seen and said elsewhere
                    monitor.notice("the primary of shard " + shard
                            + " does not answer; its wal still comes from a standby: " + e.getMessage());
                    said = true;
                }
            } catch (InterruptedException e) {
                return;
            }
            try {
                Thread.sleep(PAUSE_AFTER_FAILURE);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** One question for the clock and one for the position. */
    void once(Primary primary) throws SQLException {
        long sent = host.micros();
        long serverMicros = primary.clockMicros();
        long answered = host.micros();
        Lsn flushed = primary.flushed();
        monitor.serverEnd(flushed);
        synchronized (this) {
            awaited.addLast(new Asked(flushed, host.nanos()));
            if (caughtUp) {
                clock.probe(sent, answered, serverMicros);
                safePoints.offer(new SafePoint(flushed, serverMicros, sent));
            }
        }
    }

    /**
     * Whether the standby is to be left: what the primary had flushed does not arrive in time. Asked for by the receiver before it takes more.
     *
     * @param arrived end of what was received
     */
    synchronized boolean tooLate(Lsn arrived) {
        long now = host.nanos();
        if (!arrived.equals(received)) {
            received = arrived;
            progressNanos = now;
        }
        boolean inTime = false;
        while (!awaited.isEmpty() && !awaited.getFirst().position().isAfter(arrived)) {
            inTime = now - awaited.removeFirst().nanos() < LATE.toNanos();
        }
        Asked oldest = awaited.peekFirst();
        if (!caughtUp) {
            caughtUp = inTime;
            while (!caughtUp && awaited.size() > 1 && now - awaited.getFirst().nanos() > LATE.toNanos()) {
                awaited.removeFirst();
            }
            return !caughtUp && oldest != null && now - progressNanos > STUCK.toNanos();
        }
        return oldest != null && now - oldest.nanos() > LATE.toNanos();
    }

    @Override
    public void close() {
        closed = true;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }
}
