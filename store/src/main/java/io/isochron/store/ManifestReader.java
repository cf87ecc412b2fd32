package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads a shard's manifest one object at a time and holds it to what the snapshot says of it. */
final class ManifestReader implements Iterator<SnapshotEntry> {
    private final SealedStore sealed;
    private final String snapshot;
    private final int number;
    private final ShardSnapshot shard;
    private long part;
    private byte[] lines = new byte[0];
    private int offset;
    private long entries;
    private long bytes;
    private boolean begun;
    private boolean ended;
    private @Nullable SnapshotEntry next;

    ManifestReader(SealedStore sealed, String snapshot, int number, ShardSnapshot shard) {
        this.sealed = sealed;
        this.snapshot = snapshot;
        this.number = number;
        this.shard = shard;
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null && !ended) {
                advance();
            }
        } catch (JacksonException | IllegalArgumentException e) {
            throw new UncheckedIOException(new ObjectDamagedException(
                    Names.manifest(snapshot, number, Math.max(0, part - 1)), "line cannot be understood", e));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return next != null;
    }

    private void advance() throws IOException {
        if (offset == lines.length) {
            if (part == shard.manifestParts()) {
                throw damaged("the manifest has no end");
            }
            lines = sealed.read(Names.manifest(snapshot, number, part), ObjectKind.MANIFEST);
            offset = 0;
            part++;
        }
        int end = offset;
        while (end < lines.length && lines[end] != '\n') {
            end++;
        }
        if (end == lines.length) {
            throw damaged("its last line is not whole");
        }
        JsonNode line = Json.MAPPER.readTree(lines, offset, end - offset);
        offset = end + 1;
        if (!begun) {
            if (line.path("manifest").intValue() != Manifests.VERSION) {
                throw damaged("it is a manifest of a version that this program does not know");
            }
            begun = true;
        } else if (line.has("end")) {
            ended = true;
            boolean agrees = line.path("entries").longValue() == entries
                    && line.path("bytes").longValue() == bytes
                    && shard.entries() == entries
                    && shard.bytes() == bytes
                    && part == shard.manifestParts()
                    && offset == lines.length;
            if (!agrees) {
                throw damaged("it lists " + entries + " entries with " + bytes + " bytes, the snapshot has "
                        + shard.entries() + " with " + shard.bytes());
            }
        } else {
            SnapshotEntry entry = Manifests.decode(line, snapshot, number);
            entries++;
            bytes += entry instanceof SnapshotEntry.File file ? file.bytes() : 0;
            next = entry;
        }
    }

    private ObjectDamagedException damaged(String reason) {
        return new ObjectDamagedException(Names.manifest(snapshot, number, Math.max(0, part - 1)), reason);
    }

    @Override
    public SnapshotEntry next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        SnapshotEntry result = next;
        next = null;
        return result;
    }
}
