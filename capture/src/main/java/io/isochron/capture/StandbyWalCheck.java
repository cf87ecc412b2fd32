package io.isochron.capture;

import io.isochron.capture.CheckResult.Verdict;
import io.isochron.wal.Lsn;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether a shard's WAL can come from a standby: one on the primary's PostgreSQL timeline lets the role in and receives what the primary has flushed soon enough, and the primary
 * tells its clock and position over SQL. Without a standby capture goes on from the primary, without the primary's answers it does not get a safe time: the first is a warning, the other a failure.
 */
final class StandbyWalCheck {
    private static final String NAME = "wal from standby";
    private static final int CONNECT_SECONDS = 5;

    private final ShardSource source;
    private final ServerIdentity primary;

    /** @param primary the server that was found to be the shard's primary */
    StandbyWalCheck(ShardSource source, ServerIdentity primary) {
        this.source = source;
        this.primary = primary;
    }

    List<CheckResult> run() throws InterruptedException {
        List<String> passedOver = new ArrayList<>();
        ConnectionSettings asked = null;
        ConnectionSettings standby = null;
        for (ConnectionSettings place : source.settings().places()) {
            try (ReplicationConnection connection = open(place)) {
                ServerIdentity server = ServerIdentity.of(connection);
                boolean sameLine = server.timeline() == primary.timeline();
                if (server.standby() && sameLine && standby == null) {
                    standby = place;
                } else if (!server.standby() && sameLine) {
                    asked = place;
                }
                passedOver.add(place.where() + " is a " + (server.standby() ? "standby" : "primary") + " on timeline "
                        + server.timeline());
            } catch (IOException e) {
                passedOver.add(place.where() + " does not answer");
            }
        }
        if (standby != null && asked != null) {
            return List.of(received(standby, asked));
        }
        return List.of(new CheckResult(
                source.name(),
                NAME,
                Verdict.WARN,
                "no standby on the primary's PostgreSQL timeline can be used beside it, timeline " + primary.timeline()
                        + ": " + String.join(", ", passedOver) + "; wal is taken from the primary",
                "add the standby's address to the shard's connection string, next to the primary's"));
    }

    private static ReplicationConnection open(ConnectionSettings place) throws IOException {
        return ReplicationConnection.open(
                place.withConnectTimeoutIfUnset(CONNECT_SECONDS).withApplicationName("isochron_check"));
    }

    private CheckResult received(ConnectionSettings place, ConnectionSettings asked) throws InterruptedException {
        Lsn flushed;
        ShardSource there = new ShardSource(source.name(), asked, source.slot());
        try (PrimaryProbe.Primary answers =
                PrimaryProbe.overSql(there, primary.timeline()).open()) {
            answers.clockMicros();
            flushed = answers.flushed();
        } catch (SQLException e) {
            return new CheckResult(
                    source.name(),
                    NAME,
                    Verdict.FAIL,
                    "the primary does not tell its clock and flush position over SQL: " + firstLine(e.getMessage()),
                    "pg_hba.conf needs a line for this role and database besides the one for replication");
        }
        long begun = System.nanoTime();
        try (ReplicationConnection standby = open(place)) {
            while (true) {
                boolean received = !standby.identifySystem().flushed().isBefore(flushed);
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
                if (received) {
                    return new CheckResult(
                            source.name(),
                            NAME,
                            Verdict.OK,
                            "standby " + place.where() + " had the wal up to " + flushed + " " + millis
                                    + " ms after the primary was asked",
                            "");
                }
                if (millis > PrimaryProbe.LATE.toMillis()) {
                    return late(place, flushed);
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (IOException e) {
            return new CheckResult(
                    source.name(),
                    NAME,
                    Verdict.WARN,
                    "standby " + place.where() + " answered, and then no more: " + firstLine(e.getMessage())
                            + "; wal is taken from the primary meanwhile",
                    "see the standby's log, and whether max_wal_senders is enough there");
        }
    }

    private CheckResult late(ConnectionSettings place, Lsn flushed) {
        return new CheckResult(
                source.name(),
                NAME,
                Verdict.WARN,
                "standby " + place.where() + " does not have the wal up to " + flushed + " "
                        + PrimaryProbe.LATE.toMillis()
                        + " ms after the primary was asked; wal is taken from the primary while it is so late",
                "look at pg_stat_wal_receiver there, and at pg_stat_replication on the primary");
    }

    private static String firstLine(@Nullable String message) {
        return String.valueOf(message).lines().findFirst().orElse("");
    }
}
