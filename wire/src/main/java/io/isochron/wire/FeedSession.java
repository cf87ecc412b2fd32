package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One connection of a receiver to the feed server: login, questions, then the stream. */
final class FeedSession implements AutoCloseable {
    private static final int SSL_REQUEST = 80_877_103;
    private static final int GSSENC_REQUEST = 80_877_104;
    private static final int PROTOCOL_3 = 3;
    private static final int STARTUP_BYTES_MAX = 10_000;
    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(30);
    private static final int TEXT_OID = 25;
    private static final int INT4_OID = 23;
    private static final int INT8_OID = 20;

    private final MessageChannel channel;
    private final WalFeedSource source;
    private final byte[] password;
    private String receiver = "walreceiver";
    private volatile @Nullable FeedStream stream;
    private volatile boolean hasStreamed;
    private volatile FeedProgress lastProgress = FeedProgress.NONE;

    FeedSession(MessageChannel channel, WalFeedSource source, byte[] password) {
        this.channel = channel;
        this.source = source;
        this.password = password;
    }

    boolean isStreaming() {
        return stream != null;
    }

    boolean hasStreamed() {
        return hasStreamed;
    }

    FeedProgress progress() {
        FeedStream running = stream;
        return running == null ? lastProgress : running.progress();
    }

    /** Serves the receiver until it goes away. */
    void run() throws IOException {
        if (!logIn()) {
            return;
        }
        ready();
        while (true) {
            channel.next(Deadline.NEVER);
            switch (channel.type()) {
                case 'Q' -> {
                    answer(channel.text());
                    ready();
                }
                case 'X' -> {
                    return;
                }
                // Left over of a stream that ended while the receiver was still sending.
                case 'd', 'c' -> {}
                default -> throw fatal("08P01", "unexpected message type " + MessageChannel.printable(channel.type()));
            }
        }
    }

    private boolean logIn() throws IOException {
        Deadline deadline = Deadline.after(LOGIN_TIMEOUT);
        int code;
        while (true) {
            if (!channel.nextStartupPacket(STARTUP_BYTES_MAX, deadline)) {
                throw new EOFException("no startup packet in time");
            }
            code = channel.body().getInt();
            if (code != SSL_REQUEST && code != GSSENC_REQUEST) {
                break;
            }
            channel.send(ByteBuffer.wrap(new byte[] {'N'}));
        }
        if (code >>> 16 != PROTOCOL_3) {
            return false; // a cancel request, or a protocol nobody speaks any more
        }
        Map<String, String> parameters = startupParameters();
        receiver = parameters.getOrDefault("application_name", receiver);
        if ((code & 0xFFFF) != 0) {
            channel.send(MessageBuilder.of('v').int32(PROTOCOL_3 << 16).int32(0));
        }
        switch (parameters.getOrDefault("replication", "").toLowerCase(java.util.Locale.ROOT)) {
            case "true", "on", "yes", "1" -> {}
            case "database" -> throw fatal("0A000", "logical replication is not available from a WAL feed");
            default -> throw fatal("0A000", "this is a WAL feed: only physical replication connections are accepted");
        }
        channel.send(MessageBuilder.of('R').int32(3));
        if (!channel.next(deadline) || channel.type() != 'p') {
            throw new EOFException("no password in time");
        }
        byte[] given = new byte[Math.max(0, channel.body().remaining() - 1)];
        channel.body().get(given);
        if (!MessageDigest.isEqual(given, password)) {
            throw fatal(
                    "28P01", "password authentication failed for user \"" + parameters.getOrDefault("user", "") + "\"");
        }
        welcome();
        return true;
    }

    private Map<String, String> startupParameters() throws IOException {
        Map<String, String> parameters = new HashMap<>();
        while (true) {
            String name = channel.text();
            if (name.isEmpty()) {
                return parameters;
            }
            parameters.put(name, channel.text());
        }
    }

    private void welcome() throws IOException {
        channel.send(MessageBuilder.of('R').int32(0));
        Map<String, String> parameters = Map.of(
                "server_version", versionText(),
                "server_encoding", "UTF8",
                "client_encoding", "UTF8",
                "integer_datetimes", "on",
                "standard_conforming_strings", "on",
                "DateStyle", "ISO, MDY",
                "TimeZone", "UTC",
                "in_hot_standby", "off",
                "default_transaction_read_only", "off",
                "is_superuser", "off");
        for (var parameter : parameters.entrySet()) {
            channel.send(MessageBuilder.of('S').text(parameter.getKey()).text(parameter.getValue()));
        }
        channel.send(MessageBuilder.of('K').int32(0).int32(0));
    }

    private String versionText() {
        return source.serverVersionNum() / 10_000 + "." + source.serverVersionNum() % 10_000;
    }

    private void ready() throws IOException {
        channel.send(MessageBuilder.of('Z').int8('I'));
    }

    private void answer(String text) throws IOException {
        switch (ReplicationCommand.parse(text)) {
            case ReplicationCommand.IdentifySystem ask -> {
                columns("systemid", TEXT_OID, "timeline", INT8_OID, "xlogpos", TEXT_OID, "dbname", TEXT_OID);
                row(
                        source.systemIdentifier(),
                        Integer.toUnsignedString(source.timeline()),
                        source.limit().toString(),
                        null);
                complete("IDENTIFY_SYSTEM");
            }
            case ReplicationCommand.Show show -> show(show.parameter());
            case ReplicationCommand.TimelineHistoryFile ask -> timelineHistory(ask.timeline());
            case ReplicationCommand.ReadSlot ask -> {
                columns("slot_type", TEXT_OID, "restart_lsn", TEXT_OID, "restart_tli", INT8_OID);
                row(null, null, null);
                complete("READ_REPLICATION_SLOT");
            }
            case ReplicationCommand.StartPhysical start -> stream(start);
            case ReplicationCommand.Unsupported command ->
                error("0A000", "a WAL feed does not know the command " + command.firstWord());
        }
    }

    private void show(String parameter) throws IOException {
        String value = switch (parameter.toLowerCase(java.util.Locale.ROOT)) {
            case "wal_segment_size" -> (source.walSegmentSizeBytes() >> 20) + "MB";
            case "data_directory_mode" -> "0700";
            case "server_version" -> versionText();
            case "server_version_num" -> String.valueOf(source.serverVersionNum());
            case "in_hot_standby", "default_transaction_read_only" -> "off";
            default -> null;
        };
        if (value == null) {
            error("42704", "unrecognized configuration parameter \"" + parameter + "\"");
            return;
        }
        columns(parameter, TEXT_OID);
        row(value);
        complete("SHOW");
    }

    private void timelineHistory(int timeline) throws IOException {
        Optional<byte[]> content = fromSource(() -> source.timelineHistory(timeline));
        String name = io.isochron.wal.TimelineHistory.fileName(timeline);
        if (content.isEmpty()) {
            error("58P01", "could not open file \"pg_wal/" + name + "\": there is no such timeline in the archive");
            return;
        }
        columns("filename", TEXT_OID, "content", TEXT_OID);
        channel.send(MessageBuilder.of('D')
                .int16(2)
                .field(name.getBytes(StandardCharsets.UTF_8))
                .field(content.get()));
        complete("TIMELINE_HISTORY");
    }

    /** START_REPLICATION: checks the request as PostgreSQL's walsender does, streams, and says how an old timeline went on. */
    private void stream(ReplicationCommand.StartPhysical request) throws IOException {
        int newest = source.timeline();
        int timeline = request.timeline() == 0 ? newest : request.timeline();
        boolean historic = timeline != newest;
        if (Integer.compareUnsigned(timeline, newest) > 0) {
            error(
                    "55000",
                    "requested timeline " + Integer.toUnsignedString(timeline) + " is not in this WAL feed's history");
            return;
        }
        Lsn end = historic ? fromSource(() -> source.endOfTimeline(timeline)) : source.limit();
        // The start of the segment after the limit is where a standby asks that has replayed up to a segment's end.
        int segment = source.walSegmentSizeBytes();
        Lsn furthest = historic ? end : new Lsn((end.value() + segment - 1) & -(long) segment);
        if (request.start().isAfter(furthest)) {
            error(
                    "55000",
                    "requested starting point " + request.start() + " on timeline " + Integer.toUnsignedString(timeline)
                            + " is ahead of the " + (historic ? "end of that timeline" : "limit of this WAL feed")
                            + " at " + end);
            return;
        }
        if (!historic || request.start().isBefore(end)) {
            FeedStream running = new FeedStream(channel, source, receiver, timeline, historic, request.start());
            stream = running;
            hasStreamed = true;
            try {
                running.run();
            } finally {
                lastProgress = running.progress();
                stream = null;
            }
        }
        if (historic) {
            int next = nextTimeline(timeline);
            columns("next_tli", INT8_OID, "next_tli_startpos", TEXT_OID);
            row(Integer.toUnsignedString(next), end.toString());
        }
        complete("START_STREAMING");
    }

    /** The timeline that begins where this one ends: the next one of the newest timeline's history. */
    private int nextTimeline(int timeline) throws IOException {
        byte[] content = fromSource(() -> source.timelineHistory(source.timeline())
                .orElseThrow(() -> new IOException("the history of timeline "
                        + Integer.toUnsignedString(source.timeline()) + " is not in the archive")));
        var ancestors = io.isochron.wal.TimelineHistory.parse(
                        source.timeline(), new String(content, StandardCharsets.UTF_8))
                .ancestors();
        for (int i = 0; i + 1 < ancestors.size(); i++) {
            if (ancestors.get(i).timeline() == timeline) {
                return ancestors.get(i + 1).timeline();
            }
        }
        return source.timeline();
    }

    /** A question to the source, which may fail. */
    private interface Question<T> {
        T answer() throws IOException;
    }

    /** What the source answers; if it fails, both sides are told why. */
    private <T> T fromSource(Question<T> question) throws IOException {
        try {
            return question.answer();
        } catch (IOException e) {
            var failure = new FeedStream.SourceFailedException("the archive cannot be read: " + Backend.reason(e), e);
            try {
                channel.send(FeedStream.errorMessage("FATAL", "58030", String.valueOf(failure.getMessage())));
            } catch (IOException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
    }

    /** RowDescription; names and type OIDs in turn, all in text form. */
    private void columns(Object... namesAndTypes) throws IOException {
        MessageBuilder message = MessageBuilder.of('T').int16(namesAndTypes.length / 2);
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            int type = (Integer) namesAndTypes[i + 1];
            int size = type == INT8_OID ? 8 : type == INT4_OID ? 4 : -1;
            message.text((String) namesAndTypes[i])
                    .int32(0)
                    .int16(0)
                    .int32(type)
                    .int16(size)
                    .int32(-1)
                    .int16(0);
        }
        channel.send(message);
    }

    private void row(@Nullable String... values) throws IOException {
        MessageBuilder message = MessageBuilder.of('D').int16(values.length);
        for (String value : values) {
            message.field(value == null ? null : value.getBytes(StandardCharsets.UTF_8));
        }
        channel.send(message);
    }

    private void complete(String tag) throws IOException {
        channel.send(MessageBuilder.of('C').text(tag));
    }

    private void error(String sqlState, String message) throws IOException {
        channel.send(FeedStream.errorMessage("ERROR", sqlState, message));
    }

    /** A receiver that is gone before it could be told does not take the reason with it. */
    private ProtocolException fatal(String sqlState, String message) {
        ProtocolException failure = new ProtocolException(message);
        try {
            channel.send(FeedStream.errorMessage("FATAL", sqlState, message));
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    /** Whether this was not just the receiver going away. */
    boolean isOurFailure(IOException e) {
        return e instanceof ProtocolException || e instanceof FeedStream.SourceFailedException;
    }

    @Override
    public void close() {
        channel.close();
    }
}
