package io.isochron.capture;

import io.isochron.wal.Lsn;
import io.isochron.wire.WalMessage;
import io.isochron.wire.WalStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a receiver needs of a {@link WalStream}. */
interface WalLine {
    /** As {@link WalStream#receive}. */
    @Nullable
    WalMessage receive(Duration timeout) throws IOException;

    /** As {@link WalStream#sendStatus}. */
    void sendStatus(Lsn written, Lsn flushed, Lsn applied, boolean requestReply) throws IOException;

    static WalLine of(WalStream stream) {
        return new WalLine() {
            @Override
            public @Nullable WalMessage receive(Duration timeout) throws IOException {
                return stream.receive(timeout);
            }

            @Override
            public void sendStatus(Lsn written, Lsn flushed, Lsn applied, boolean requestReply) throws IOException {
                stream.sendStatus(written, flushed, applied, requestReply);
            }
        };
    }
}
