package io.isochron.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL 15 and later: one COPY OUT for everything, the first byte of each message says what it is (documentation, chapter 53.4,
 * BASE_BACKUP; {@code src/backend/backup/basebackup_copy.c}).
 */
final class TaggedParts implements BackupParts {
    private static final byte NEW_ARCHIVE = 'n';
    private static final byte MANIFEST = 'm';
    private static final byte DATA = 'd';
    private static final byte PROGRESS = 'p';

    private final Backend backend;
    private boolean announced; // the current message begins the next part, or ends the copy

    TaggedParts(Backend backend) {
        this.backend = backend;
    }

    @Override
    public @Nullable Head next() throws IOException {
        if (!announced) {
            advance();
        }
        announced = false;
        MessageChannel channel = backend.channel();
        if (channel.type() == 'c') {
            return null;
        }
        byte kind = channel.body().get();
        return switch (kind) {
            case NEW_ARCHIVE -> new Head(false, channel.text(), channel.text());
            case MANIFEST -> Head.MANIFEST;
            default -> throw backend.unexpected("of kind '" + MessageChannel.printable(kind) + "' in a base backup");
        };
    }

    @Override
    public @Nullable ByteBuffer data() throws IOException {
        advance();
        ByteBuffer body = backend.channel().body();
        if (backend.channel().type() == 'd' && body.get(body.position()) == DATA) {
            body.get();
            return body;
        }
        announced = true;
        return null;
    }

    /** Goes to the next message of the copy that is not mere progress. */
    private void advance() throws IOException {
        MessageChannel channel = backend.channel();
        do {
            backend.next(Deadline.NEVER);
            if (channel.type() == 'c') {
                return;
            }
            if (channel.type() != 'd' || !channel.body().hasRemaining()) {
                throw backend.unexpected("in a base backup");
            }
        } while (channel.body().get(channel.body().position()) == PROGRESS);
    }
}
