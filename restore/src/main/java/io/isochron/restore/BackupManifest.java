package io.isochron.restore;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/**
 * PostgreSQL's own list of a base backup's files, read as a stream. Source: PostgreSQL documentation, chapter "Backup Manifest Format".
 *
 * <p>The manifest lists files in the order in which the server sent them. Files are asked for in about the same order, so that only those passed over
 * are remembered; memory does not grow with the number of files.
 */
final class BackupManifest implements AutoCloseable {

    /**
     * One file of the manifest.
     *
     * @param size in bytes
     * @param crc32c the checksum, or null if the manifest has none or one of another algorithm
     */
    record Entry(String path, long size, @Nullable Integer crc32c) {}

    private final JsonParser parser;
    private final Map<String, Entry> passed = new HashMap<>();
    private boolean ended;

    BackupManifest(InputStream json) throws IOException {
        try {
            parser = new JsonFactory().createParser(tools.jackson.core.ObjectReadContext.empty(), json);
            advanceToFiles();
        } catch (JacksonException e) {
            throw damaged(e);
        }
    }

    /** The entry of a file, or null if the manifest does not name it. */
    @Nullable
    Entry find(String path) throws IOException {
        Entry known = passed.remove(path);
        if (known != null) {
            return known;
        }
        try {
            for (Entry entry = next(); entry != null; entry = next()) {
                if (entry.path().equals(path)) {
                    return entry;
                }
                passed.put(entry.path(), entry);
            }
        } catch (JacksonException e) {
            throw damaged(e);
        }
        return null;
    }

    /** A file that the manifest names and nobody asked for, or null if there is none. Call at the end. */
    @Nullable
    String unclaimed() throws IOException {
        find("");
        return passed.isEmpty() ? null : passed.keySet().iterator().next();
    }

    @Override
    public void close() {
        parser.close();
    }

    private void advanceToFiles() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw damaged(null);
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            boolean files = parser.currentName().equals("Files");
            JsonToken value = parser.nextToken();
            if (files && value == JsonToken.START_ARRAY) {
                return;
            }
            parser.skipChildren();
        }
        throw damaged(null);
    }

    private @Nullable Entry next() throws IOException {
        if (ended) {
            return null;
        }
        JsonToken token = parser.nextToken();
        if (token == JsonToken.END_ARRAY) {
            ended = true;
            return null;
        }
        if (token != JsonToken.START_OBJECT) {
            throw damaged(null);
        }
        String path = null;
        long size = -1;
        String algorithm = "";
        String checksum = "";
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "Path" -> path = parser.getString();
                case "Encoded-Path" ->
                    path = new String(
                            java.util.HexFormat.of().parseHex(parser.getString()),
                            java.nio.charset.StandardCharsets.UTF_8);
                case "Size" -> size = parser.getLongValue();
                case "Checksum-Algorithm" -> algorithm = parser.getString();
                case "Checksum" -> checksum = parser.getString();
                default -> parser.skipChildren();
            }
        }
        if (path == null || size < 0) {
            throw damaged(null);
        }
        return new Entry(path, size, algorithm.equals("CRC32C") ? crc(checksum) : null);
    }

    /** PostgreSQL writes the four bytes of the CRC as they lie in memory of a little-endian machine. */
    private static int crc(String hex) throws IOException {
        try {
            return Integer.reverseBytes((int) Long.parseLong(hex, 16));
        } catch (NumberFormatException e) {
            throw damaged(e);
        }
    }

    private static IOException damaged(@Nullable Throwable cause) {
        if (cause instanceof JacksonIOException && cause.getCause() instanceof IOException unreadable) {
            return unreadable;
        }
        return new RestoreException(
                "the snapshot's backup_manifest is not what PostgreSQL writes",
                "take another snapshot, and restore from another",
                cause);
    }
}
