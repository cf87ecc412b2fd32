package io.isochron.capture;

import io.isochron.wire.ConnectionSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whether a shard's WAL is taken from a standby at the moment, over all sessions of its capture: one that fell behind or refused is left alone for a while.
 */
final class StandbyChoice {
    private static final Duration LEFT_ALONE = Duration.ofMinutes(5);

    private final String shard;
    private final boolean wanted;
    private final ShardMonitor monitor;
    private final HostClock host;
    private final long leftAloneNanos;
    private boolean avoiding;
    private long avoidedNanos;

    StandbyChoice(String shard, WalSource source, ShardMonitor monitor) {
        this(shard, source, monitor, HostClock.SYSTEM, LEFT_ALONE);
    }

    StandbyChoice(String shard, WalSource source, ShardMonitor monitor, HostClock host, Duration leftAlone) {
        this.shard = shard;
        this.wanted = source == WalSource.STANDBY;
        this.monitor = monitor;
        this.host = host;
        this.leftAloneNanos = leftAlone.toNanos();
    }

    /** Whether the WAL is to come from a standby at all. */
    boolean wanted() {
        return wanted;
    }

    /** The standby to take WAL from, of those that answered; empty for the primary. */
    Optional<ShardSource> choose(List<ShardSource> standbys) {
        if (!wanted || (avoiding && !retryDue())) {
            return Optional.empty();
        }
        avoiding = false;
        if (standbys.isEmpty()) {
            avoid("no standby on the primary's PostgreSQL timeline answers");
            return Optional.empty();
        }
        return Optional.of(standbys.getFirst());
    }

    /** Takes WAL from the primary for a while. */
    void avoid(String why) {
        avoiding = true;
        avoidedNanos = host.nanos();
        monitor.notice("wal of shard " + shard + " is taken from the primary for the next "
                + Duration.ofNanos(leftAloneNanos).toSeconds() + " s: " + why);
    }

    /** Why a standby could not be used, in a few words. */
    void avoid(ConnectionSettings standby, String why) {
        avoid("standby " + standby.where() + ": " + why.lines().findFirst().orElse(""));
    }

    /** Whether a session that takes WAL from the primary is to end, so that a standby is tried again. */
    boolean retryDue() {
        return wanted && avoiding && host.nanos() - avoidedNanos >= leftAloneNanos;
    }
}
