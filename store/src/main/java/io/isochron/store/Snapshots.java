package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The cluster's snapshots. Only published ones exist for readers. */
public final class Snapshots {
    static final String PREFIX = "snapshot/";

    final SealedStore sealed;
    final ClusterIdentity cluster;
    final long membership;
    final AuditLog audit;
    private final Horizon horizon;

    Snapshots(SealedStore sealed, Membership membership, AuditLog audit, Horizon horizon) {
        this.sealed = sealed;
        this.cluster = membership.cluster();
        this.membership = membership.version();
        this.audit = audit;
        this.horizon = horizon;
    }

    /**
     * Begins a snapshot. Nobody sees it before {@link SnapshotWriter#publish}.
     *
     * @param created the time to note in it
     */
    public SnapshotWriter begin(Instant created, SnapshotOptions options) {
        return new SnapshotWriter(this, created, options);
    }

    /** The ids of all published snapshots that are kept, in no meaningful order; among them may be those of snapshots that were given up before they were published. */
    public List<String> ids() throws IOException {
        return allIds().stream().filter(id -> !horizon.dropped(id)).toList();
    }

    /** The same with those that are being removed. */
    List<String> allIds() throws IOException {
        try (Stream<ObjectInfo> objects = sealed.list(PREFIX, null)) {
            return objects.map(info -> info.name().lastSegment()).toList();
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /**
     * Gives up a snapshot that was begun and not published: takes its name, so that it never can be. What belongs to it has no meaning from then on.
     *
     * @return false if it was published meanwhile, or given up before
     */
    public boolean giveUp(String id, Instant at, String by) throws IOException {
        try {
            sealed.create(Names.snapshot(id), ObjectKind.SNAPSHOT, SnapshotDocument.givenUp(at, by));
            return true;
        } catch (ObjectExistsException e) {
            return false;
        }
    }

    /** Whether the name is taken, by whatever it is: asked for itself, so no list is believed. */
    public boolean named(String id) throws IOException {
        return sealed.exists(Names.snapshot(id));
    }

    /**
     * Whether a snapshot is published and kept: its object is read, so no list is believed.
     *
     * @throws ObjectDamagedException if that cannot be told, since it is damaged
     */
    public boolean published(String id) throws IOException {
        return find(id).isPresent();
    }

    /** Whether a name stands for a snapshot that was given up. */
    boolean givenUp(String id) throws IOException {
        return SnapshotDocument.isGivenUp(sealed.read(Names.snapshot(id), ObjectKind.SNAPSHOT));
    }

    /**
     * All published snapshots, oldest first.
     *
     * @throws ObjectDamagedException if one is damaged; {@link #ids} and {@link #open} let a caller use the others
     */
    public List<SnapshotInfo> list() throws IOException {
        List<SnapshotInfo> result = new ArrayList<>();
        for (String id : ids()) {
            find(id).ifPresent(reader -> result.add(reader.info()));
        }
        result.sort(Comparator.comparing(SnapshotInfo::created).thenComparing(SnapshotInfo::id));
        return result;
    }

    /**
     * Published snapshots as far as they can be read.
     *
     * @param whole those that can, oldest first
     * @param damaged by id what is wrong with the others
     */
    public record Listing(List<SnapshotInfo> whole, Map<String, String> damaged) {
        public Listing {
            whole = List.copyOf(whole);
            damaged = Collections.unmodifiableMap(new TreeMap<>(damaged));
        }
    }

    /**
     * The same as {@link #list} for those who can do without one of them. Only what is certainly damaged is left out.
     *
     * @throws IOException if it could not be told what one is, also for the want of a key
     */
    public Listing readable() throws IOException {
        List<SnapshotInfo> whole = new ArrayList<>();
        Map<String, String> damaged = new TreeMap<>();
        for (String id : ids()) {
            try {
                find(id).ifPresent(reader -> whole.add(reader.info()));
            } catch (ObjectDamagedException e) {
                damaged.put(id, "object " + Names.snapshot(id) + " is damaged: " + e.reason());
            }
        }
        whole.sort(Comparator.comparing(SnapshotInfo::created).thenComparing(SnapshotInfo::id));
        return new Listing(whole, damaged);
    }

    /** The shards of which a snapshot has manifests, whatever became of the object that publishes it. */
    public List<String> shards(String id) throws IOException {
        List<String> shards = new ArrayList<>();
        for (ShardIdentity shard : cluster.shards()) {
            if (!manifests(id, shard.name()).isEmpty()) {
                shards.add(shard.name());
            }
        }
        return shards;
    }

    private List<ObjectName> manifests(String id, String shard) throws IOException {
        String folder = "manifest/" + id + "/" + Names.shard(cluster.number(shard)) + "/";
        try (Stream<ObjectInfo> objects = sealed.list(folder, null)) {
            return objects.map(ObjectInfo::name).toList();
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /**
     * PostgreSQL's backup manifest of a shard, found by the snapshot's own manifests, so whatever became of the object that publishes it; to be closed.
     *
     * @return empty if no manifest that can be read lists it
     */
    public Optional<InputStream> backupManifest(String id, String shard) throws IOException {
        for (ObjectName part : manifests(id, shard)) {
            try {
                String lines = new String(sealed.read(part, ObjectKind.MANIFEST), StandardCharsets.UTF_8);
                for (String line : (Iterable<String>) lines.lines()::iterator) {
                    JsonNode node = Json.MAPPER.readTree(line);
                    if (ShardSnapshotWriter.BACKUP_MANIFEST.equals(
                                    node.path("file").asString(""))
                            && Manifests.decode(node, id, cluster.number(shard)) instanceof SnapshotEntry.File file) {
                        return Optional.of(new PackedFileStream(sealed, file));
                    }
                }
            } catch (ObjectDamagedException | JacksonException | IllegalArgumentException e) {
                // a finding of its own; another part may list it
            }
        }
        return Optional.empty();
    }

    /**
     * The first pack or manifest of a shard's part of a snapshot that is certainly not there; empty if all are. Told by names alone: nothing is read.
     *
     * @throws IllegalArgumentException if the shard is not in the snapshot
     */
    public Optional<String> missing(SnapshotInfo snapshot, String shard) throws IOException {
        ShardSnapshot part = snapshot.shard(shard);
        int number = cluster.number(shard);
        String below = snapshot.id() + "/" + Names.shard(number) + "/";
        Optional<String> manifest =
                missing("manifest/" + below, part.manifestParts(), each -> Names.manifest(snapshot.id(), number, each));
        return manifest.isPresent()
                ? manifest
                : missing("pack/" + below, part.packs(), each -> Names.pack(snapshot.id(), number, each));
    }

    private Optional<String> missing(String folder, long count, LongFunction<ObjectName> named) throws IOException {
        long expected = 0;
        try (Stream<ObjectInfo> objects = sealed.list(folder, null)) {
            for (Iterator<ObjectInfo> listed = objects.iterator(); listed.hasNext() && expected < count; ) {
                ObjectName there = listed.next().name();
                while (expected < count && named.apply(expected).compareTo(there) < 0) {
                    if (!sealed.exists(named.apply(expected))) {
                        return Optional.of(named.apply(expected).value());
                    }
                    expected++;
                }
                expected += expected < count && there.equals(named.apply(expected)) ? 1 : 0;
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        for (; expected < count; expected++) {
            if (!sealed.exists(named.apply(expected))) {
                return Optional.of(named.apply(expected).value());
            }
        }
        return Optional.empty();
    }

    /**
     * Opens a published snapshot.
     *
     * @throws ObjectNotFoundException if it is certain that there is none of this id
     * @throws ObjectDamagedException if it is not what was published
     * @throws ObjectNotFoundException also if it was taken under a version of the membership that is missing
     */
    public SnapshotReader open(String id) throws IOException {
        if (!ObjectName.isSegment(id)) {
            throw new IllegalArgumentException("'" + id + "' is not the id of a snapshot\nhint: info lists them");
        }
        return find(id).orElseThrow(() -> new ObjectNotFoundException(Names.snapshot(id), sealed.describe()));
    }

    /** A snapshot, or empty if the id is that of one that was given up, or that is not kept. */
    private Optional<SnapshotReader> find(String id) throws IOException {
        byte[] bytes;
        try {
            bytes = sealed.read(Names.snapshot(id), ObjectKind.SNAPSHOT);
        } catch (ObjectNotFoundException e) {
            // retention may have removed it since the names were listed
            return Optional.empty();
        }
        if (horizon.dropped(id) || SnapshotDocument.isGivenUp(bytes)) {
            return Optional.empty();
        }
        requireMembership(SnapshotDocument.membership(id, bytes));
        return Optional.of(new SnapshotReader(sealed, cluster, SnapshotDocument.decode(id, bytes, cluster)));
    }

    /** What snapshots know of the audit log. One that cannot be read says nothing; that is found elsewhere. */
    List<AuditEntry.Anchor> audited() throws IOException {
        List<AuditEntry.Anchor> anchors = new ArrayList<>();
        for (String id : ids()) {
            try {
                AuditEntry.Head head = SnapshotDocument.audit(id, sealed.read(Names.snapshot(id), ObjectKind.SNAPSHOT));
                if (head != null) {
                    anchors.add(new AuditEntry.Anchor(head, "snapshot " + id));
                }
            } catch (StoreException e) {
                // certain: removed meanwhile, damaged, or sealed by a key that is not at hand
            }
        }
        return anchors;
    }

    /** A snapshot of a newer membership than the one at hand shows that the latter is not the whole. */
    private void requireMembership(long version) throws IOException {
        if (version > membership) {
            ObjectName newer = Names.membership(version);
            throw sealed.exists(newer)
                    ? new StoreException("the cluster's membership was changed meanwhile (version " + version
                            + ")\nhint: run the command again")
                    : new ObjectNotFoundException(newer, sealed.describe());
        }
    }
}
