package io.isochron.chronicle;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the optional SQL helper says of a statement that changed the schema. It is a hint for people: whoever may log in to the database can write such a message. The message is a JSON object in UTF-8
 * with {@code v} (1), {@code tag}, {@code user}, {@code database}, {@code objects} (texts), {@code more} (how many were left out), {@code text} and {@code form} ({@code whole}, {@code cut} or
 * {@code withheld}); members that are not known are passed over.
 *
 * @param tag the command's tag, such as {@code ALTER TABLE}
 * @param user who logged in and, if it is another, as whom the statement ran
 * @param database name of the database
 * @param objects kinds and names of what was made, changed or dropped
 * @param objectsOmitted how many were left out
 * @param text what the client sent, possibly with other statements around it; empty if withheld
 * @param form whether the text is whole
 */
public record DdlText(
        String tag, String user, String database, List<String> objects, int objectsOmitted, String text, Form form) {
    /** The prefix of messages that are read. */
    public static final String PREFIX = "isochron:ddl";

    /** Longer messages are not read, bytes. */
    static final int MESSAGE_BYTES_MAX = 128 * 1024;

    /** Most characters (UTF-16) of a text; the rest is cut off. */
    static final int TEXT_MAX = 8192;

    /** Most objects that are named. */
    static final int OBJECTS_MAX = 32;

    private static final int NAME_MAX = 300;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Whether a text is whole. */
    public enum Form {
        /** All that the client sent. */
        WHOLE(0),
        /** Only its beginning. */
        CUT(1),
        /** Not kept, because it may hold a secret or is not a statement about the schema itself. */
        WITHHELD(2);

        /** Number in the formats of segments and ledger. */
        final int code;

        Form(int code) {
            this.code = code;
        }
    }

    public DdlText {
        objects = List.copyOf(objects);
    }

    /** Reads a message; empty if it is not one of this version. Whatever the bytes are, the result is within the limits. */
    static Optional<DdlText> parse(String message) {
        if (message.isEmpty() || message.length() > MESSAGE_BYTES_MAX) {
            return Optional.empty();
        }
        try {
            JsonNode json = JSON.readTree(message);
            if (!json.isObject() || json.path("v").asInt(0) != 1) {
                return Optional.empty();
            }
            String tag = name(json, "tag");
            if (tag.isEmpty()) {
                return Optional.empty();
            }
            List<String> objects = new ArrayList<>();
            int more = Math.max(0, json.path("more").asInt(0));
            for (JsonNode object : json.path("objects")) {
                if (objects.size() < OBJECTS_MAX) {
                    objects.add(cut(sound(object.asString("")), NAME_MAX));
                } else {
                    more++;
                }
            }
            String text = sound(json.path("text").asString(""));
            Form form = switch (json.path("form").asString("")) {
                case "whole" -> text.length() > TEXT_MAX ? Form.CUT : Form.WHOLE;
                case "cut" -> Form.CUT;
                default -> Form.WITHHELD;
            };
            return Optional.of(new DdlText(
                    tag,
                    name(json, "user"),
                    name(json, "database"),
                    objects,
                    more,
                    form == Form.WITHHELD ? "" : cut(text, TEXT_MAX),
                    form));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    private static String name(JsonNode json, String name) {
        return cut(sound(json.path(name).asString("")), NAME_MAX);
    }

    /** Without halves of characters, which JSON can spell and UTF-8 cannot: what is stored must come back as it was. */
    private static String sound(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        return text.substring(0, Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most);
    }

    /** Characters of all its texts: what it takes of the limits. */
    int size() {
        int size = tag.length() + user.length() + database.length() + text.length();
        for (String object : objects) {
            size += object.length();
        }
        return size;
    }

    void write(ByteWriter out) {
        out.text(tag);
        out.text(user);
        out.text(database);
        out.list(objects, ByteWriter::text);
        out.unsigned(objectsOmitted);
        out.octet(form.code);
        out.text(text);
    }

    static DdlText read(ByteReader in) throws SegmentFormatException {
        String tag = in.text();
        String user = in.text();
        String database = in.text();
        List<String> objects = in.list(ByteReader::text);
        int omitted = in.smallInt();
        int form = in.octet();
        if (form >= Form.values().length) {
            throw new SegmentFormatException("chronicle segment or ledger entry has a text of form " + form);
        }
        return new DdlText(tag, user, database, objects, omitted, in.text(), Form.values()[form]);
    }
}
