package io.isochron.store;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A snapshot being written: one writer per shard, in parallel, then published by one create. */
public final class SnapshotWriter implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Snapshots snapshots;
    private final Instant created;
    private final SnapshotOptions options;
    private final String id;
    private final Map<String, ShardSnapshotWriter> shards = new LinkedHashMap<>();

    SnapshotWriter(Snapshots snapshots, Instant created, SnapshotOptions options) {
        this.snapshots = snapshots;
        this.created = created;
        this.options = options;
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        this.id = HexFormat.of().formatHex(random);
    }

    /** The id it will have when it is published: 32 random hexadecimal digits. */
    public String id() {
        return id;
    }

    /**
     * Begins a shard's part. Each part is for one thread at a time; different parts may be written at once.
     *
     * @throws IllegalStateException if the shard's part was begun before
     */
    public synchronized ShardSnapshotWriter shard(String shard) {
        if (shards.containsKey(shard)) {
            throw new IllegalStateException("the snapshot of shard " + shard + " was begun already");
        }
        ShardSnapshotWriter writer =
                new ShardSnapshotWriter(snapshots.sealed, id, shard, snapshots.cluster.number(shard), options);
        shards.put(shard, writer);
        return writer;
    }

    /**
     * Publishes the snapshot of all shards that were begun. After it the snapshot exists, durably.
     *
     * @param header JSON to keep with it, at most 1 MiB
     * @throws IllegalStateException if a shard's part is not finished, or there is none
     */
    public synchronized SnapshotInfo publish(String header) throws IOException {
        Manifests.checkedHeader(header);
        List<SnapshotDocument.Shard> finished = new ArrayList<>();
        shards.forEach((name, writer) -> {
            ShardSnapshot shard = writer.finished();
            if (shard == null) {
                throw new IllegalStateException("the snapshot of shard " + name + " is not finished");
            }
            finished.add(new SnapshotDocument.Shard(shard, writer.backupManifest()));
        });
        if (finished.isEmpty()) {
            throw new IllegalStateException("a snapshot of no shard cannot be published");
        }
        SnapshotDocument document = new SnapshotDocument(
                id, created, snapshots.membership, snapshots.audit.head().orElse(null), header, finished);
        CrashPoint.reached("backup.unpublished");
        try {
            snapshots.sealed.create(Names.snapshot(id), ObjectKind.SNAPSHOT, document.encode());
        } catch (ObjectExistsException e) {
            throw new StoreException(
                    "snapshot " + id + " was given up by somebody else, who took it for dead, and cannot be published"
                            + "\nhint: take another one; `isochron audit` shows who ran `expire` meanwhile",
                    e);
        }
        CrashPoint.reached("backup.published");
        return document.info();
    }

    /** Releases memory and threads; a snapshot that was not published stays invisible, its objects are for retention to remove. */
    @Override
    public synchronized void close() {
        shards.values().forEach(ShardSnapshotWriter::close);
    }
}
