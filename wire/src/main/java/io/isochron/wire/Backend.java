package io.isochron.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProtocolException;
import java.nio.BufferUnderflowException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The client's view of one server process: messages without the asides (notices, parameters), errors as exceptions, queries. */
final class Backend implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Backend.class);

    private final MessageChannel channel;
    private final Endpoint endpoint;
    private final String where;
    private final Map<String, String> parameters = new HashMap<>();
    private boolean channelBound;

    /** @param where names server and user, for every error */
    Backend(MessageChannel channel, Endpoint endpoint, String where) {
        this.channel = channel;
        this.endpoint = endpoint;
        this.where = where;
    }

    String where() {
        return where;
    }

    /** The one of the settings' endpoints that answered. */
    Endpoint endpoint() {
        return endpoint;
    }

    /** Whether SCRAM was bound to the TLS channel. */
    boolean channelBound() {
        return channelBound;
    }

    void channelBound(boolean bound) {
        channelBound = bound;
    }

    MessageChannel channel() {
        return channel;
    }

    /** A parameter the server reported by itself, such as {@code server_version}. */
    @Nullable
    String parameter(String name) {
        return parameters.get(name);
    }

    /**
     * Waits for the next message that matters.
     *
     * @return false if the deadline passed first
     * @throws PostgresException if it is an error
     */
    boolean next(Deadline deadline) throws IOException {
        while (true) {
            try {
                if (!channel.next(deadline)) {
                    return false;
                }
            } catch (InterruptedIOException e) {
                throw e;
            } catch (EOFException e) {
                throw new IOException(where + ": the server closed the connection", e);
            } catch (IOException e) {
                throw new IOException(where + ": the connection broke: " + reason(e), e);
            }
            switch (channel.type()) {
                case 'E' -> throw error();
                case 'N' -> log.debug("{}: {}", where, error().serverMessage());
                case 'S' -> parameters.put(channel.text(), channel.text());
                case 'A' -> log.debug("{}: a notification was ignored", where);
                default -> {
                    return true;
                }
            }
        }
    }

    static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    /** Like {@link #next}, for a message that must come and must be of this type. */
    void expect(char type) throws IOException {
        next(Deadline.NEVER);
        if (channel.type() != type) {
            throw unexpected("expected '" + type + "'");
        }
    }

    ProtocolException unexpected(String context) {
        return new ProtocolException(where + ": unexpected message '" + MessageChannel.printable(channel.type()) + "', "
                + context + "\nhint: Is this address really a PostgreSQL server?");
    }

    /** ErrorResponse and NoticeResponse: fields of a code byte and a text (documentation, chapter 53.8). */
    private PostgresException error() throws IOException {
        Map<Character, String> fields = new HashMap<>();
        while (channel.body().hasRemaining()) {
            byte code = channel.body().get();
            if (code == 0) {
                break;
            }
            fields.put((char) code, channel.text());
        }
        String severity = fields.getOrDefault('V', fields.getOrDefault('S', "ERROR"));
        String sqlState = fields.getOrDefault('C', "XX000");
        return new PostgresException(
                where,
                sqlState,
                severity,
                fields.getOrDefault('M', "unknown error"),
                fields.get('D'),
                fields.getOrDefault('H', usualCause(sqlState)));
    }

    private static @Nullable String usualCause(String sqlState) {
        return switch (sqlState) {
            case PostgresException.INVALID_PASSWORD ->
                "Check the password in the connection settings, PGPASSWORD or the password file.";
            case "28000" -> "Check the user, its REPLICATION right, and that pg_hba.conf has a line for it.";
            case "42501" -> "The user needs the REPLICATION right: ALTER ROLE ... REPLICATION.";
            case "53300" -> "All connections of this kind are in use: raise max_wal_senders or max_connections.";
            case "53400" -> "All replication slots are in use: raise max_replication_slots or drop one.";
            case PostgresException.OBJECT_IN_USE ->
                "Another receiver streams from this slot; a slot serves one at a time.";
            default -> null;
        };
    }

    /** Asks by simple query and gives all rows of all results, in text form. */
    List<List<@Nullable String>> query(String command) throws IOException {
        channel.send(MessageBuilder.of('Q').text(command));
        List<List<@Nullable String>> rows = new ArrayList<>();
        try {
            while (true) {
                next(Deadline.NEVER);
                switch (channel.type()) {
                    case 'T', 'C', 'I' -> {}
                    case 'D' -> rows.add(row());
                    case 'Z' -> {
                        return rows;
                    }
                    default -> throw unexpected("in the answer to " + command);
                }
            }
        } catch (PostgresException e) {
            drain(e);
            throw e;
        }
    }

    /** After an error: reads on until the server is ready for the next command, if it will be. */
    void drain(PostgresException error) throws IOException {
        if (!error.severity().equals("ERROR")) {
            close();
            return;
        }
        do {
            next(Deadline.NEVER);
        } while (channel.type() != 'Z');
    }

    /** Takes a DataRow apart. */
    List<@Nullable String> row() throws IOException {
        try {
            int count = channel.body().getShort();
            List<@Nullable String> row = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int length = channel.body().getInt();
                row.add(length < 0 ? null : channel.text(length));
            }
            return row;
        } catch (BufferUnderflowException e) {
            throw unexpected("which is too short");
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}
