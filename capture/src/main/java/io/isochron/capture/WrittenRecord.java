package io.isochron.capture;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.ClockTracker;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.WalMessage;
import io.isochron.wire.WalStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes one harmless record into a shard's WAL, a logical decoding message that nobody decodes, and follows it: out of the server by a stream of its own, without a slot, and into the archive if a
 * capture is running.
 */
final class WrittenRecord {
    /** {@code RM_LOGICALMSG_ID}, src/include/access/rmgrlist.h. */
    private static final int LOGICAL_MESSAGE = 21;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(10);
    private static final Duration WAIT = Duration.ofMillis(100);

    /**
     * What was seen.
     *
     * @param at the position after the record's transaction was flushed
     * @param streamedMillis from writing to receiving and parsing it
     * @param archivedMillis from writing to seeing it in the chronicle; -1 if it did not appear there in 10 s
     * @param clock the shard's clock
     */
    record Seen(Lsn at, long streamedMillis, long archivedMillis, ClockBounds clock) {}

    private final ShardSource source;
    private final ServerIdentity server;
    private final @Nullable Repository repository;
    private final String mark = "isochron check " + UUID.randomUUID();
    private boolean found;

    WrittenRecord(ShardSource source, ServerIdentity server, @Nullable Repository repository) {
        this.source = source;
        this.server = server;
        this.repository = repository;
    }

    Seen writeAndSee() throws IOException, InterruptedException {
        Lsn at = write();
        long start = System.nanoTime();
        ClockBounds clock = stream(at);
        long streamed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        Repository archive = repository;
        if (archive == null) {
            return new Seen(at, streamed, -1, clock);
        }
        try {
            new ArchivePosition(archive, source.name()).awaitEnd(at, ARCHIVE_PATIENCE);
        } catch (CaptureException e) {
            return new Seen(at, streamed, -1, clock);
        }
        return new Seen(at, streamed, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), clock);
    }

    /** The message belongs to a transaction, whose commit flushes it: one that does not is not on disk when the call returns. */
    private Lsn write() throws CaptureException {
        try (Connection connection = Sql.open(source, source.settings().database())) {
            connection.setReadOnly(false);
            try (PreparedStatement statement = connection.prepareStatement(
                    "select pg_catalog.pg_logical_emit_message(true, 'isochron', ?)::text")) {
                statement.setString(1, mark);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return Lsn.parse(row.getString(1));
                }
            }
        } catch (SQLException e) {
            throw new CaptureException(
                    "no record could be written into shard " + source.name() + ": " + e.getMessage(),
                    "the role needs the right to connect to the database "
                            + source.settings().database(),
                    e);
        }
    }

    /** Streams from the start of the record's segment until the record has been parsed and the clock read. */
    private ClockBounds stream(Lsn at) throws IOException {
        Lsn start = WalFileName.holding(server.timeline(), at, server.walSegmentSizeBytes())
                .start();
        if (start.equals(at)) {
            // the message is the last record of the segment before
            start = start.plus(-(long) server.walSegmentSizeBytes());
        }
        WalReader reader = new WalReader(
                WalFormat.of(server.major()), server.walSegmentSizeBytes(), start, WalReader.StartMode.UNKNOWN);
        ClockTracker clock = new ClockTracker();
        long until = System.nanoTime() + PATIENCE.toNanos();
        try (ReplicationConnection connection =
                        ReplicationConnection.open(source.settings().withApplicationName("isochron_check"));
                WalStream stream = connection.startPhysical(null, start, server.timeline())) {
            long sent = Micros.now();
            stream.sendStatus(start, Lsn.INVALID, Lsn.INVALID, true);
            while (!found || clock.bounds().isEmpty()) {
                if (System.nanoTime() - until > 0) {
                    throw new CaptureException(
                            "a record written into shard " + source.name() + " at " + at
                                    + " did not come by replication in " + PATIENCE.toSeconds() + " s",
                            "look into the server's log");
                }
                switch (stream.receive(WAIT)) {
                    case null -> {}
                    case WalMessage.WalData data -> reader.feed(data.start(), data.payload(), this::look);
                    case WalMessage.Keepalive keepalive -> {
                        if (!keepalive.replyRequested()) {
                            clock.probe(sent, Micros.now(), keepalive.serverClockMicros());
                        }
                    }
                    case WalMessage.TimelineEnd end ->
                        throw new IOException(
                                "shard " + source.name() + " was promoted during the check, at " + end.switchPoint());
                }
            }
            return clock.bounds().orElseThrow();
        } catch (WalDamagedException e) {
            throw new CaptureException(
                    "the wal of shard " + source.name() + " is not sound: " + e.fault() + " at " + e.at(),
                    "compare with pg_waldump at this place; check the server's disk and memory",
                    e);
        }
    }

    private void look(WalRecord record) {
        if (record.rmgr() == LOGICAL_MESSAGE && text(record.mainData()).contains(mark)) {
            found = true;
        }
    }

    private static String text(ByteBuffer data) {
        return StandardCharsets.ISO_8859_1.decode(data.duplicate()).toString();
    }
}
