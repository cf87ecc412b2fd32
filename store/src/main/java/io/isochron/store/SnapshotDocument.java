package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The object that makes a snapshot exist. */
record SnapshotDocument(
        String id,
        Instant created,
        long membership,
        AuditEntry.@Nullable Head audit,
        String header,
        List<Shard> shards) {
    /** One shard, and where its backup manifest lies. */
    record Shard(ShardSnapshot snapshot, SnapshotEntry.@Nullable File backupManifest) {}

    SnapshotInfo info() {
        return new SnapshotInfo(
                id, created, header, shards.stream().map(Shard::snapshot).toList());
    }

    byte[] encode() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("snapshot", Manifests.VERSION);
        root.put("created", created.toString());
        root.put("membership", membership);
        if (audit != null) {
            root.putObject("audit").put("number", audit.number()).put("sha256", audit.sha256());
        }
        root.put("header", header);
        ArrayNode array = root.putArray("shards");
        for (Shard shard : shards) {
            ShardSnapshot of = shard.snapshot();
            ObjectNode node = array.addObject();
            node.put("shard", of.shard());
            node.put("timeline", of.timeline());
            node.put("startLsn", Names.lsn(of.startLsn()));
            node.put("endLsn", Names.lsn(of.endLsn()));
            node.put("entries", of.entries());
            node.put("bytes", of.bytes());
            node.put("storedBytes", of.storedBytes());
            node.put("packs", of.packs());
            node.put("manifestParts", of.manifestParts());
            node.put("header", of.header());
            if (shard.backupManifest() != null) {
                node.set("backupManifest", Manifests.encode(shard.backupManifest()));
            }
        }
        return Json.bytes(root);
    }

    /** What takes the name of a snapshot that is never to be published. */
    static byte[] givenUp(Instant at, String by) {
        return Json.bytes(Json.MAPPER
                .createObjectNode()
                .put("snapshot", Manifests.VERSION)
                .put("givenUp", at.toString())
                .put("by", by));
    }

    static boolean isGivenUp(byte[] bytes) {
        try {
            return Json.MAPPER.readTree(bytes).has("givenUp");
        } catch (JacksonException e) {
            return false;
        }
    }

    /** The version of the membership that held when it was begun. */
    static long membership(String id, byte[] bytes) throws ObjectDamagedException {
        try {
            return Json.MAPPER.readTree(bytes).path("membership").longValue();
        } catch (JacksonException e) {
            throw new ObjectDamagedException(Names.snapshot(id), "it is not a snapshot", e);
        }
    }

    /** The newest entry of the audit log before it was published; null if there was none. */
    static AuditEntry.@Nullable Head audit(String id, byte[] bytes) throws ObjectDamagedException {
        try {
            return audit(Json.MAPPER.readTree(bytes));
        } catch (JacksonException e) {
            throw new ObjectDamagedException(Names.snapshot(id), "it is not a snapshot", e);
        }
    }

    private static AuditEntry.@Nullable Head audit(JsonNode root) {
        JsonNode audit = root.path("audit");
        return audit.isMissingNode()
                ? null
                : new AuditEntry.Head(
                        audit.path("number").longValue(), audit.path("sha256").stringValue());
    }

    static SnapshotDocument decode(String id, byte[] bytes, ClusterIdentity cluster) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            if (root.path("snapshot").intValue() != Manifests.VERSION) {
                throw new ObjectDamagedException(
                        Names.snapshot(id), "it is a snapshot of a version that this program does not know");
            }
            List<Shard> shards = new ArrayList<>();
            for (JsonNode node : root.path("shards")) {
                String name = node.path("shard").stringValue();
                JsonNode manifest = node.path("backupManifest");
                shards.add(new Shard(
                        new ShardSnapshot(
                                name,
                                node.path("timeline").intValue(),
                                Names.position(node.path("startLsn").stringValue()),
                                Names.position(node.path("endLsn").stringValue()),
                                node.path("entries").longValue(),
                                node.path("bytes").longValue(),
                                node.path("storedBytes").longValue(),
                                node.path("packs").longValue(),
                                node.path("manifestParts").longValue(),
                                node.path("header").stringValue()),
                        manifest.isMissingNode()
                                ? null
                                : (SnapshotEntry.File) Manifests.decode(manifest, id, cluster.number(name))));
            }
            return new SnapshotDocument(
                    id,
                    Instant.parse(root.path("created").stringValue()),
                    root.path("membership").longValue(),
                    audit(root),
                    root.path("header").stringValue(),
                    List.copyOf(shards));
        } catch (JacksonException | IllegalArgumentException | DateTimeException | ClassCastException e) {
            throw new ObjectDamagedException(Names.snapshot(id), "it is not a snapshot", e);
        }
    }
}
