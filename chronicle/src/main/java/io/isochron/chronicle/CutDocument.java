package io.isochron.chronicle;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A certificate as a file of its own: the cut, what it rests on beside the WAL, and a message authentication code over all of it. The format, version 1, is in docs/repository-format.md.
 *
 * @param repository id of the repository
 * @param certificate the cut
 * @param recorded see {@link RecordedParts}
 * @param mac the code over {@link #authenticated}; null while there is none
 */
public record CutDocument(
        String repository,
        Certificate certificate,
        List<Segment> recorded,
        @Nullable Mac mac) {
    private static final String FORMAT = "isochron-cut-certificate";
    private static final int VERSION = 1;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /**
     * A code.
     *
     * @param keyId the key of the set that made it, 8 hexadecimal digits
     * @param tag Base64
     */
    public record Mac(String keyId, String tag) {}

    public CutDocument {
        recorded = List.copyOf(recorded);
    }

    /** The bytes that the code covers: the document without it. */
    public byte[] authenticated() {
        return write(json());
    }

    /** The file. */
    public byte[] toJson() {
        ObjectNode json = json();
        Mac code = mac;
        if (code != null) {
            json.putObject("mac").put("key", code.keyId()).put("tag", code.tag());
        }
        return write(json);
    }

    private ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("repository", repository);
        json.set("certificate", CutJson.write(certificate.cluster(), certificate.cut()));
        ArrayNode segments = json.putArray("recorded");
        for (Segment segment : recorded) {
            segments.add(Base64.getEncoder().encodeToString(SegmentCodec.encode(segment)));
        }
        return json;
    }

    private static byte[] write(ObjectNode json) {
        DefaultIndenter lines = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(lines);
        printer.indentArraysWith(lines);
        return (MAPPER.writer().with(printer).writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads {@link #toJson} back.
     *
     * @throws IllegalArgumentException if these are not exactly the bytes of a document of version 1 with a code: anything added, moved or left out counts
     */
    public static CutDocument fromJson(byte[] bytes) {
        CutDocument document;
        try {
            JsonNode json = MAPPER.readTree(bytes);
            if (!json.isObject()
                    || !FORMAT.equals(json.path("format").asString(""))
                    || json.path("version").asInt(0) != VERSION) {
                throw new IllegalArgumentException("it is not a certificate of version " + VERSION);
            }
            List<Segment> recorded = new ArrayList<>();
            for (JsonNode encoded : JsonFields.field(json, "recorded")) {
                recorded.add(SegmentCodec.decode(Base64.getDecoder().decode(JsonFields.text(encoded))));
            }
            JsonNode mac = JsonFields.field(json, "mac");
            document = new CutDocument(
                    JsonFields.text(json, "repository"),
                    CutJson.read(JsonFields.field(json, "certificate")),
                    recorded,
                    new Mac(JsonFields.text(mac, "key"), JsonFields.text(mac, "tag")));
        } catch (JacksonException e) {
            throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
        } catch (SegmentFormatException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        if (!Arrays.equals(bytes, document.toJson())) {
            throw new IllegalArgumentException("it was changed after it was written");
        }
        return document;
    }
}
