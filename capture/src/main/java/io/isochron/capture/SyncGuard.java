package io.isochron.capture;

import io.isochron.wire.ConnectionSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches one synchronous shard over SQL: whether every commit still waits for our receiver, which is what a fence rests on, and whether commits wait in vain, which ends after the patience by a switch
 * to asynchronous commits. When the receiver has caught up again the switch is taken back, if nobody has changed the setting meanwhile.
 */
final class SyncGuard {
    static final Duration LOOK = Duration.ofSeconds(1);

    /** A change of configuration reaches all sessions within this time; measured at 214 ms. */
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What can be said of a moment. */
    enum Verdict {
        PROVEN,
        REFUTED,
        NOT_YET
    }

    private final ShardSource source;
    private final SynchronousShard shard;
    private final ShardMonitor monitor;
    private final long patienceNanos;
    private final Path spool;

    private @Nullable Connection connection;
    private long blockedSinceNanos;
    private int caughtUp;
    private volatile @Nullable Look last;

    /**
     * The newest look.
     *
     * @param startNanos when it began
     * @param armedFromNanos when the first look of an unbroken row of good ones under one configuration began; {@link Long#MAX_VALUE} if this one was not good
     */
    private record Look(long startNanos, long armedFromNanos, String configurationLoaded) {}

    /** @param spool the shard's own folder, where a switch is remembered */
    SyncGuard(ShardSource source, SynchronousShard shard, ShardMonitor monitor, Duration patience, Path spool) {
        this.source = source;
        this.shard = shard;
        this.monitor = monitor;
        this.patienceNanos = patience.toNanos();
        this.spool = spool;
    }

    /** Watches until the thread is interrupted. */
    void run() {
        try {
            while (true) {
                long start = System.nanoTime();
                try {
                    look(start);
                } catch (SQLException e) {
                    last = new Look(start, Long.MAX_VALUE, "");
                    blockedSinceNanos = 0;
                    disconnect();
                }
                TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
            }
        } catch (InterruptedException e) {
            disconnect();
        }
    }

    /** Whether at a moment every commit of the shard waited for our receiver. */
    Verdict at(long nanos) {
        Look look = last;
        if (look == null || look.startNanos() - nanos < 0) {
            return Verdict.NOT_YET;
        }
        return look.armedFromNanos() != Long.MAX_VALUE && nanos - look.armedFromNanos() >= SETTLE_NANOS
                ? Verdict.PROVEN
                : Verdict.REFUTED;
    }

    /** Whether it is worth taking a fence now. */
    boolean armed() {
        Look look = last;
        return look != null
                && look.armedFromNanos() != Long.MAX_VALUE
                && System.nanoTime() - look.armedFromNanos() >= SETTLE_NANOS;
    }

    private void look(long start) throws SQLException {
        SyncState state = SyncState.of(connection());
        Look before = last;
        long armedFrom = Long.MAX_VALUE;
        if (state.armed()) {
            armedFrom = before != null
                            && before.armedFromNanos() != Long.MAX_VALUE
                            && before.configurationLoaded().equals(state.configurationLoaded())
                    ? before.armedFromNanos()
                    : start;
        }
        last = new Look(start, armedFrom, state.configurationLoaded());
        for (String hole : state.holes()) {
            if (!SyncSwitch.isSwitched(spool)) {
                monitor.notice("commits of shard " + source.name() + " can get around capture: " + hole);
            }
        }
        patience(state, start);
    }

    private void patience(SyncState state, long now) throws SQLException {
        boolean behind = shard.behindNanos() > SETTLE_NANOS;
        if (behind && state.waitsForUs()) {
            caughtUp = 0;
            if (blockedSinceNanos == 0) {
                blockedSinceNanos = now - SETTLE_NANOS;
            }
            // one look ahead of time: the database must not wait for longer than the patience
            if (now - blockedSinceNanos + LOOK.toNanos() >= patienceNanos) {
                degrade(state);
            }
            return;
        }
        blockedSinceNanos = 0;
        if (behind) {
            caughtUp = 0;
        } else if (SyncSwitch.isSwitched(spool) && ++caughtUp >= 2) {
            rearm(state);
        }
    }

    private void degrade(SyncState state) throws SQLException {
        String done = "shard " + source.name()
                + " was switched to asynchronous commits because its commits had waited for capture for "
                + TimeUnit.NANOSECONDS.toSeconds(patienceNanos) + " s; ";
        try {
            if (SyncSwitch.free(connection(), state, spool)) {
                monitor.alarm(done + "it is switched back when capture has caught up");
            }
        } catch (SyncSwitch.NotRememberedException e) {
            monitor.alarm(done + e.getMessage());
        } catch (SQLException e) {
            monitor.alarm("commits of shard " + source.name()
                    + " wait for capture, and it cannot be switched to asynchronous commits: " + e.getMessage()
                    + "\nhint: " + SyncSwitch.BY_HAND);
            throw e;
        }
    }

    private void rearm(SyncState state) throws SQLException {
        if (SyncSwitch.rearm(connection(), state, spool)) {
            monitor.notice(
                    "shard " + source.name() + " was switched back to synchronous commits: capture has caught up");
        }
    }

    private Connection connection() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = open(source);
            connection = open;
        }
        return open;
    }

    /** A session that keeps the server's own {@code synchronous_commit}, which is what it asks for; it writes nothing that waits. */
    static Connection open(ShardSource source) throws SQLException {
        ConnectionSettings settings = source.settings().toPrimary().withConnectTimeoutIfUnset(5);
        Properties properties = settings.toJdbcProperties();
        properties.setProperty("ApplicationName", "isochron_guard");
        properties.setProperty("socketTimeout", "10");
        properties.setProperty("loginTimeout", "10");
        return DriverManager.getConnection(settings.toJdbcUrl(), properties);
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                // it is gone
            }
        }
    }
}
