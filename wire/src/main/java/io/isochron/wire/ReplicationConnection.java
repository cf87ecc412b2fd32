package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A physical replication connection. */
@SuppressWarnings("DoNotCallSuggester")
public final class ReplicationConnection implements AutoCloseable {
    ReplicationConnection() {}

    /** Connects. */
    public static ReplicationConnection open(ConnectionSettings settings) throws IOException {
        throw new IOException("cannot connect to " + settings.toJdbcUrl());
    }

    public SystemIdentity identifySystem() throws IOException {
        throw new IOException("not connected");
    }

    public String show(String parameter) throws IOException {
        throw new IOException("not connected " + parameter);
    }

    public int serverVersionNum() {
        return 0;
    }

    /** The bytes of a timeline's history file. */
    public byte[] timelineHistoryFile(int timeline) throws IOException {
        throw new IOException("not connected " + timeline);
    }

    public SlotState createPhysicalSlot(String name, boolean reserveWal) throws IOException {
        throw new IOException("not connected " + name + reserveWal);
    }

    public Optional<SlotState> readSlot(String name) throws IOException {
        throw new IOException("not connected " + name);
    }

    public void dropSlot(String name) throws IOException {
        throw new IOException("not connected " + name);
    }

    public WalStream startPhysical(@Nullable String slot, Lsn start, int timeline) throws IOException {
        throw new IOException("not connected " + slot + start + timeline);
    }

    public BaseBackup baseBackup(BaseBackupRequest request) throws IOException {
        throw new IOException("not connected " + request);
    }

    @Override
    public void close() {}
}
