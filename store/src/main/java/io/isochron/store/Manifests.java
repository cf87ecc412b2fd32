package io.isochron.store;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON of a manifest's lines, both ways. */
final class Manifests {
    static final int VERSION = 1;
    private static final int MAX_HEADER_CHARS = 1 << 20;

    private Manifests() {}

    /** Refuses paths that are not relative or could leave the folder they are written into. */
    static String checkedPath(String path) {
        boolean sound = !path.isEmpty() && path.length() <= 4096 && path.indexOf('\0') < 0;
        for (String part : path.split("/", -1)) {
            sound &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
        }
        if (!sound) {
            throw new IllegalArgumentException(
                    "'" + path + "' cannot be in a snapshot\nhint: paths are relative, with '/', without '.' and '..'");
        }
        return path;
    }

    static void checkedHeader(String header) {
        if (header.length() > MAX_HEADER_CHARS) {
            throw new IllegalArgumentException("a snapshot header of " + header.length() + " characters is too long");
        }
    }

    static ObjectNode encode(SnapshotEntry entry) {
        ObjectNode line = Json.MAPPER.createObjectNode();
        switch (entry) {
            case SnapshotEntry.File file -> {
                line.put("file", file.path());
                common(line, entry);
                line.put("bytes", file.bytes());
                line.put("crc32c", String.format(java.util.Locale.ROOT, "%08x", file.crc32c()));
                ArrayNode extents = line.putArray("extents");
                for (SnapshotEntry.Extent extent : file.extents()) {
                    extents.addArray()
                            .add(Long.parseLong(extent.pack().lastSegment()))
                            .add(extent.offset())
                            .add(extent.bytes());
                }
            }
            case SnapshotEntry.Directory directory -> {
                line.put("directory", directory.path());
                common(line, entry);
            }
            case SnapshotEntry.Symlink link -> {
                line.put("symlink", link.path());
                common(line, entry);
                line.put("target", link.target());
            }
        }
        return line;
    }

    private static void common(ObjectNode line, SnapshotEntry entry) {
        line.put("mode", entry.mode());
        line.put("modified", entry.modifiedMicros());
    }

    /** @throws IllegalArgumentException or {@link tools.jackson.core.JacksonException} if it is no entry */
    static SnapshotEntry decode(JsonNode line, String snapshot, int shard) {
        int mode = line.path("mode").intValue();
        long modified = line.path("modified").longValue();
        if (line.has("file")) {
            long bytes = line.path("bytes").longValue();
            List<SnapshotEntry.Extent> extents = new ArrayList<>();
            long sum = 0;
            for (JsonNode extent : line.path("extents")) {
                long length = extent.path(2).longValue();
                extents.add(new SnapshotEntry.Extent(
                        Names.pack(snapshot, shard, extent.path(0).longValue()),
                        extent.path(1).longValue(),
                        length));
                sum += length;
            }
            String path = checkedPath(line.path("file").stringValue());
            if (sum != bytes) {
                throw new IllegalArgumentException("the extents of " + path + " do not add up to its length");
            }
            int crc = Integer.parseUnsignedInt(line.path("crc32c").stringValue(), 16);
            return new SnapshotEntry.File(path, mode, modified, bytes, crc, extents);
        }
        if (line.has("directory")) {
            return new SnapshotEntry.Directory(
                    checkedPath(line.path("directory").stringValue()), mode, modified);
        }
        return new SnapshotEntry.Symlink(
                checkedPath(line.path("symlink").stringValue()),
                mode,
                modified,
                line.path("target").stringValue());
    }
}
