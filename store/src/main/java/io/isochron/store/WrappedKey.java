package io.isochron.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a key file holds if something else encrypts the keyset: readable JSON around the encrypted keyset. The ids are the context that the wrapping binds to its result, and are compared with those of the keys that come out.
 *
 * @param wrapping the name of what wrapped it
 * @param keys ids of the keys, 8 hexadecimal digits each, sorted
 * @param wrapped the encrypted keyset, Base64
 */
record WrappedKey(String wrapping, Set<String> keys, String wrapped) {
    private static final String FORMAT = "isochron-wrapped-key";
    private static final int VERSION = 1;

    private static String context(Set<String> keys) {
        return "isochron-key." + String.join(".", keys);
    }

    /** The file's content for a key. */
    static byte[] wrap(RepositoryKey key, KeyWrapping wrapping) throws IOException {
        byte[] wrapped = wrapping.wrap(key.serialize().getBytes(StandardCharsets.UTF_8), context(key.keyIds()));
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("format", FORMAT);
        root.put("version", VERSION);
        root.put("wrapping", wrapping.name());
        ArrayNode keys = root.putArray("keys");
        key.keyIds().forEach(keys::add);
        root.put("wrapped", Base64.getEncoder().encodeToString(wrapped));
        return (Json.MAPPER.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a file's content; null if it is something else, a plain keyset perhaps.
     *
     * @throws KeyFileException if it says that it is a wrapped key, and cannot be read as one
     */
    static @Nullable WrappedKey read(byte[] content, Path path) throws KeyFileException {
        JsonNode root;
        try {
            root = Json.MAPPER.readTree(content);
        } catch (JacksonException e) {
            return null;
        }
        if (root == null || !root.path("format").asString("").equals(FORMAT)) {
            return null;
        }
        if (root.path("version").asInt(0) != VERSION) {
            throw new KeyFileException("key file " + path + " is a wrapped key of version "
                    + root.path("version").asInt(0)
                    + ", which this program does not know\nhint: use the program that wrote it, or a later one");
        }
        try {
            List<String> keys = new ArrayList<>();
            root.path("keys").forEach(id -> keys.add(id.stringValue()));
            return new WrappedKey(
                    root.path("wrapping").stringValue(),
                    new TreeSet<>(keys),
                    root.path("wrapped").stringValue());
        } catch (JacksonException e) {
            throw damaged(path, e);
        }
    }

    private byte[] bytes(Path path) throws KeyFileException {
        try {
            return Base64.getDecoder().decode(wrapped);
        } catch (IllegalArgumentException e) {
            throw damaged(path, e);
        }
    }

    private static KeyFileException damaged(Path path, RuntimeException cause) {
        return new KeyFileException(
                "key file " + path + " is a wrapped key and damaged\nhint: give a copy of it", cause);
    }

    /** The key within. */
    RepositoryKey unwrap(@Nullable KeyWrapping with, Path path) throws IOException {
        if (with == null) {
            throw new KeyFileException("key file " + path + " is wrapped by '" + wrapping
                    + "'\nhint: the configuration must say how to unwrap it, see repository.key-wrapping");
        }
        if (!with.name().equals(wrapping)) {
            throw new KeyFileException("key file " + path + " is wrapped by '" + wrapping
                    + "', and the configuration has '" + with.name()
                    + "'\nhint: give the right key file, or correct repository.key-wrapping");
        }
        RepositoryKey key = RepositoryKey.parse(
                new String(with.unwrap(bytes(path), context(keys)), StandardCharsets.UTF_8),
                "what '" + wrapping + "' unwraps of key file " + path);
        if (!key.keyIds().equals(keys)) {
            throw new KeyFileException("key file " + path + " names keys " + String.join(", ", keys) + ", and holds "
                    + String.join(", ", key.keyIds())
                    + "\nhint: it was put together from two files; give a copy of it");
        }
        return key;
    }
}
