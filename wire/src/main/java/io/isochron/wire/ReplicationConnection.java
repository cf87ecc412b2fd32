package io.isochron.wire;

import io.isochron.wal.Lsn;
import io.isochron.wal.TimelineHistory;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A physical replication connection to a PostgreSQL server of version 14 or later: questions about the server, slots, one WAL
 * stream or one base backup at a time (documentation, chapter 53.4). For one thread, except {@link #close}, which ends whatever
 * another thread is waiting for.
 *
 * <p>All methods throw {@link PostgresException} if the server refuses, and another {@link IOException} if it cannot be reached.
 */
public final class ReplicationConnection implements AutoCloseable {
    private final ConnectionSettings settings;
    private final Backend backend;
    private final int serverVersionNum;
    private BooleanSupplier idle = () -> true;

    private ReplicationConnection(ConnectionSettings settings, Backend backend) throws IOException {
        this.settings = settings;
        this.backend = backend;
        this.serverVersionNum = Integer.parseInt(show("server_version_num"));
    }

    /**
     * Connects and logs in.
     *
     * @throws PostgresException if the server refuses, for instance with SQLSTATE 28P01 for a wrong password
     * @throws java.net.ConnectException if no server can be reached; names host, port and the reason
     * @throws java.net.SocketTimeoutException if {@code connect_timeout} passes
     */
    public static ReplicationConnection open(ConnectionSettings settings) throws IOException {
        Backend backend = new Connector(settings).connect();
        try {
            return new ReplicationConnection(settings, backend);
        } catch (IOException | RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    /** IDENTIFY_SYSTEM. */
    public SystemIdentity identifySystem() throws IOException {
        List<@Nullable String> row = only(query("IDENTIFY_SYSTEM"), 4, "IDENTIFY_SYSTEM");
        return new SystemIdentity(
                required(row, 0), Integer.parseUnsignedInt(required(row, 1)), Lsn.parse(required(row, 2)), row.get(3));
    }

    /** SHOW: the value of a parameter of the server, in its display form ({@code 16MB}). */
    public String show(String parameter) throws IOException {
        return required(only(query("SHOW " + quoted(parameter)), 1, "SHOW"), 0);
    }

    /** The server's version: 170011 for 17.11. */
    public int serverVersionNum() {
        return serverVersionNum;
    }

    /**
     * The ancestors of a timeline.
     *
     * @param timeline 2 or more: the first timeline of a cluster has no history file
     */
    public TimelineHistory timelineHistory(int timeline) throws IOException {
        String content = new String(timelineHistoryFile(timeline), StandardCharsets.UTF_8);
        try {
            return TimelineHistory.parse(timeline, content);
        } catch (IllegalArgumentException e) {
            throw new IOException(backend.where() + ": the history of timeline " + timeline + " cannot be read", e);
        }
    }

    /** The bytes of the history file of a timeline (2 or more), as they are to be archived. */
    public byte[] timelineHistoryFile(int timeline) throws IOException {
        String command = "TIMELINE_HISTORY " + Integer.toUnsignedString(timeline);
        return required(only(query(command), 2, command), 1).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Creates a physical replication slot.
     *
     * @param reserveWal true to keep WAL from the last checkpoint on; false to keep it only from the first status
     * @throws PostgresException with SQLSTATE 42710 if it exists
     */
    public SlotState createPhysicalSlot(String name, boolean reserveWal) throws IOException {
        query("CREATE_REPLICATION_SLOT " + quoted(name) + " PHYSICAL" + (reserveWal ? " RESERVE_WAL" : ""));
        return readSlot(name)
                .orElseThrow(() -> new IOException(
                        backend.where() + ": replication slot \"" + name + "\" vanished after it was created"));
    }

    /**
     * A physical slot, or empty if there is none of this name: by READ_REPLICATION_SLOT, which PostgreSQL 14 does not have; there by
     * SQL on an ordinary connection to the settings' database.
     */
    public Optional<SlotState> readSlot(String name) throws IOException {
        if (serverVersionNum < 150_000) {
            return readSlotBySql(name);
        }
        List<@Nullable String> row = only(query("READ_REPLICATION_SLOT " + quoted(name)), 3, "READ_REPLICATION_SLOT");
        if (row.get(0) == null) {
            return Optional.empty();
        }
        String restart = row.get(1);
        String timeline = row.get(2);
        return Optional.of(new SlotState(
                name,
                restart == null ? null : Lsn.parse(restart),
                timeline == null ? 0 : Integer.parseUnsignedInt(timeline)));
    }

    private Optional<SlotState> readSlotBySql(String name) throws IOException {
        List<List<@Nullable String>> rows;
        try (Backend sql = new Connector(settings.only(backend.endpoint())).connectForSql()) {
            rows = sql.query("select restart_lsn from pg_catalog.pg_replication_slots where slot_type = 'physical'"
                    + " and slot_name = '" + name.replace("'", "''") + "'");
            sql.channel().send(MessageBuilder.of('X'));
        }
        if (rows.isEmpty()) {
            return Optional.empty();
        }
        String restart = rows.getFirst().getFirst();
        if (restart == null) {
            return Optional.of(new SlotState(name, null, 0));
        }
        // the timeline that the server itself would tell: the one of its history that the position lies on
        Lsn position = Lsn.parse(restart);
        int current = identifySystem().timeline();
        int timeline = current == 1 ? 1 : timelineHistory(current).timelineAt(position);
        return Optional.of(new SlotState(name, position, timeline));
    }

    /**
     * Drops a slot and with it the WAL it keeps.
     *
     * @throws PostgresException with SQLSTATE 42704 if it does not exist, 55006 if a receiver uses it
     */
    public void dropSlot(String name) throws IOException {
        query("DROP_REPLICATION_SLOT " + quoted(name));
    }

    /**
     * Begins to stream WAL.
     *
     * @param slot the physical slot that keeps WAL for this receiver; null for none
     * @param start the first byte wanted, anywhere in the WAL the server still has
     * @param timeline the timeline to stream; of an old one the stream ends with {@link WalMessage.TimelineEnd}
     * @throws PostgresException with SQLSTATE 55006 if another receiver uses the slot, 42704 if there is no such slot
     */
    public WalStream startPhysical(@Nullable String slot, Lsn start, int timeline) throws IOException {
        checkIdle();
        WalStream stream = new WalStream(
                backend,
                "START_REPLICATION" + (slot == null ? "" : " SLOT " + quoted(slot)) + " PHYSICAL " + start
                        + " TIMELINE " + Integer.toUnsignedString(timeline));
        idle = stream::isOver;
        return stream;
    }

    /** Begins a base backup; returns when the server has done its checkpoint. */
    public BaseBackup baseBackup(BaseBackupRequest request) throws IOException {
        checkIdle();
        BaseBackup backup = new BaseBackup(backend, serverVersionNum, request);
        idle = backup::isOver;
        return backup;
    }

    private List<List<@Nullable String>> query(String command) throws IOException {
        checkIdle();
        return backend.query(command);
    }

    private void checkIdle() {
        if (!idle.getAsBoolean()) {
            throw new IllegalStateException(
                    backend.where() + ": the connection is busy with a WAL stream or a base backup that is not over");
        }
    }

    private List<@Nullable String> only(List<List<@Nullable String>> rows, int columns, String command)
            throws ProtocolException {
        if (rows.size() != 1 || rows.getFirst().size() < columns) {
            throw new ProtocolException(
                    backend.where() + ": unexpected answer to " + command
                            + "\nhint: Is there a connection pool between here and the server? Replication needs the server itself.");
        }
        return rows.getFirst();
    }

    private String required(List<@Nullable String> row, int column) throws ProtocolException {
        String value = row.get(column);
        if (value == null) {
            throw new ProtocolException(backend.where() + ": a value is missing in the server's answer");
        }
        return value;
    }

    /** An identifier of the replication grammar. */
    static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** Whether the login was bound to the TLS channel; for tests and diagnosis. */
    boolean channelBound() {
        return backend.channelBound();
    }

    /** Closes the connection; ends a stream or backup that runs on it. */
    @Override
    public void close() {
        if (idle.getAsBoolean()) {
            try {
                backend.channel().send(MessageBuilder.of('X'));
            } catch (IOException e) {
                backend.close(); // gone already
            }
        }
        backend.close();
    }
}
