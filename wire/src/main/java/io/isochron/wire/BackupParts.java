package io.isochron.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** How a server lays the archives and the manifest of a base backup on the wire; begins after the first CopyOutResponse. */
interface BackupParts {
    /**
     * What begins.
     *
     * @param manifest whether it is the manifest; it has neither name nor location
     * @param name as {@link BaseBackup.Archive#name()}
     * @param location as {@link BaseBackup.Archive#location()}
     */
    record Head(boolean manifest, String name, String location) {
        static final Head MANIFEST = new Head(true, "", "");
    }

    /** The next part, to be asked for when the one before has been read to its end; null after the last. */
    @Nullable
    Head next() throws IOException;

    /** The next bytes of the part, where they lie in the channel's buffer until the next call; null at its end. */
    @Nullable
    ByteBuffer data() throws IOException;
}
