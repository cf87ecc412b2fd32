package io.isochron.capture;

import io.isochron.capture.CheckResult.Verdict;
import io.isochron.chronicle.ClockBounds;
import io.isochron.store.Repository;
import io.isochron.wire.PostgresException;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SlotState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** All checks of one shard, one after another. */
final class ShardCheck {
    private static final long CLOCK_WARN_MICROS = 1_000_000;

    private final ShardSource source;
    private final @Nullable Repository repository;
    private final CaptureOptions options;
    private final List<CheckResult> results = new ArrayList<>();

    ShardCheck(ShardSource source, @Nullable Repository repository, CaptureOptions options) {
        this.options = options;
        this.source = source;
        this.repository = repository;
    }

    static ServerIdentity identify(ShardSource source) throws IOException {
        try (ReplicationConnection connection = open(source)) {
            return ServerIdentity.of(connection);
        }
    }

    private static ReplicationConnection open(ShardSource source) throws IOException {
        return ReplicationConnection.open(source.settings().withApplicationName("isochron_check"));
    }

    List<CheckResult> run() throws InterruptedException {
        try (ReplicationConnection connection = open(source)) {
            add(
                    "connection",
                    Verdict.OK,
                    "connected as " + source.settings().user() + " with the right to replicate",
                    "");
            ServerIdentity server = ServerIdentity.of(connection);
            if (identity(server)) {
                settings(ServerSettings.read(connection));
                keepSize(connection);
                slot(connection);
                results.addAll(new AddressCheck(source).run());
                results.add(new SqlHelperCheck(source).run());
                if (options.synchronous() != null) {
                    results.addAll(new SyncCheck(source).run());
                }
                if (options.walSource() == WalSource.STANDBY) {
                    results.addAll(new StandbyWalCheck(source, server).run());
                }
                endToEnd(server);
            }
        } catch (CaptureException e) {
            add("server", Verdict.FAIL, e.problem(), e.hint());
        } catch (PostgresException e) {
            add("connection", Verdict.FAIL, e.serverMessage() + " (SQLSTATE " + e.sqlState() + ")", hint(e));
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            int at = message.indexOf("\nhint: ");
            add(
                    "connection",
                    Verdict.FAIL,
                    at < 0 ? message : message.substring(0, at),
                    at < 0 ? "is the server running and the address right?" : message.substring(at + 7));
        }
        return results;
    }

    private static String hint(PostgresException e) {
        return switch (e.sqlState()) {
            case "28P01" -> "the password is wrong: check the password file";
            case "28000" ->
                "pg_hba.conf needs a line for replication of this role from this host, and the role the attribute REPLICATION";
            case "42501" -> "alter role ... replication";
            case "53300" -> "raise max_wal_senders: capture needs two, a backup one more";
            default -> {
                String hint = e.hint();
                yield hint == null ? "see the server's log" : hint;
            }
        };
    }

    private boolean identity(ServerIdentity server) throws IOException {
        Repository known = repository;
        if (known == null) {
            server.requireSupported(source.name());
        } else {
            server.requireSame(source.name(), known);
        }
        add(
                "identity",
                Verdict.OK,
                "PostgreSQL " + server.major() + ", system " + server.systemIdentifier() + ", timeline "
                        + server.timeline() + (known == null ? "" : ", as the repository knows it"),
                "");
        if (server.standby()) {
            add(
                    "primary",
                    Verdict.FAIL,
                    "it is a standby",
                    "give the address of the primary, for instance with target_session_attrs=read-write");
            return false;
        }
        add("primary", Verdict.OK, "it is a primary", "");
        return true;
    }

    private void settings(ServerSettings settings) throws IOException {
        String level = settings.required("wal_level");
        if (level.equals("minimal")) {
            add("wal level", Verdict.FAIL, "wal_level is minimal", "set wal_level = replica and restart the server");
        } else {
            add("wal level", Verdict.OK, "wal_level is " + level, "");
        }
        String prepared = settings.required("max_prepared_transactions");
        if (prepared.equals("0")) {
            add(
                    "two-phase commit",
                    Verdict.WARN,
                    "max_prepared_transactions is 0, so no transaction can span shards atomically",
                    "set it if the application uses XA or another two-phase coordinator");
        } else {
            add("two-phase commit", Verdict.OK, "max_prepared_transactions is " + prepared, "");
        }
        on(settings, "full_page_writes", "without it a crash can leave torn pages that WAL does not repair");
        on(
                settings,
                "fsync",
                "without it a crash of the machine can leave the shard with another history than the archive");
    }

    private void on(ServerSettings settings, String name, String danger) throws IOException {
        boolean on = settings.required(name).equals("on");
        add(
                name.replace('_', ' '),
                on ? Verdict.OK : Verdict.WARN,
                name + " is " + (on ? "on" : "off"),
                on ? "" : danger);
    }

    private void keepSize(ReplicationConnection connection) throws IOException {
        String size = connection.show("max_slot_wal_keep_size");
        boolean unlimited = size.equals("-1");
        add(
                "slot retention",
                unlimited ? Verdict.OK : Verdict.WARN,
                "max_slot_wal_keep_size is " + size,
                unlimited
                        ? ""
                        : "if capture is away for longer than this much wal takes to be written, the server removes wal that is not archived, and a gap remains");
    }

    private void slot(ReplicationConnection connection) throws IOException {
        Optional<SlotState> slot = connection.readSlot(source.slot());
        if (slot.isEmpty()) {
            add("slot", Verdict.OK, "replication slot " + source.slot() + " does not exist yet, capture makes it", "");
        } else if (slot.get().restartLsn() == null) {
            add(
                    "slot",
                    Verdict.WARN,
                    "replication slot " + source.slot() + " keeps no wal",
                    "it was invalidated or made without reserving wal: drop it, capture makes it anew");
        } else {
            add(
                    "slot",
                    Verdict.OK,
                    "replication slot " + source.slot() + " keeps wal from "
                            + slot.get().restartLsn(),
                    "");
        }
    }

    private void endToEnd(ServerIdentity server) throws IOException, InterruptedException {
        WrittenRecord.Seen seen;
        try {
            seen = new WrittenRecord(source, server, repository).writeAndSee();
        } catch (CaptureException e) {
            add("record", Verdict.FAIL, e.problem(), e.hint());
            return;
        }
        add(
                "clock",
                Math.abs(seen.clock().offsetMicros()) > CLOCK_WARN_MICROS ? Verdict.WARN : Verdict.OK,
                clock(seen.clock()),
                Math.abs(seen.clock().offsetMicros()) > CLOCK_WARN_MICROS
                        ? "synchronise the clocks; moments are corrected by the measured offset, but people will be misled"
                        : "");
        if (seen.archivedMillis() >= 0) {
            add(
                    "record",
                    Verdict.OK,
                    "a record written at " + seen.at() + " was archived after " + seen.archivedMillis() + " ms",
                    "");
        } else {
            add(
                    "record",
                    Verdict.WARN,
                    "a record written at " + seen.at() + " was seen in the stream after " + seen.streamedMillis()
                            + " ms; it is not archived",
                    repository == null
                            ? "make the repository, then start `isochron capture`"
                            : "is `isochron capture` running?");
        }
    }

    private static String clock(ClockBounds bounds) {
        return String.format(
                Locale.ROOT,
                "its clock is %+.1f ms from this host's, known to %.1f ms",
                bounds.offsetMicros() / 1000.0,
                bounds.uncertaintyMicros() / 1000.0);
    }

    private void add(String name, Verdict verdict, String detail, String hint) {
        results.add(new CheckResult(source.name(), name, verdict, detail, hint));
    }
}
