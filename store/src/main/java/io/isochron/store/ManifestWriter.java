package io.isochron.store;

import io.isochron.objects.CrashPoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import tools.jackson.databind.node.ObjectNode;

/** Writes a shard's manifest: JSON lines in objects of about 2 MiB before compression, so that it may be of any length. */
final class ManifestWriter {
    private static final int PART_BYTES = 2 << 20;

    private final SealedStore sealed;
    private final String snapshot;
    private final int shard;
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream(64 << 10);
    private long parts;

    ManifestWriter(SealedStore sealed, String snapshot, int shard) {
        this.sealed = sealed;
        this.snapshot = snapshot;
        this.shard = shard;
        ObjectNode first = Json.MAPPER.createObjectNode();
        first.put("manifest", Manifests.VERSION);
        line(first);
    }

    void add(SnapshotEntry entry) throws IOException {
        line(Manifests.encode(entry));
        if (lines.size() >= PART_BYTES) {
            endPart();
        }
    }

    private void line(ObjectNode node) {
        lines.writeBytes(Json.bytes(node));
        lines.write('\n');
    }

    private void endPart() throws IOException {
        sealed.create(Names.manifest(snapshot, shard, parts), ObjectKind.MANIFEST, new ByteBuffer[] {
            ByteBuffer.wrap(lines.toByteArray())
        });
        CrashPoint.reached("backup.manifest");
        parts++;
        lines.reset();
    }

    /** Writes the last line and what is left; returns how many objects the manifest has. */
    long finish(long entries, long bytes) throws IOException {
        ObjectNode last = Json.MAPPER.createObjectNode();
        last.put("end", true);
        last.put("entries", entries);
        last.put("bytes", bytes);
        line(last);
        endPart();
        return parts;
    }
}
