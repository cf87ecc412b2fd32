package io.isochron.store;

import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The object that makes a store a repository: readable JSON that says how to read the rest, and a sealed part that says whose it is. The readable
 * fields are the associated data of the sealed part, so none of them can change unseen.
 *
 * @param keyId id of the key that sealed it, 8 hexadecimal digits
 */
record RepositoryHeader(UUID repositoryId, Instant created, String keyId, ClusterIdentity cluster) {
    private static final int LIMIT_BYTES = 8 << 20;
    private static final String FORMAT = "isochron-repository";

    static RepositoryHeader make(ClusterIdentity cluster, Instant created, RepositoryKey key) {
        return new RepositoryHeader(UUID.randomUUID(), created, key.primaryKeyId(), cluster);
    }

    byte[] encode(RepositoryKey key) throws IOException {
        ObjectNode open = Json.MAPPER.createObjectNode();
        open.put("format", FORMAT);
        open.put("version", Repository.FORMAT_VERSION);
        open.put("repository", repositoryId.toString());
        open.put("key", keyId);
        open.put("created", created.toString());
        ByteBuffer sealed = Seal.seal(key, associatedData(open), ByteBuffer.wrap(identityBytes()));
        byte[] bytes = new byte[sealed.remaining()];
        sealed.get(bytes);
        open.put("sealed", Base64.getEncoder().encodeToString(bytes));
        return text(open);
    }

    private static byte[] text(ObjectNode header) {
        return (Json.MAPPER.writeValueAsString(header) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] associatedData(ObjectNode open) {
        return Json.MAPPER.writeValueAsBytes(open);
    }

    private ObjectNode identity() {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("cluster", cluster.name());
        node.put("id", cluster.id().toString());
        ArrayNode shards = node.putArray("shards");
        for (ShardIdentity shard : cluster.shards()) {
            shards.add(shard(shard));
        }
        return node;
    }

    /** What is sealed in the header. */
    byte[] identityBytes() {
        return Json.bytes(identity());
    }

    static ObjectNode shard(ShardIdentity shard) {
        return Json.MAPPER
                .createObjectNode()
                .put("name", shard.name())
                .put("systemIdentifier", shard.systemIdentifier())
                .put("postgresMajor", shard.postgresMajor())
                .put("walSegmentSizeBytes", shard.walSegmentSizeBytes());
    }

    static ShardIdentity shard(JsonNode shard) {
        return new ShardIdentity(
                shard.path("name").stringValue(),
                shard.path("systemIdentifier").stringValue(),
                shard.path("postgresMajor").intValue(),
                shard.path("walSegmentSizeBytes").intValue());
    }

    static RepositoryHeader read(ObjectStore store, RepositoryKey key) throws IOException {
        try {
            return store.read(Names.HEADER, LIMIT_BYTES, bytes -> decode(bytes, key, store.describe()));
        } catch (ObjectNotFoundException e) {
            throw new NotARepositoryException(store.describe());
        }
    }

    static RepositoryHeader decode(byte[] bytes, RepositoryKey key, String where) throws StoreException {
        try {
            ObjectNode open = (ObjectNode) Json.MAPPER.readTree(bytes);
            if (!open.path("format").asString("").equals(FORMAT)) {
                throw new ObjectDamagedException(Names.HEADER, "it does not say that it is the header of a repository");
            }
            int version = open.path("version").intValue();
            boolean known = version == Repository.FORMAT_VERSION
                    && key.keyIds().contains(open.path("key").asString(""));
            if (!known && authenticOtherwise(open, key)) {
                // no newer version and no other key, which would stop readers of all copies
                throw new ObjectDamagedException(Names.HEADER, "its version or the id of its key was changed");
            }
            if (version != Repository.FORMAT_VERSION) {
                throw new UnsupportedRepositoryException(where, version);
            }
            if (!Arrays.equals(text(open), bytes)) {
                throw new ObjectDamagedException(Names.HEADER, "it is not in the form in which it was written");
            }
            String keyId = open.path("key").stringValue();
            if (!key.keyIds().contains(keyId)) {
                throw new WrongKeyException(where, keyId, String.join(", ", key.keyIds()));
            }
            String encoded = open.path("sealed").stringValue();
            byte[] sealed = Base64.getDecoder().decode(encoded);
            if (!Base64.getEncoder().encodeToString(sealed).equals(encoded)) {
                // the decoder does not look at the bits of the last letter that stand for nothing
                throw new ObjectDamagedException(Names.HEADER, "it is not in the form in which it was written");
            }
            open.remove("sealed");
            JsonNode identity = Json.MAPPER.readTree(Seal.open(key, Names.HEADER, associatedData(open), sealed));
            return new RepositoryHeader(
                    UUID.fromString(open.path("repository").stringValue()),
                    Instant.parse(open.path("created").stringValue()),
                    keyId,
                    cluster(identity));
        } catch (JacksonException | ClassCastException | IllegalArgumentException | java.time.DateTimeException e) {
            throw new ObjectDamagedException(Names.HEADER, "it is not the header of a repository", e);
        }
    }

    /** Whether a header of another version or key is one of ours but for these two. */
    private static boolean authenticOtherwise(ObjectNode header, RepositoryKey key) {
        ObjectNode open = header.deepCopy();
        String encoded = open.path("sealed").asString("");
        open.remove("sealed");
        open.put("version", Repository.FORMAT_VERSION);
        for (String id : key.keyIds()) {
            open.put("key", id);
            try {
                Seal.open(
                        key,
                        Names.HEADER,
                        associatedData(open),
                        Base64.getDecoder().decode(encoded));
                return true;
            } catch (ObjectDamagedException | IllegalArgumentException e) {
                // not under this one
            }
        }
        return false;
    }

    private static ClusterIdentity cluster(JsonNode identity) {
        List<ShardIdentity> shards = new ArrayList<>();
        for (JsonNode shard : identity.path("shards")) {
            shards.add(shard(shard));
        }
        return new ClusterIdentity(
                UUID.fromString(identity.path("id").stringValue()),
                identity.path("cluster").stringValue(),
                shards);
    }
}
