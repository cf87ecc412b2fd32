package io.isochron.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL 14: a COPY OUT for each tablespace in the order of the tablespace list, and one for the manifest (documentation of 14,
 * chapter 53.4, BASE_BACKUP; {@code src/backend/replication/basebackup.c} of REL_14_STABLE). Archives come without the two blocks of
 * zeros that end a tar file.
 */
final class CopyPerPart implements BackupParts {
    private final Backend backend;
    private final List<BaseBackup.Tablespace> tablespaces;
    private int begun;

    CopyPerPart(Backend backend, List<BaseBackup.Tablespace> tablespaces) {
        this.backend = backend;
        this.tablespaces = tablespaces;
    }

    @Override
    public @Nullable Head next() throws IOException {
        if (begun > tablespaces.size()) {
            return null;
        }
        if (begun > 0) {
            backend.expect('H');
        }
        int index = begun++;
        if (index == tablespaces.size()) {
            return Head.MANIFEST;
        }
        BaseBackup.Tablespace tablespace = tablespaces.get(index);
        return new Head(false, tablespace.oid() == 0 ? "base.tar" : tablespace.oid() + ".tar", tablespace.location());
    }

    @Override
    public @Nullable ByteBuffer data() throws IOException {
        backend.next(Deadline.NEVER);
        return switch (backend.channel().type()) {
            case 'd' -> backend.channel().body();
            case 'c' -> null;
            default -> throw backend.unexpected("in a base backup");
        };
    }
}
